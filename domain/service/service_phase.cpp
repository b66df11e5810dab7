#include "domain/service/service_phase.hpp"

#include "domain/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {

namespace {

constexpr const char* ensuring = "EnsuringLoadBalancer";
constexpr const char* ensured = "EnsuredLoadBalancer";

std::string quoted(std::string_view text) {
  return "\"" + std::string{text} + "\"";
}

std::string list_of(const std::vector<ingress>& addresses) {
  std::string out;
  for (const auto& address : addresses) {
    if (!out.empty())
      out += ", ";
    out += address.hostname.empty() ? address.ip : address.hostname;
  }
  return out;
}

/// The addresses that are left; nothing where none of them goes.
std::optional<std::vector<ingress>> without(const std::vector<ingress>& addresses,
                                            const std::vector<ingress>& unwanted) {
  auto left = addresses;
  std::erase_if(left, [&](const auto& each) { return std::ranges::count(unwanted, each) != 0; });
  return left == addresses ? std::nullopt : std::optional{std::move(left)};
}

const char* reason_of(refusal_reason reason) {
  switch (reason) {
  case refusal_reason::port_conflict:
    return "PortConflict";
  case refusal_reason::pool_conflict:
    return "PoolConflict";
  case refusal_reason::creation_forbidden:
    return "PoolMissing";
  case refusal_reason::invalid:
    return "TranslationError";
  }
  return "TranslationError";
}

} // namespace

const char* to_string(service_phase phase) {
  switch (phase) {
  case service_phase::ignored:
    return "Ignored";
  case service_phase::paused:
    return "Paused";
  case service_phase::refused:
    return "Refused";
  case service_phase::waiting:
    return "Waiting";
  case service_phase::provisioning:
    return "Provisioning";
  case service_phase::awaiting_address:
    return "AwaitingAddress";
  case service_phase::provisioned:
    return "Provisioned";
  case service_phase::deleting:
    return "Deleting";
  }
  return "Waiting";
}

service_report ignored_report(std::string message) {
  return {service_phase::ignored, "NotManaged", std::move(message)};
}

service_report paused_report(std::string message) {
  return {service_phase::paused, "TranslationPaused", std::move(message)};
}

service_report provisioning_report(std::string_view pool) {
  return {service_phase::provisioning, ensuring, "writing EdgeLB pool " + quoted(pool)};
}

service_report awaiting_address_report(std::string_view pool) {
  return {service_phase::awaiting_address, ensuring,
          "EdgeLB pool " + quoted(pool)
            + " is written, its addresses are not known yet; EdgeLB may need minutes to place it"};
}

service_report provisioned_report(std::string_view pool, const std::vector<ingress>& addresses) {
  return {service_phase::provisioned, ensured,
          "EdgeLB pool " + quoted(pool) + " serves this Service at " + list_of(addresses)};
}

service_report usual_report(service_phase phase, std::string_view pool,
                            const std::vector<ingress>& addresses) {
  switch (phase) {
  case service_phase::provisioning:
    return provisioning_report(pool);
  case service_phase::awaiting_address:
    return awaiting_address_report(pool);
  case service_phase::provisioned:
    return provisioned_report(pool, addresses);
  default:
    return {phase, {}, {}};
  }
}

service_report refused_report(const claim_refusal& refusal) {
  return {service_phase::refused, reason_of(refusal.reason), refusal.message};
}

service_report delayed_report(std::string_view pool, std::string_view cause) {
  return {service_phase::waiting, "EdgeLBError",
          "EdgeLB does not take the change of pool " + quoted(pool) + " for now ("
            + std::string{cause} + "); dklb tries again by itself"};
}

service_report no_nodes_report(std::string_view why) {
  return {service_phase::waiting, "NoNodes", std::string{why}};
}

service_report deleting_report(std::string_view pool) {
  return {service_phase::deleting, "DeletingLoadBalancer",
          pool.empty() ? std::string{"releasing what the Service has in EdgeLB"}
                       : "releasing EdgeLB pool " + quoted(pool)};
}

service_report contested_report(std::string_view pool, const std::vector<ingress>& addresses) {
  auto message =
    addresses.empty() ? std::string{} : provisioned_report(pool, addresses).message + ", but ";
  message += "another program keeps changing this Service's status, which dklb now puts back once"
             " a minute at most; see which one it is (kubectl get service -o yaml"
             " --show-managed-fields) and stop it (k3s: --disable=servicelb), or keep it off this"
             " Service by spec.loadBalancerClass";
  return {service_phase::waiting, "StatusContested", std::move(message)};
}

service_report rejected_report(std::string_view cause) {
  return {service_phase::waiting, "KubernetesError",
          "the API server does not take this Service's status: " + std::string{cause}
            + "; dklb tries again by itself, each time later"};
}

condition_update condition_of(const service_report& report, std::int64_t generation) {
  const auto provisioned = report.phase == service_phase::provisioned;
  return {provisioned ? "True" : "False", std::string{report.reason},
          visible(report.message, longest_message), generation};
}

bool condition_says(const service& object, const condition_update& update) {
  const auto& own = object.own_condition;
  return own && own->status == update.status && own->reason == update.reason
         && own->message == update.message;
}

bool condition_contradicts(const service& object, std::string_view pool) {
  if (!object.own_condition)
    return false;
  const auto& reason = object.own_condition->reason;
  for (const auto refusal : {refusal_reason::port_conflict, refusal_reason::pool_conflict,
                             refusal_reason::creation_forbidden, refusal_reason::invalid})
    if (reason == reason_of(refusal))
      return true;
  const auto tells_of_pool = reason == ensured || reason == ensuring;
  return tells_of_pool
         && object.own_condition->message.find("EdgeLB pool " + quoted(pool)) == std::string::npos;
}

desired_status compose_status(const service& current, const status_inputs& inputs) {
  desired_status out;
  out.mode = inputs.mode;
  const auto addressed = inputs.addresses != nullptr && !inputs.addresses->empty();
  // Addresses written before stay while the metadata shows none (invariant 6).
  if (addressed)
    out.addresses = *inputs.addresses;
  else if (inputs.withheld != nullptr)
    out.addresses = without(current.addresses, *inputs.withheld);
  if (inputs.said != nullptr && (inputs.blocking || !addressed))
    out.condition = *inputs.said;
  else if (addressed)
    out.condition =
      condition_of(inputs.contested ? contested_report(inputs.pool, *inputs.addresses)
                                    : provisioned_report(inputs.pool, *inputs.addresses),
                   current.generation);
  else if (!inputs.left_out.empty())
    out.condition = condition_of(awaiting_address_report(inputs.pool), current.generation);
  if (out.condition && !inputs.blocking)
    for (const auto text : {inputs.left_out, inputs.remark})
      if (!text.empty())
        out.condition->message.append("; ").append(text);
  return out;
}

desired_status withdrawn_status(const service& current, const std::vector<ingress>* published) {
  desired_status out;
  if (published == nullptr || *published == current.addresses)
    out.addresses = std::vector<ingress>{};
  if (current.own_condition)
    out.condition = condition_update{"False", "NotManaged", "dklb no longer serves this Service",
                                     current.generation};
  return out;
}

} // namespace dklb::domain
