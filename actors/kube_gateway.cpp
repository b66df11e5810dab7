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
template <class Outcome>
void note_access(const runtime& run, const std::string& right, const Outcome& outcome) {
  if (outcome)
    run.troubles->works(right);
  else if (const auto denial = http::kube::denial_of(outcome.failure()))
    run.troubles->denied(right, *denial);
}

domain::result<service_ptr> to_service(http::kube::json_reader& reader, const std::string& text) {
  const auto object = reader.read(text);
  if (!object)
    return domain::error{object.failure().code, "the answer is " + object.failure().message, {}, 0};
  auto service = http::kube::decode_service(*object);
  if (!service)
    return std::move(service.failure());
  return std::make_shared<const domain::service>(std::move(*service));
}

/// Sends a call whose answer is a Service; `right` is what it takes. The reader belongs to the
/// engine's thread.
template <class Self>
caf::typed_response_promise<service_answer>
ask_service(Self* self, http::kube::client& client, std::shared_ptr<http::kube::json_reader> reader,
            const char* right, call what) {
  return promise_outcome<service_answer>(self, [&, what = std::move(what)](auto reply) mutable {
    client.request_text(std::move(what),
                        [reply, right, run = self->state.run,
                         reader = std::move(reader)](domain::result<std::string> outcome) {
                          note_access(*run, right, outcome);
                          if (outcome)
                            reply(to_service(*reader, *outcome));
                          else
                            reply(domain::result<service_ptr>{std::move(outcome.failure())});
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

/// Sends a call whose answer is any object.
template <class Self>
caf::typed_response_promise<object_answer> ask_object(Self* self, http::kube::client& client,
                                                      const exchange_object& what) {
  return promise_outcome<object_answer>(self, [&](auto reply) {
    client.request(
      object_call(what), [reply, right = what.method + " " + what.path,
                          run = self->state.run](domain::result<nlohmann::json> outcome) {
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

/// Sends an event; what the server makes of it is nobody's business.
template <class Self>
caf::typed_response_promise<event_answer> ask_event(Self* self, http::kube::client& client,
                                                    const send_event& what) {
  const auto* right = what.method == "POST" ? "create events" : "patch events";
  return promise_outcome<event_answer>(self, [&](auto reply) {
    client.request_text(event_call(what),
                        [reply, right, run = self->state.run](domain::result<std::string> outcome) {
                          note_access(*run, right, outcome);
                          if (outcome)
                            reply(domain::result<domain::unit>{domain::unit{}});
                          else
                            reply(domain::result<domain::unit>{std::move(outcome.failure())});
                        });
  });
}

} // namespace

kube_gateway_actor::behavior_type
kube_gateway(kube_gateway_actor::stateful_pointer<kube_gateway_state> self, runtime_ptr run,
             std::shared_ptr<http::kube::client> client) {
  self->state.enlist(self, std::move(run), nullptr, "kube_gateway", "");
  const auto reader = std::make_shared<http::kube::json_reader>();
  return {
    [=](const describe&) { return self->state.describe(self); },
    [=](const patch_service_object& what) {
      return ask_service(self, *client, reader, "patch services",
                         merge_patch(service_path(what.object->key),
                                     http::kube::encode_service_patch(*what.object, what.patch)));
    },
    [=](const patch_service_status& what) {
      auto patch = merge_patch(service_path(what.key) + "/status", *what.patch);
      patch.priority = http::priority::high;
      return ask_service(self, *client, reader, "patch services/status", std::move(patch));
    },
    [=](const send_event& what) { return ask_event(self, *client, what); },
    [=](const exchange_object& what) { return ask_object(self, *client, what); },
    [=](const call_completed& done) { done.deliver(); },
  };
}

} // namespace dklb::actors
