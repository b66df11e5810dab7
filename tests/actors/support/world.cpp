#include "tests/actors/support/world.hpp"

#include "domain/document/pool_snapshot.hpp"
#include "http/edgelb/metadata_reader.hpp"

#include <spdlog/sinks/null_sink.h>

#include <algorithm>
#include <utility>

namespace dklb::actors::testing {

namespace {

/// A promise belongs to its actor: whatever delivers it goes through the mailbox.
template <class Handle>
std::function<void()> later(Handle gateway, std::function<void()> deliver) {
  return [gateway = std::move(gateway), deliver = std::move(deliver)] {
    caf::anon_send(gateway, call_completed{deliver});
  };
}

} // namespace

snapshot_ptr snapshot_of(const domain::pool_document& document) {
  return std::make_shared<const domain::pool_snapshot>(domain::snapshot_of(document));
}

namespace {

domain::result<snapshot_ptr> apply(fake_edgelb& edgelb, const write_pool& what) {
  switch (what.action) {
  case domain::pool_action::create:
    if (edgelb.pools.contains(what.name))
      return domain::error{domain::error_code::conflict, "exists", {}, 409};
    [[fallthrough]];
  case domain::pool_action::replace:
    edgelb.pools[what.name] = *what.document;
    return snapshot_of(*what.document);
  default:
    edgelb.pools.erase(what.name);
    return snapshot_ptr{};
  }
}

domain::result<snapshot_ptr> do_write(fake_edgelb& edgelb, const write_pool& what) {
  if (edgelb.refuse && what.action != domain::pool_action::remove)
    if (auto words = edgelb.refuse(*what.document))
      return domain::error{domain::error_code::rejected, std::move(*words), {}, 400};
  if (edgelb.write_failures.empty())
    return apply(edgelb, what);
  auto failure = std::move(edgelb.write_failures.front());
  edgelb.write_failures.pop_front();
  if (failure.done)
    (void)apply(edgelb, what);
  return std::move(failure.what);
}

domain::result<snapshot_ptr> do_read(fake_edgelb& edgelb, const std::string& name) {
  if (!edgelb.read_failures.empty()) {
    auto failure = std::move(edgelb.read_failures.front());
    edgelb.read_failures.pop_front();
    return failure;
  }
  if (const auto found = edgelb.pools.find(name); found != edgelb.pools.end())
    return snapshot_of(found->second);
  return domain::error{domain::error_code::not_found, "no such pool", {}, 404};
}

/// Whether this request is the one that is never answered.
bool lost(fake_edgelb& edgelb, const std::string& kind) {
  if (edgelb.lose != kind)
    return false;
  edgelb.lose.clear();
  return true;
}

domain::result<metadata_ptr> do_metadata(fake_edgelb& edgelb, const std::string& name) {
  if (const auto found = edgelb.metadata.find(name); found != edgelb.metadata.end())
    return std::make_shared<const domain::pool_metadata>(
      *http::edgelb::read_metadata(found->second.dump()));
  return domain::error{domain::error_code::unavailable, "not known yet", {}, 504};
}

edgelb_gateway_actor::behavior_type
fake_edgelb_gateway(edgelb_gateway_actor::stateful_pointer<plain_state> self, fake_edgelb* edgelb) {
  return {
    [](const describe&) { return actor_description{}; },
    [=](const read_pool& what) -> caf::result<pool_answer> {
      edgelb->log.push_back("read " + what.name);
      if (lost(*edgelb, "read"))
        return self->make_response_promise<pool_answer>();
      return pool_answer{do_read(*edgelb, what.name)};
    },
    [=](const write_pool& what) -> caf::result<pool_answer> {
      edgelb->log.push_back(std::string{to_string(what.action)} + " " + what.name);
      if (lost(*edgelb, "write")) {
        (void)do_write(*edgelb, what);
        return self->make_response_promise<pool_answer>();
      }
      if (!edgelb->hold_writes)
        return pool_answer{do_write(*edgelb, what)};
      auto promise = self->make_response_promise<pool_answer>();
      edgelb->held.push_back(later(edgelb_gateway_actor{self}, [=]() mutable {
        promise.deliver(pool_answer{do_write(*edgelb, what)});
      }));
      return promise;
    },
    [=](const read_metadata& what) -> caf::result<metadata_answer> {
      edgelb->log.push_back("metadata " + what.pool);
      if (lost(*edgelb, "metadata"))
        return self->make_response_promise<metadata_answer>();
      if (what.awaited)
        edgelb->awaited.push_back(what.pool);
      if (!edgelb->hold_metadata.contains(what.pool))
        return metadata_answer{do_metadata(*edgelb, what.pool)};
      auto promise = self->make_response_promise<metadata_answer>();
      edgelb->held.push_back(later(edgelb_gateway_actor{self}, [=]() mutable {
        promise.deliver(metadata_answer{do_metadata(*edgelb, what.pool)});
      }));
      return promise;
    },
    [=](const read_inventory&) -> caf::result<inventory_answer> {
      edgelb->log.emplace_back("inventory");
      if (lost(*edgelb, "inventory"))
        return self->make_response_promise<inventory_answer>();
      if (!edgelb->read_failures.empty()) {
        auto failure = std::move(edgelb->read_failures.front());
        edgelb->read_failures.pop_front();
        return inventory_answer{std::move(failure)};
      }
      auto list = domain::pool_document::array();
      for (const auto& [name, pool] : edgelb->pools)
        list.push_back(pool);
      return inventory_answer{std::make_shared<const std::string>(list.dump())};
    },
    [](const call_completed& call) { call.deliver(); },
  };
}

domain::result<service_ptr> read_object(fake_kube& kube, const domain::service_key& key) {
  if (!kube.object_failures.empty()) {
    auto failure = std::move(kube.object_failures.front());
    kube.object_failures.pop_front();
    return failure;
  }
  const auto found = kube.services.find(key);
  return found == kube.services.end() ? service_ptr{}
                                      : std::make_shared<const domain::service>(found->second);
}

domain::result<service_ptr> patch_object(fake_kube& kube, const patch_service_object& what) {
  if (!kube.patch_failures.empty()) {
    auto failure = std::move(kube.patch_failures.front());
    kube.patch_failures.pop_front();
    return failure;
  }
  auto& object = kube.services.try_emplace(what.object->key, *what.object).first->second;
  if (what.patch.finalizers)
    object.finalizers = *what.patch.finalizers;
  if (what.patch.config_annotation)
    object.config_annotation = what.patch.config_annotation;
  object.pool_annotation = what.patch.pool_annotation.value_or(object.pool_annotation);
  object.resource_version = std::to_string(++kube.version);
  kube.untold[object.key].push_back(object);
  return std::make_shared<const domain::service>(object);
}

domain::result<service_ptr> patch_status(fake_kube& kube, const patch_service_status& what) {
  if (!kube.status_failures.empty()) {
    auto failure = std::move(kube.status_failures.front());
    kube.status_failures.pop_front();
    return failure;
  }
  auto& object = kube.services[what.key];
  const auto status = nlohmann::json::parse(what.patch).at("status");
  if (status.contains("loadBalancer")) {
    object.addresses.clear();
    object.address_mode = domain::ip_mode::unknown;
    for (const auto& item : status["loadBalancer"].value("ingress", nlohmann::json::array())) {
      object.addresses.push_back({item.value("ip", ""), item.value("hostname", "")});
      if (kube.knows_ip_mode && item.contains("ip"))
        object.address_mode =
          item.value("ipMode", "VIP") == "Proxy" ? domain::ip_mode::proxy : domain::ip_mode::vip;
    }
  }
  for (const auto& item : status.value("conditions", nlohmann::json::array())) {
    const auto text = [&item](const char* name) { return item.at(name).get<std::string>(); };
    object.own_condition = domain::condition{text("status"), text("reason"), text("message"),
                                             item.value("observedGeneration", std::int64_t{0}),
                                             text("lastTransitionTime")};
  }
  object.resource_version = std::to_string(++kube.version);
  kube.untold[object.key].push_back(object);
  return std::make_shared<const domain::service>(object);
}

domain::result<json_ptr> exchange(fake_kube& kube, const exchange_object& what) {
  kube.log.push_back(what.method + " " + what.path);
  if (!kube.object_failures.empty()) {
    auto failure = std::move(kube.object_failures.front());
    kube.object_failures.pop_front();
    return failure;
  }
  if (what.method == "POST") {
    const auto path = what.path + "/" + what.body->at("metadata").at("name").get<std::string>();
    return std::make_shared<const nlohmann::json>(kube.objects[path] = *what.body);
  }
  const auto found = kube.objects.find(what.path);
  if (found == kube.objects.end())
    return domain::error{domain::error_code::not_found, "not found", {}, 404};
  if (what.method == "PATCH")
    found->second.merge_patch(*what.body);
  return std::make_shared<const nlohmann::json>(found->second);
}

kube_gateway_actor::behavior_type
fake_kube_gateway(kube_gateway_actor::stateful_pointer<plain_state> self, fake_kube* kube) {
  const auto answer = [=](domain::result<service_ptr> outcome) -> caf::result<service_answer> {
    if (std::exchange(kube->lose_answer, false))
      return self->make_response_promise<service_answer>();
    if (!kube->hold_answers)
      return service_answer{std::move(outcome)};
    auto promise = self->make_response_promise<service_answer>();
    kube->held.push_back(
      later(kube_gateway_actor{self}, [=]() mutable { promise.deliver(service_answer{outcome}); }));
    return promise;
  };
  return {
    [](const describe&) { return actor_description{}; },
    [=](const read_service& what) {
      kube->log.push_back("read " + to_string(what.key));
      return service_answer{read_object(*kube, what.key)};
    },
    [=](const patch_service_object& what) {
      kube->log.push_back("patch " + to_string(what.object->key));
      return answer(patch_object(*kube, what));
    },
    [=](const patch_service_status& what) {
      kube->log.push_back("status " + to_string(what.key));
      return answer(patch_status(*kube, what));
    },
    [](const send_event&) { return event_answer{domain::unit{}}; },
    [=](const exchange_object& what) { return object_answer{exchange(*kube, what)}; },
    [](const call_completed& call) { call.deliver(); },
  };
}

event_recorder_actor::behavior_type
fake_recorder(event_recorder_actor::stateful_pointer<plain_state>, fake_kube* kube) {
  return {
    [](const describe&) { return actor_description{}; },
    [=](const record_event& what) { kube->events.push_back(what); },
    [](const directory_changed&) {},
    [](const call_completed&) {},
    [](const tick&) {},
  };
}

void let_all_go(std::deque<std::function<void()>>& held) {
  for (auto& action : std::exchange(held, {}))
    action();
}

} // namespace

void fake_edgelb::let_go() {
  let_all_go(held);
}

std::size_t fake_edgelb::writes() const {
  return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [](const auto& line) {
    return line.starts_with("create") || line.starts_with("replace") || line.starts_with("remove");
  }));
}

