#include "tests/actors/support/graph.hpp"

#include "domain/base/names.hpp"

#include <nlohmann/json.hpp>

namespace dklb::actors::testing {

void ActorGraph::start(bool leader) {
  supervisor_arguments arguments;
  arguments.run = shared;
  arguments.make_kube_gateway = [this](caf::actor_system&) { return spawn_kube(); };
  arguments.make_edgelb_gateway = [this](caf::actor_system&) { return spawn_edgelb(); };
  arguments.leader = leader;
  arguments.pod = pod;
  arguments.make_recorder = [this](caf::actor_system&, const kube_gateway_actor&) {
    return spawn_recorder();
  };
  arguments.give_up = [this](const std::string& why) { gave_up.push_back(why); };
  supervisor_handle = keep(system.spawn(supervisor, std::move(arguments)));
  run();
}

service_watcher_actor ActorGraph::watcher() const {
  return caf::actor_cast<service_watcher_actor>(find("service_watcher").at(0));
}

void ActorGraph::list(const std::vector<domain::service>& services) {
  for (const auto& object : services)
    observe(object);
  caf::anon_send(watcher(), intake_synced{});
  run();
}

void ActorGraph::tell(const domain::service& object) {
  caf::anon_send(watcher(), service_observed{std::make_shared<const domain::service>(object)});
  run();
}

void ActorGraph::observe(const domain::service& object) {
  echo(object.key.name);
  kube.services.insert_or_assign(object.key, object);
  tell(object);
}

void ActorGraph::echo(const std::string& name) {
  for (const auto& object : std::exchange(kube.untold[key(name)], {}))
    tell(object);
}

void ActorGraph::vanish(const std::string& name) {
  const auto uid = stored(name).uid;
  kube.services.erase(key(name));
  caf::anon_send(watcher(), service_vanished{key(name), uid});
  run();
}

void ActorGraph::place(const std::string& name, const std::string& address, const std::string& pool,
                       int port) {
  auto& frontends = edgelb.metadata[pool]["frontends"];
  frontends.push_back(
    {{"name", domain::object_name("dev/kubernetes01", key(name), port)},
     {"endpoints",
      {{{"port", port}, {"private", {address}}, {"public", nlohmann::json::array()}}}}});
}

bool ActorGraph::holds(const std::string& name, int port, const std::string& pool) const {
  const auto found = edgelb.pools.find(pool);
  if (found == edgelb.pools.end())
    return false;
  const auto wanted = domain::object_name("dev/kubernetes01", key(name), port);
  for (const auto& frontend : found->second.at("haproxy").at("frontends"))
    if (frontend.at("name") == wanted)
      return true;
  return false;
}

std::vector<describable_actor> ActorGraph::find(const std::string& kind) const {
  std::vector<describable_actor> out;
  for (const auto& item : shared->actors->list())
    if (item.kind == kind)
      out.push_back(item.handle);
  return out;
}

std::uint32_t ActorGraph::restarts_of(const std::string& kind) const {
  std::uint32_t out = 0;
  for (const auto& item : shared->actors->list())
    if (item.kind == kind)
      out += item.restarts;
  return out;
}

void ActorGraph::fail(const describable_actor& whom) {
  caf::anon_send(
    caf::actor_cast<caf::actor>(whom),
    caf::exit_msg{whom.address(), caf::make_error(caf::sec::runtime_error, "made to fail")});
  run();
}

nlohmann::json ActorGraph::explain(const std::string& name) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& item : shared->actors->list()) {
    if (std::string{item.kind} != "service" || item.key != "default/" + name)
      continue;
    caf::scoped_actor self{system};
    self->send(caf::actor_cast<service_actor>(item.handle), messages::explain{});
    run();
    self->receive([&](const explanation& what) { out = *what.body; });
  }
  return out;
}

std::vector<std::string> ActorGraph::reasons(const std::string& name) const {
  std::vector<std::string> out;
  for (const auto& event : kube.events)
    if (event.service.name == name)
      out.push_back(event.reason);
  return out;
}

} // namespace dklb::actors::testing
