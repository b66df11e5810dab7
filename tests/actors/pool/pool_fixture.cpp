#include "tests/actors/pool/pool_fixture.hpp"

#include "domain/base/names.hpp"

namespace dklb::actors::testing {

namespace {

service_actor::behavior_type claimant(service_actor::stateful_pointer<plain_state> self,
                                      pool_actor pool, verdicts* told,
                                      std::map<std::string, claim_ptr>* wishes) {
  return {
    [](const describe&) { return actor_description{}; },
    // The test makes it claim by handing it an object of that name.
    [=](const service_changed& what) {
      self->send(pool, claim_pool{wishes->at(what.object->key.name)});
    },
    [=](const service_gone&) {},
    [](const objects_found&) {},
    [](const directory_changed&) {},
    [](const gate_changed&) {},
    [=](const claim_settled& what) { told->settled.push_back(what); },
    [=](const claim_delayed& what) { told->delayed.push_back(what); },
    [](const addresses_published&) {},
    [](const tick&) {},
    [](const explain&) { return explanation{}; },
  };
}

inventory_actor::behavior_type fake_inventory(inventory_actor::stateful_pointer<plain_state>,
                                              fake_edgelb* edgelb, fake_inventory_state* state) {
  return {
    [](const describe&) { return actor_description{}; },
    [](const directory_changed&) {},
    [](const gate_changed&) {},
    [](const pool_seen&) {},
    [=](const pool_closed& what) { state->closed.push_back(what.name); },
    [=](const await_room& what) { state->awaiting_room.push_back(what.pool); },
    [=](const find_port_users& what) {
      state->asked.push_back(what);
      return port_users{state->users};
    },
    [=](const recall_pool& what) -> recalled_pool {
      const auto found = edgelb->pools.find(what.name);
      if (found == edgelb->pools.end())
        return {recalled_pool::state::absent, nullptr};
      return {recalled_pool::state::present, snapshot_of(found->second)};
    },
    [](const find_pools&) { return pools_found{}; },
    [](const refresh_inventory&) {},
    [](const settings_changed&) {},
    [](const tick&) {},
  };
}

pool_poller_actor::behavior_type fake_poller(pool_poller_actor::stateful_pointer<plain_state>,
                                             std::vector<poll_pool>* told) {
  return {
    [](const describe&) { return actor_description{}; },
    [=](const poll_pool& what) { told->push_back(what); },
    [](const find_addresses&) {
      return addresses_found{{{"10.0.0.1", ""}, {"", "b.example"}}};
    },
    [](const directory_changed&) {},
    [](const gate_changed&) {},
    [](const tick&) {},
  };
}

} // namespace

std::optional<claim_settled> verdicts::last_of(const std::string& name) const {
  std::optional<claim_settled> out;
  for (const auto& item : settled)
    if (item.claim->service.name == name)
      out = item;
  return out;
}

PoolActor::PoolActor() {
  directory handles;
  handles.edgelb = spawn_edgelb();
  handles.inventory = keep(system.spawn(fake_inventory, &edgelb, &inventory));
  handles.pollers = {spawn_poller(&polls)};
  peers = std::make_shared<const directory>(std::move(handles));
}

pool_poller_actor PoolActor::spawn_poller(std::vector<poll_pool>* into) {
  return keep(system.spawn(fake_poller, into));
}

pool_actor PoolActor::start(bool gate_open) {
  actor = keep(system.spawn(pool, std::string{"p"}, pool_arguments{shared, peers, gate_open, {}}));
  owner = keep(system.spawn(claimant, actor, &told, &wishes));
  return actor;
}

void PoolActor::claim(const std::string& name, int port) {
  claim(name, port, [](auto&) {});
}

void PoolActor::claim(const std::string& name, int port,
                      const std::function<void(domain::pool_claim&)>& edit) {
  auto wish = *make_claim(name, port);
  edit(wish);
  wishes[name] = std::make_shared<const domain::pool_claim>(std::move(wish));
  caf::anon_send(owner,
                 service_changed{std::make_shared<const domain::service>(make_service(name))});
}

void PoolActor::release(const std::string& name,
                        std::optional<domain::creation_strategy> creation) {
  caf::anon_send(actor, release_pool{{"default", name}, creation});
}

bool PoolActor::holds(const std::string& name, int port) const {
  const auto found = edgelb.pools.find("p");
  if (found == edgelb.pools.end())
    return false;
  const auto wanted = domain::object_name("dev/kubernetes01", {"default", name}, port);
  for (const auto& frontend : found->second["haproxy"]["frontends"])
    if (frontend["name"] == wanted)
      return true;
  return false;
}

bool PoolActor::served(const std::string& name) const {
  const auto last = told.last_of(name);
  return last && !last->refusal;
}

bool PoolActor::refused(const std::string& name) const {
  const auto last = told.last_of(name);
  return last && last->refusal;
}

domain::pool_document PoolActor::empty_pool() {
  return {{"name", "p"},
          {"role", "slave_public"},
          {"haproxy",
           {{"stats", {{"bindPort", 9090}}},
            {"frontends", domain::pool_document::array()},
            {"backends", domain::pool_document::array()}}}};
}

nlohmann::json PoolActor::explained(bool documents) {
  caf::scoped_actor self{system};
  self->send(actor, messages::explain{documents});
  run();
  nlohmann::json body;
  self->receive([&](const explanation& what) { body = *what.body; });
  return body;
}

} // namespace dklb::actors::testing
