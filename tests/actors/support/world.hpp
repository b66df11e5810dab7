#pragma once

#include "actors/base/base.hpp"
#include "actors/base/runtime.hpp"
#include "messages/directory.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::actors::testing {

using namespace messages;
using std::chrono::milliseconds;

/// The state of a fake actor that keeps nothing of its own.
struct plain_state {};

/// EdgeLB as the gateway shows it, in memory. Everything happens on the test's thread.
struct fake_edgelb {
  std::map<std::string, domain::pool_document> pools;
  std::map<std::string, nlohmann::json> metadata;
  /// The pools whose metadata was asked for because somebody waits for an address.
  std::vector<std::string> awaited;
  /// One line a request, e.g. "create p".
  std::vector<std::string> log;
  /// Writes wait until let_go() while this is set.
  bool hold_writes = false;
  /// The same for questions about the metadata of these pools.
  std::set<std::string> hold_metadata;
  /// The next answers to writes, instead of doing them; `done` does it and fails all the same.
  struct failure {
    domain::error what;
    bool done = false;
  };
  std::deque<failure> write_failures;
  /// Refuses a document (400 with the text) where it gives one; sees all other pools.
  std::function<std::optional<std::string>(const domain::pool_document&)> refuse;
  std::deque<domain::error> read_failures;
  /// The next requests of this kind ("write", "read", "metadata", "inventory") are never answered.
  std::string lose;
  std::deque<std::function<void()>> held;

  void let_go();
  std::size_t writes() const;
  std::size_t count(const std::string& line) const;
};

/// The pool as the EdgeLB client would tell it.
messages::snapshot_ptr snapshot_of(const domain::pool_document& document);

/// The API server as the gateway shows it.
struct fake_kube {
  std::map<domain::service_key, domain::service> services;
  /// What our writes made of the objects and the watch has not told yet, in order.
  std::map<domain::service_key, std::vector<domain::service>> untold;
  std::vector<std::string> log; ///< e.g. "patch default/a", "status default/a"
  std::vector<record_event> events;
  std::deque<domain::error> patch_failures;
  std::deque<domain::error> status_failures;
  /// Objects of other kinds by their path, and the next failures of requests for them.
  std::map<std::string, nlohmann::json> objects;
  std::deque<domain::error> object_failures;
  /// Patches are done at once, but their answers wait until let_go() while this is set.
  bool hold_answers = false;
  /// It keeps `ipMode` and fills in VIP where it is absent.
  bool knows_ip_mode = true;
  /// The next patch is done and never answered.
  bool lose_answer = false;
  std::deque<std::function<void()>> held;
  int version = 100;

  void let_go();
  std::size_t count(const std::string& line) const;
};

/// A deterministic actor system: nothing runs but in run(), time moves but in advance(). Ends every
/// actor at tear-down and requires that none is left.
class ActorWorld : public ::testing::Test {
protected:
  ActorWorld();
  ~ActorWorld() override;

  /// Runs until nobody has anything to do.
  void run() { scheduler().run(); }
  /// Moves time on in small steps, so that what one timeout causes may cause the next.
  void advance(milliseconds by);
  caf::scheduler::test_coordinator& scheduler();
  /// Changes settings that actors read at the moment of use; tells nobody.
  template <class Change>
  void tune(Change change) {
    auto values = *shared->live->get();
    change(values);
    shared->live->set(std::move(values));
  }
  /// Ends this actor at tear-down.
  template <class Handle>
  Handle keep(Handle handle) {
    ended_.push_back(caf::actor_cast<caf::strong_actor_ptr>(handle));
    return handle;
  }
  edgelb_gateway_actor spawn_edgelb();
  kube_gateway_actor spawn_kube();
  event_recorder_actor spawn_recorder();

  std::shared_ptr<runtime> shared;
  fake_edgelb edgelb;
  fake_kube kube;
  edgelb_gateway_actor edgelb_handle;

private:
  struct config : caf::actor_system_config {
    config();
  };
  config config_;

protected:
  caf::actor_system system{config_};

private:
  std::vector<caf::strong_actor_ptr> ended_;
};

/// A claim on pool `pool` for one port, bound to `port`.
claim_ptr make_claim(const std::string& name, int port, const std::string& pool = "p");

/// A Service of type LoadBalancer with one port and the annotation of a named pool.
domain::service make_service(const std::string& name, const std::string& pool = "p", int port = 80);

} // namespace dklb::actors::testing
