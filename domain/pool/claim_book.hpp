#pragma once

#include "domain/pool/pool_claim.hpp"
#include "domain/pool/pool_plan.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::domain {

/// Who wants what of one pool, who leaves it, and which of it EdgeLB is known to take. Versions
/// count changes: a round of the pool plans all claims and releases as of a version, and its
/// outcome is about those only.
///
/// A write that EdgeLB definitely refuses is the fault of a claim or a release that was in it: of
/// those that EdgeLB's words name, or else of those that changed since the last success. Several
/// are halved until one is found faulty, so that it neither holds the pool hostage nor takes its
/// neighbours down.
class claim_book {
public:
  using claim_ptr = std::shared_ptr<const pool_claim>;

  struct entry {
    claim_ptr claim;
    std::uint64_t version = 0; ///< of its last change
    /// Its owner was told a verdict, namely this refusal, or without one: it is served.
    bool told = false;
    std::unique_ptr<const claim_refusal> refusal;
    std::shared_ptr<const node_notice> notice; ///< what it was told of its nodes

    bool served() const { return told && !refusal; }
  };

  /// A claim, new or changed. False where the same one is there already.
  bool put(claim_ptr claim);
  /// The Service gives up whatever it has here. `creation`: its strategy as far as the sender
  /// knows; a claim that is here is asked as well.
  void release(const service_key& service, std::optional<creation_strategy> creation);
  /// The release was carried out.
  void released(const service_key& service);

  /// Sorted by Service.
  const std::vector<entry>& entries() const { return entries_; }
  /// The Service's entry, null where it has none.
  const entry* find(const service_key& service) const;
  bool releasing(const service_key& service) const { return releases_.contains(service); }
  bool empty() const { return entries_.empty() && releases_.empty(); }
  std::uint64_t version() const { return version_; }

  /// All that the next plan is to know of claims and releases.
  pool_plan_input plan_input() const;
  /// Claims and releases that the next plan leaves out: faulty ones, and those that wait for their
  /// turn.
  std::set<service_key> excluded() const;

  /// A round over `planned` succeeded (written, or nothing to write). True where what was left out
  /// is to be tried next.
  bool succeeded(std::uint64_t planned);
  /// A round over `planned` was definitely refused, in words that name objects of these Services.
  /// Returns the Services whose claim or release is now found faulty; none where the search goes
  /// on, or where nothing in the round can be at fault (`explained()`).
  std::vector<service_key> refused(std::uint64_t planned, const std::set<service_key>& named);
  /// Whether a claim or a release could be at fault for the last refusal.
  bool explained() const { return explained_; }
  /// Tries faulty ones again (after a back-off, or because something changed). False where there is
  /// none.
  bool retry_faulty();
  /// dklb has made the pool, or deleted it: who left the one before does not count any more.
  void made_anew() { kept_ = false; }
  /// Notes the verdict on a claim (no refusal: served, with this notice). True where its owner has
  /// not heard it yet.
  bool settle(const service_key& service, const std::optional<claim_refusal>& refusal,
              const std::shared_ptr<const node_notice>& notice = nullptr);

private:
  struct leave {
    std::uint64_t version = 0;
    std::optional<creation_strategy> creation;
  };
  std::vector<entry> entries_; ///< one in most pools, which a map's node would make much of
  std::map<service_key, leave> releases_;
  /// Left out until their turn: the later halves of refused rounds, the latest last.
  std::vector<std::set<service_key>> suspects_;
  std::set<service_key> faulty_;
  std::uint64_t version_ = 0;
  std::uint64_t success_ = 0;
  std::uint64_t room_ = 0; ///< the version that last made room for others; 0: none since a retry
  bool explained_ = false;
  bool kept_ = false; ///< a Service with strategies.creation Never has left

  std::vector<entry>::iterator place_of(const service_key& service);
  void set_version(const service_key& service, std::uint64_t version);
  std::vector<service_key> changed_until(std::uint64_t planned) const;
  void clear_of_suspicion(const service_key& service);
};

} // namespace dklb::domain
