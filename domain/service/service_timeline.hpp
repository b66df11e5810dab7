#pragma once

#include "domain/pool/pool_claim.hpp"
#include "domain/service/service_phase.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace dklb::domain {

/// What one Service went through, for `/services` and the user who asks why: its last reports, each
/// with its time. A text that follows from the Service's pool and addresses is not kept while they
/// stay what they are, because there may be ten thousand Services and most only ever say such.
class service_timeline {
public:
  using time = std::chrono::system_clock::time_point;
  using claim_ptr = std::shared_ptr<const pool_claim>;
  using addresses_ptr = std::shared_ptr<const std::vector<ingress>>;

  struct entry {
    time at;
    service_report report;
  };

  /// As many are kept, the newest.
  static constexpr std::size_t limit = 20;

  /// A report, with what the Service claims and has when it is made (null: nothing). False where it
  /// says what the last one said: then it is not kept.
  bool add(time at, const service_report& what, const claim_ptr& claim,
           const addresses_ptr& addresses);

  bool empty() const { return lines_.empty(); }
  /// The oldest first.
  std::vector<entry> entries() const;

private:
  struct line {
    time at;
    service_phase phase = service_phase::waiting;
    std::unique_ptr<const service_report> report; ///< null: the usual one of its phase
  };

  service_report report_of(const line& item) const;
  void move_on(const claim_ptr& claim, const addresses_ptr& addresses);

  std::vector<line> lines_;
  claim_ptr claim_;
  addresses_ptr addresses_;
};

} // namespace dklb::domain