std::size_t fake_edgelb::count(const std::string& line) const {
  return static_cast<std::size_t>(std::count(log.begin(), log.end(), line));
}

void fake_kube::let_go() {
  let_all_go(held);
}

std::size_t fake_kube::count(const std::string& line) const {
  return static_cast<std::size_t>(std::count(log.begin(), log.end(), line));
}

ActorWorld::config::config() {
  set("scheduler.policy", caf::atom("testing"));
}

ActorWorld::ActorWorld() : shared(std::make_shared<runtime>()) {
  shared->services.cluster = "dev/kubernetes01";
  shared->pools.cluster = "dev/kubernetes01";
  shared->wall_clock = [] { return std::string{"2026-01-01T00:00:00Z"}; };
  shared->random = [] { return std::uint64_t{0}; };
  shared->log =
    std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_st>());
}

ActorWorld::~ActorWorld() {
  // Ticks that arm themselves again would keep stop() spinning: everything ends first.
  for (auto& actor : ended_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(actor), caf::exit_reason::user_shutdown);
  ended_.clear();
  edgelb_handle = nullptr;
  run();
  EXPECT_EQ(system.registry().running(), 0U);
}

caf::scheduler::test_coordinator& ActorWorld::scheduler() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
}

void ActorWorld::advance(milliseconds by) {
  constexpr milliseconds step{10};
  for (auto left = by; left > milliseconds::zero(); left -= step) {
    scheduler().advance_time(std::min(left, step));
    run();
  }
}

