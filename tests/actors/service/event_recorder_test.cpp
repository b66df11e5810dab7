// The recorder: which API, how many at once, how many wait, what a failure does.
#include "actors/service/event_recorder.hpp"

#include "tests/actors/support/world.hpp"

#include <nlohmann/json.hpp>

namespace dklb::actors::testing {
namespace {

using http::kube::event_api;

struct gateway_log {
  std::vector<send_event> sent;
  std::vector<caf::typed_response_promise<event_answer>> open;
  bool hold = false;
};

struct gateway_state {};

kube_gateway_actor::behavior_type
recording_gateway(kube_gateway_actor::stateful_pointer<gateway_state> self, gateway_log* log) {
  return {
    [](const describe&) { return actor_description{}; },
    [](const read_service&) { return service_answer{service_ptr{}}; },
    [](const patch_service_object&) {
      return service_answer{domain::error{domain::error_code::invalid, "", {}, 0}};
    },
    [](const patch_service_status&) {
      return service_answer{domain::error{domain::error_code::invalid, "", {}, 0}};
    },
    [=](const send_event& what) -> caf::result<event_answer> {
      log->sent.push_back(what);
      if (!log->hold)
        return event_answer{domain::unit{}};
      auto promise = self->make_response_promise<event_answer>();
      log->open.push_back(promise);
      return promise;
    },
    [](const exchange_object&) {
      return object_answer{domain::error{domain::error_code::invalid, "", {}, 0}};
    },
    [](const call_completed& call) { call.deliver(); },
  };
}

class EventRecorder : public ActorWorld {
protected:
  void start() {
    gateway = keep(system.spawn(recording_gateway, &log));
    recorder = keep(system.spawn(event_recorder, shared, gateway, http::kube::event_settings{},
                                 [this](http::kube::reply<event_api> done) {
                                   ++asked;
                                   done(api);
                                 }));
    run();
  }
  void record(const std::string& name, const std::string& message = "text") {
    caf::anon_send(recorder,
                   record_event{{"default", name}, "uid-" + name, true, "Reason", message});
    run();
  }

  gateway_log log;
  kube_gateway_actor gateway;
  event_recorder_actor recorder;
  domain::result<event_api> api = event_api::events_v1;
  int asked = 0;
};

TEST_F(EventRecorder, AsksForTheApiOnceAndNotBeforeTheFirstEvent) {
  start();
  EXPECT_EQ(asked, 0) << "a standby has nothing to say";
  record("a");
  record("b");
  EXPECT_EQ(asked, 1);
  ASSERT_EQ(log.sent.size(), 2U);
  EXPECT_EQ(log.sent[0].path, "/apis/events.k8s.io/v1/namespaces/default/events");
}

TEST_F(EventRecorder, WritesToTheCoreApiWhereThereIsNoOther) {
  api = event_api::core_v1;
  start();
  record("a");
  ASSERT_EQ(log.sent.size(), 1U);
  EXPECT_EQ(log.sent[0].path, "/api/v1/namespaces/default/events");
}

TEST_F(EventRecorder, KeepsEventsUntilTheServerHasAnswered) {
  api = domain::error{domain::error_code::transport, "refused", {}, 0};
  start();
  record("a");
  record("b");
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(log.sent.empty());
  api = event_api::events_v1;
  advance(milliseconds{1000});
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(log.sent.size(), 2U);
}

TEST_F(EventRecorder, WritesToTheNewApiWhereItMayNotAsk) {
  api = domain::error{domain::error_code::unauthorized, "Unauthorized", {}, 401};
  start();
  record("a");
  EXPECT_EQ(log.sent.size(), 1U);
}

TEST_F(EventRecorder, AnEventThatRepeatsIsASeriesOfOne) {
  start();
  record("a");
  record("a");
  ASSERT_EQ(log.sent.size(), 2U);
  EXPECT_EQ(log.sent[0].method, "POST");
  EXPECT_EQ(log.sent[1].method, "PATCH");
  EXPECT_EQ(nlohmann::json::parse(log.sent[1].body).at("series").at("count"), 2);
}

TEST_F(EventRecorder, ABusyObjectIsCutShortAndOthersAreNot) {
  start();
  for (int i = 0; i < 40; ++i)
    record("busy", "text " + std::to_string(i));
  EXPECT_EQ(log.sent.size(), 25U);
  record("calm");
  EXPECT_EQ(log.sent.size(), 26U);
}

TEST_F(EventRecorder, SomeAreInFlightTheRestWaitsAndWhatIsTooMuchIsDropped) {
  log.hold = true;
  start();
  for (int i = 0; i < 1400; ++i)
    record("service-" + std::to_string(i));
  EXPECT_EQ(log.sent.size(), 256U);
  log.hold = false;
  // A promise belongs to its actor.
  caf::anon_send(gateway, call_completed{[this] {
                   for (auto& promise : std::exchange(log.open, {}))
                     promise.deliver(event_answer{
                       domain::error{domain::error_code::unavailable, "etcd is away", {}, 503}});
                 }});
  run();
  EXPECT_EQ(log.sent.size(), 1256U) << "256 in flight and 1,000 that waited";
}

TEST_F(EventRecorder, TellsOfOtherObjectsThanServices) {
  start();
  caf::anon_send(
    recorder,
    record_event{{"dklb-system", "dklb-0"}, "u", true, "AccessDenied", "cannot list", "Pod"});
  run();
  ASSERT_EQ(log.sent.size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(log.sent[0].body).at("regarding").at("kind"), "Pod");
  EXPECT_EQ(log.sent[0].path, "/apis/events.k8s.io/v1/namespaces/dklb-system/events");
}

} // namespace
} // namespace dklb::actors::testing
