#pragma once

#include "domain/pool/pool_plan.hpp"
#include "domain/pool/pool_status.hpp"
#include "domain/service/service.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// Where a Service is on its way. Names as `/services` shows them.
enum class service_phase : std::uint8_t {
  ignored,
  paused,
  refused,
  waiting,
  provisioning,
  awaiting_address,
  provisioned,
  deleting,
};

const char* to_string(service_phase phase);

/// One line about a Service: for the condition, the event and `/services` alike.
struct service_report {
  service_phase phase = service_phase::waiting;
  std::string_view reason; ///< CamelCase, a literal
  std::string message;     ///< cause and next step

  friend bool operator==(const service_report&, const service_report&) = default;
};

/// The texts of the states that are not a refusal of the annotation's own parser.
service_report ignored_report(std::string message);
service_report paused_report(std::string message);
service_report provisioning_report(std::string_view pool);
service_report awaiting_address_report(std::string_view pool);
service_report provisioned_report(std::string_view pool, const std::vector<ingress>& addresses);
/// Of these three the one of a phase, an empty one for another phase.
service_report usual_report(service_phase phase, std::string_view pool,
                            const std::vector<ingress>& addresses);
service_report refused_report(const claim_refusal& refusal);
/// Without the time of the next try: that would make every try a new state.
service_report delayed_report(std::string_view pool, std::string_view cause);
/// The pool has the Service, but no node can take its traffic.
service_report no_nodes_report(std::string_view why);
service_report deleting_report(std::string_view pool);

/// The Service is served, but another program keeps changing its status.
service_report contested_report(std::string_view pool, const std::vector<ingress>& addresses);
/// The API server does not take the Service's status; `cause` in its words.
service_report rejected_report(std::string_view cause);

/// The condition a report turns into; its message is fit for a screen (see `visible`).
condition_update condition_of(const service_report& report, std::int64_t generation);

/// True where the Service's condition already says this (so no event is due: a restart over the
/// same state tells nobody anything new). Transition times are not compared.
bool condition_says(const service& object, const condition_update& update);

/// True where dklb's condition says that it does not follow an annotation that names `pool`: it
/// tells of a refusal, or of another pool.
bool condition_contradicts(const service& object, std::string_view pool);

/// The status that a Service should have. `said` is what its actor reported last: a blocking one
/// holds always, another one only while there is no address.
struct status_inputs {
  const std::vector<ingress>* addresses = nullptr; ///< null: not known, keep what is there
  const condition_update* said = nullptr;
  bool blocking = false;
  bool contested = false; ///< another program keeps changing the status
  std::string_view pool;
  std::string_view left_out; ///< see service_addresses
  /// With no addresses: those that are not to be published any more; null: none.
  const std::vector<ingress>* withheld = nullptr;
  std::string_view remark; ///< what the user is to know of a Service that is served
  ip_mode mode = ip_mode::vip;
};
desired_status compose_status(const service& current, const status_inputs& inputs);

/// The status of a Service that lives on but is no longer ours: a condition that says so, and no
/// addresses. `published` are those that dklb wrote, null where that is not known: others are
/// somebody else's by now and stay.
desired_status withdrawn_status(const service& current, const std::vector<ingress>* published);

} // namespace dklb::domain
