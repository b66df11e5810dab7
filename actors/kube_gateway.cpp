#include "actors/kube_gateway.hpp"

#include "actors/gateway.hpp"
#include "http/kube/codec.hpp"
#include "http/kube/denial.hpp"
#include "http/kube/service_patch.hpp"

#include <nlohmann/json.hpp>

namespace dklb::actors {

using namespace messages;
using http::kube::call;
using http::kube::content_type_of;
using http::kube::patch_type;
using http::kube::service_path;

namespace {

/// A right that is missing is one trouble, however many Services need it.
void note_access(const runtime& run, const std::string& right,
                 const domain::result<nlohmann::json>& outcome) {
  if (outcome)
    run.troubles->works(right);
  else if (const auto denial = http::kube::denial_of(outcome.failure()))
    run.troubles->denied(right, *denial);
}

/// Sends a call whose answer is a Service; `right` is what it takes.
template <class Self>
caf::typed_response_promise<service_answer> ask_service(Self* self, http::kube::client& client,
                                                        const char* right, call what) {
  return promise_outcome<service_answer>(self, [&](auto reply) {
    client.request(std::move(what),
                   [reply, right, run = self->state.run](domain::result<nlohmann::json> outcome) {
                     note_access(*run, right, outcome);
                     if (!outcome)
                       return reply(domain::result<service_ptr>{std::move(outcome.failure())});
                     auto object = http::kube::decode_service(*outcome);
                     if (!object)
                       return reply(domain::result<service_ptr>{std::move(object.failure())});
                     reply(domain::result<service_ptr>{
                       std::make_shared<const domain::service>(std::move(*object))});
                   });
  });
}

call merge_patch(std::string path, nlohmann::json body) {
  call out;
  out.method = "PATCH";
  out.path = std::move(path);
  out.body = std::move(body);
  out.content_type = content_type_of(patch_type::merge);
  return out;
}

call object_call(const exchange_object& what) {
  call out;
  out.method = what.method;
  out.path = what.path;
  if (what.body)
    out.body = *what.body;
  if (what.method == "PATCH")
    out.content_type = content_type_of(patch_type::merge);
  return out;
}

/// Sends a call whose answer is any object; `right` is what it takes.
template <class Answer, class Self>
caf::typed_response_promise<Answer> ask_json(Self* self, http::kube::client& client,
                                             std::string right, call what) {
  return promise_outcome<Answer>(self, [&](auto reply) {
    client.request(std::move(what), [reply, right = std::move(right), run = self->state.run](
                                      domain::result<nlohmann::json> outcome) {
      note_access(*run, right, outcome);
      if (outcome)
        reply(
          domain::result<json_ptr>{std::make_shared<const nlohmann::json>(std::move(*outcome))});
      else
        reply(domain::result<json_ptr>{std::move(outcome.failure())});
    });
  });
}

call event_call(const send_event& what) {
  // Events say what happened; they are no side effect that leadership guards, and they give way.
  call out;
  out.method = what.method;
  out.path = what.path;
  out.content_type = what.content_type;
  out.body = *what.body;
  out.priority = http::priority::low;
  out.guarded = false;
  return out;
}

} // namespace

kube_gateway_actor::behavior_type
kube_gateway(kube_gateway_actor::stateful_pointer<kube_gateway_state> self, runtime_ptr run,
             std::shared_ptr<http::kube::client> client) {
  self->state.enlist(self, std::move(run), nullptr, "kube_gateway", "");
  return {
    [=](const describe&) { return self->state.describe(self); },
    [=](const patch_service_object& what) {
      return ask_service(self, *client, "patch services",
                         merge_patch(service_path(what.object->key),
                                     http::kube::encode_service_patch(*what.object, what.patch)));
    },
    [=](const patch_service_status& what) {
      auto patch = merge_patch(service_path(what.key) + "/status", *what.patch);
      patch.priority = http::priority::high;
      return ask_service(self, *client, "patch services/status", std::move(patch));
    },
    [=](const send_event& what) {
      const auto* right = what.method == "POST" ? "create events" : "patch events";
      return ask_json<event_answer>(self, *client, right, event_call(what));
    },
    [=](const exchange_object& what) {
      return ask_json<object_answer>(self, *client, what.method + " " + what.path,
                                     object_call(what));
    },
    [=](const call_completed& done) { done.deliver(); },
  };
}

} // namespace dklb::actors
