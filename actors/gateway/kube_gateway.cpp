#include "actors/gateway/kube_gateway.hpp"

#include "http/kube/codec.hpp"
#include "http/kube/denial.hpp"
#include "http/kube/service_patch.hpp"

#include <nlohmann/json.hpp>

namespace dklb::actors {

using namespace messages;
using domain::error_code;
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

/// Sends a call by `request`; `right` is what it takes. `answer_of` makes the answer of the body,
/// on the engine's thread.
template <class Answer, class Self, class Body, class Read>
caf::typed_response_promise<Answer>
ask(Self* self, http::kube::client& client,
    void (http::kube::client::*request)(call, http::kube::reply<Body>), const std::string& right,
    call what, Read answer_of) {
  return promise_outcome<Answer>(self, [&, what = std::move(what)](auto reply) mutable {
    using outcome_type = decltype(answer_of(std::declval<Body&>()));
    (client.*request)(std::move(what),
                      [reply, right, run = self->state.run, answer_of](domain::result<Body> body) {
                        note_access(*run, right, body);
                        reply(body ? answer_of(*body) : outcome_type{std::move(body.failure())});
                      });
  });
}

call patch_call(std::string path, std::string body, patch_type type) {
  call out;
  out.method = "PATCH";
  out.path = std::move(path);
  out.body = std::move(body);
  out.content_type = content_type_of(type);
  return out;
}

call object_call(const exchange_object& what) {
  call out;
  out.method = what.method;
  out.path = what.path;
  if (what.body)
    out.body = what.body->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (what.method == "PATCH")
    out.content_type = content_type_of(patch_type::merge);
  return out;
}

call event_call(send_event& what) {
  // Events say what happened; they are no side effect that leadership guards, and they give way.
  call out;
  out.method = what.method;
  out.path = std::move(what.path);
  out.content_type = std::move(what.content_type);
  out.body = std::move(what.body);
  out.priority = http::priority::low;
  out.guarded = false;
  return out;
}

domain::result<service_ptr> service_of(http::kube::json_view object) {
  auto decoded = http::kube::decode_service(object);
  if (!decoded)
    return std::move(decoded.failure());
  return std::make_shared<const domain::service>(std::move(*decoded));
}

/// How the answer to a call is read as a Service; `reader` belongs to the engine's thread.
auto service_reader(const std::shared_ptr<http::kube::json_reader>& reader, const call& what) {
  return [reader, name = what.method + ' '
                         + what.path](const std::string& text) -> domain::result<service_ptr> {
    const auto object = reader->read(text);
    if (!object)
      return domain::error{
        object.failure().code, name + ": the answer is " + object.failure().message, {}, 0};
    return service_of(*object);
  };
}

/// A list of at most one, which takes no right that the watch does not take.
call list_one(const domain::service_key& key) {
  call out;
  out.path =
    "/api/v1/namespaces/" + key.name_space + "/services?fieldSelector=metadata.name%3D" + key.name;
  out.list = true;
  return out;
}

/// The only item of a list, null where it is empty.
auto item_reader(const std::shared_ptr<http::kube::json_reader>& reader,
                 const domain::service_key& key) {
  return [=, name = "list of "
                    + to_string(key)](const std::string& text) -> domain::result<service_ptr> {
    const auto list = reader->read(text);
    if (!list)
      return domain::error{
        list.failure().code, name + ": the answer is " + list.failure().message, {}, 0};
    const auto items = http::kube::value_at(*list, {"items"});
    if (!items || !items->is_array())
      return domain::error{error_code::malformed, name + ": the answer has no items", {}, 0};
    for (const auto object : items->get_array())
      return service_of(object);
    return service_ptr{};
  };
}

} // namespace

kube_gateway_actor::behavior_type
kube_gateway(kube_gateway_actor::stateful_pointer<actor_base> self, runtime_ptr run,
             std::shared_ptr<http::kube::client> api) {
  self->state.enlist(self, std::move(run), nullptr, "kube_gateway", "");
  const auto reader = std::make_shared<http::kube::json_reader>();
  using http::kube::client;
  return {
    [=](const describe&) { return self->state.describe(self); },
    [=](const read_service& what) {
      return ask<service_answer>(self, *api, &client::request_text, "list services",
                                 list_one(what.key), item_reader(reader, what.key));
    },
    [=](const patch_service_object& what) {
      auto patch =
        patch_call(service_path(what.object->key),
                   http::kube::encode_service_patch(*what.object, what.patch), patch_type::merge);
      const auto read = service_reader(reader, patch);
      return ask<service_answer>(self, *api, &client::request_text, "patch services",
                                 std::move(patch), read);
    },
    [=](patch_service_status& what) {
      auto patch = patch_call(service_path(what.key) + "/status", std::move(what.patch),
                              patch_type::strategic_merge);
      const auto read = service_reader(reader, patch);
      return ask<service_answer>(self, *api, &client::request_text, "patch services/status",
                                 std::move(patch), read);
    },
    [=](send_event& what) {
      // What the server makes of it is nobody's business.
      const auto* right = what.method == "POST" ? "create events" : "patch events";
      return ask<event_answer>(
        self, *api, &client::request_text, right, event_call(what),
        [](const std::string&) -> domain::result<domain::unit> { return domain::unit{}; });
    },
    [=](const exchange_object& what) {
      return ask<object_answer>(self, *api, &client::request, what.method + " " + what.path,
                                object_call(what),
                                [](nlohmann::json& object) -> domain::result<json_ptr> {
                                  return std::make_shared<const nlohmann::json>(std::move(object));
                                });
    },
    [=](const call_completed& done) { done.deliver(); },
  };
}

} // namespace dklb::actors
