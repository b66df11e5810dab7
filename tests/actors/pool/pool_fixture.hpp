#pragma once

#include "actors/pool/pool.hpp"
#include "tests/actors/support/world.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dklb::actors::testing {

/// What the owners of the claims were told, newest last.
struct verdicts {
  std::vector<claim_settled> settled;
  std::vector<claim_delayed> delayed;

  std::optional<claim_settled> last_of(const std::string& name) const;
};

/// What the pool told the inventory, and what that answers.
struct fake_inventory_state {
  std::vector<std::string> closed;
  std::vector<std::string> awaiting_room;
  std::vector<find_port_users> asked;
  std::vector<domain::port_user> users;
};

/// One pool actor between an owner of all claims and fakes of the rest.
class PoolActor : public ActorWorld {
protected:
  PoolActor();

  pool_poller_actor spawn_poller(std::vector<poll_pool>* into);
  pool_actor start(bool gate_open = true);
  void claim(const std::string& name, int port);
  /// The same claim, edited.
  void claim(const std::string& name, int port,
             const std::function<void(domain::pool_claim&)>& edit);
  void release(const std::string& name, std::optional<domain::creation_strategy> creation = {});
  bool holds(const std::string& name, int port) const;
  bool served(const std::string& name) const;
  bool refused(const std::string& name) const;
  /// A hand-made pool with nothing in it.
  static domain::pool_document empty_pool();
  /// What the pool says of itself.
  nlohmann::json explained(bool documents = false);

  std::shared_ptr<const directory> peers;
  pool_actor actor;
  service_actor owner;
  verdicts told;
  std::vector<poll_pool> polls; ///< what the poller was told
  fake_inventory_state inventory;
  std::map<std::string, claim_ptr> wishes; ///< what the owner claims for each name
};

} // namespace dklb::actors::testing
