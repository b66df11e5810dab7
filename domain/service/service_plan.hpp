#pragma once

#include "domain/pool/pool_claim.hpp"
#include "domain/service/configuration_object.hpp"
#include "domain/service/service_owner.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dklb::domain {

/// Nothing to do with us: not wanted, and it is not for us to clean up after it.
struct ignore_service {
  std::string message;
};

/// Release every pool it has objects in, then take the finalizer off.
struct clean_up_service {};

/// The annotation or the spec cannot be provisioned. What worked before goes on.
struct refuse_service {
  std::string_view event_reason; ///< a literal, e.g. TranslationError
  std::string message;           ///< cause and next step
};

/// Go on with this claim. Once the pool has taken it, hand it in as `accepted`: what was refused
/// stays free to change, the name included.
struct claim_pool_part {
  std::shared_ptr<const pool_claim> claim;
  /// Accepted spellings and dropped entries the user should know of.
  std::vector<std::string> warnings;
  /// What the user should know as long as the claim holds, such as a port that is not served: told
  /// once, and shown in the condition.
  std::vector<std::string> remarks;
  /// A forbidden change (name, role, network) that is refused while the old claim goes on; the
  /// claim is then that of the last accepted object.
  std::optional<std::string> refused_change;
};

/// Write the finalizer and dklb's annotations in one patch, then plan again on the object that the
/// server answers with.
struct patch_service {
  /// The complete finalizer list to write, absent where it is already right.
  std::optional<std::vector<std::string>> finalizers;
  /// For an annotation that is absent or empty only: a text that a user wrote is never changed.
  std::optional<std::string> config_annotation;
  /// The pool's name, where the text of the user names none.
  std::optional<std::string> pool_annotation;
  /// Set where the user's forbidden change was undone: reason ConfigurationRestored.
  std::optional<std::string> restored_message;
  /// What follows on the object as patched, where that is known already.
  std::shared_ptr<const claim_pool_part> next;
};

/// Validated and defaulted, but nothing of it is provisioned, changed or removed in EdgeLB: event
/// TranslationPaused.
struct pause_service {
  std::string message;
  /// What the pool holds for it meanwhile; null where it may have nothing in a pool.
  std::shared_ptr<const pool_claim> claim;
};

using service_step = std::variant<ignore_service, clean_up_service, refuse_service, patch_service,
                                  pause_service, claim_pool_part>;

/// Who had objects in a pool at the last inventory.
struct pool_holders {
  bool this_service = false;
  bool others = false; ///< other Services of this cluster
};

/// What the decision may know beside the object itself.
struct service_plan_input {
  const domain::service* object = nullptr;
  /// The last claim's that a pool took for this uid; absent before the first one and after a
  /// restart.
  std::optional<configuration_object> accepted;
  /// A fresh candidate for a generated pool name: called until it is not taken.
  std::function<std::string()> suffix;
  /// True where EdgeLB already has a pool of that name.
  std::function<bool(const std::string&)> pool_exists;
  /// The pool that this process claims for the Service and that has not refused it; empty where
  /// there is none.
  std::string claimed = {};
  /// Who holds what in EdgeLB. Null where that is not known.
  std::function<pool_holders(const std::string& pool)> holders = {};
  /// The pools that hold objects of this Service, sorted. Null where that is not known.
  std::function<std::vector<std::string>()> held = {};
};

/// True where plan_service cannot come to another step: only versions, addresses or conditions
/// differ. Most of what the watch tells is of this kind, the echo of our own writes above all.
/// `claim` is what the last plan came to, null where it came to none: whether there are addresses
/// counts only with the creation strategy "Once".
bool same_for_plan(const service& left, const service& right, const pool_claim* claim);

/// `the annotation "..." cannot be removed`, as the controller and the webhook say it.
std::string removed_annotation_text();

/// The next step for one Service. A generated name is written onto the Service before anything is
/// claimed, so that it never changes. Source: docs/guide.md, "Who writes which annotation".
service_step plan_service(const service_settings& settings, const service_plan_input& input);

/// What one Service wants of the pool that `object` names: the claim, warnings for entries that are
/// dropped or ignored, and remarks for ports that are not TCP and therefore left out. `invalid`
/// where two ports would bind the same frontend port, or the Service cannot have its address.
result<claim_pool_part> make_claim(const service& service, const configuration_object& object);

/// The one address that the Service asks for, by `spec.loadBalancerIP` or by the key `address`;
/// empty where it asks for none, and for a cloud-provider pool. `invalid` where it cannot have it.
result<std::string> address_of(const service& service, const configuration_object& object);

/// The effective configuration object of a Service whose annotation is `object`: every default that
/// does not depend on an existing pool filled in (used for forbidden_change).
configuration_object with_defaults(const configuration_object& object,
                                   const service_settings& settings);

} // namespace dklb::domain