edgelb_gateway_actor ActorWorld::spawn_edgelb() {
  edgelb_handle = keep(system.spawn(fake_edgelb_gateway, &edgelb));
  return edgelb_handle;
}

kube_gateway_actor ActorWorld::spawn_kube() {
  return keep(system.spawn(fake_kube_gateway, &kube));
}

event_recorder_actor ActorWorld::spawn_recorder() {
  return keep(system.spawn(fake_recorder, &kube));
}

claim_ptr make_claim(const std::string& name, int port, const std::string& pool) {
  domain::pool_claim out;
  out.service = {"default", name};
  out.uid = "uid-" + name;
  out.creation_timestamp = "2026-01-01T00:00:00Z";
  out.pool = pool;
  out.ports = {{port, 30000 + port, port}};
  return std::make_shared<const domain::pool_claim>(std::move(out));
}

domain::service make_service(const std::string& name, const std::string& pool, int port) {
  domain::service out;
  out.key = {"default", name};
  out.uid = "uid-" + name;
  out.resource_version = "1";
  out.creation_timestamp = "2026-01-01T00:00:00Z";
  out.type = "LoadBalancer";
  out.ports = {{"", "TCP", port, 30000 + port}};
  out.config_annotation = "name: " + pool + "\n";
  return out;
}

} // namespace dklb::actors::testing
