#pragma once

#include "domain/pool_claim.hpp"
#include "domain/pool_plan.hpp"
#include "domain/rare.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::domain {

/// Who wants what of one pool, and which of it EdgeLB is known to take. Versions count changes: a
/// round of the pool plans all claims as of a version, and its outcome is about those only.
///
/// A write that EdgeLB definitely refuses is blamed on the claims that changed since the last
/// success. Several at once are halved until one is found guilty, so that a single spoiled claim
/// neither holds the pool hostage nor takes its neighbours down.
class claim_book {
public:
  using claim_ptr = std::shared_ptr<const pool_claim>;

  struct entry {
    claim_ptr claim;
    std::uint64_t version = 0; ///< of its last change
    /// Its owner was told a verdict, namely this refusal, or without one: it is served.
    bool told = false;
    std::unique_ptr<const claim_refusal> refusal;

    bool served() const { return told && !refusal; }
  };

  /// A claim, new or changed. False where the same one is there already.
  bool put(claim_ptr claim);
  /// The Service gives up whatever it has here.
  void release(const service_key& service);
  /// The release was carried out.
  void released(const service_key& service);

  /// Sorted by Service.
  const std::vector<entry>& entries() const { return entries_; }
  /// The Service's entry, null where it has none.
  const entry* find(const service_key& service) const;
  const std::set<service_key>& releases() const { return *releases_; }
  bool empty() const { return entries_.empty() && releases_->empty(); }
  std::uint64_t version() const { return version_; }

  /// Claims that the next plan leaves out: the guilty, and those that wait for their turn.
  std::set<service_key> excluded() const;
  const std::map<service_key, std::string>& guilty() const { return search_->guilty; }

  /// A round over `planned` succeeded (written, or nothing to write). True where claims that were
  /// left out are to be tried next.
  bool succeeded(std::uint64_t planned);
  /// A round over `planned` was definitely refused with these words. Returns the claims now found
  /// guilty; none where the search goes on, or where no changed claim can be blamed (`blamed()`).
  std::vector<service_key> refused(std::uint64_t planned, const std::string& words);
  /// Whether a changed claim could be blamed for the last refusal.
  bool blamed() const { return blamed_; }
  /// Gives the guilty another chance (after a back-off, or because the pool changed).
  bool pardon();
  /// Notes the verdict on a claim (no refusal: served). True where its owner has not heard it yet.
  bool settle(const service_key& service, const std::optional<claim_refusal>& refusal);

private:
  /// For the claims that EdgeLB refuses.
  struct search {
    /// Left out until their turn: the younger halves of refused rounds, the latest last.
    std::vector<std::set<service_key>> suspects;
    std::map<service_key, std::string> guilty;
  };

  std::vector<entry> entries_; ///< one in most pools, which a map's node would make much of
  rare<std::set<service_key>> releases_;
  rare<search> search_;
  std::uint64_t version_ = 0;
  std::uint64_t success_ = 0;
  bool blamed_ = false;

  std::vector<entry>::iterator place_of(const service_key& service);
  entry& at(const service_key& service) { return *place_of(service); }
  std::vector<claim_ptr> changed_until(std::uint64_t planned) const;
  void clear_of_suspicion(const service_key& service);
  void end_search_if_done();
};

} // namespace dklb::domain
