#pragma once

#include "domain/cluster/node_list.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_phase.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::actors {

/// The number of values of service_phase.
inline constexpr std::size_t service_phases =
  static_cast<std::size_t>(domain::service_phase::deleting) + 1;

/// What became of a configuration file that was read again: it changed a value in force or the list
/// of keys that need a restart, or neither, or it has mistakes or cannot be read.
enum class reload_result { applied, unchanged, rejected };

/// The counters of one kind of request, one per HTTP status. Any thread. Counting is one atomic
/// addition, except for the first response with a status.
class answer_counters {
public:
  /// Every counter has `labels` and the label `code`.
  answer_counters(prometheus::Family<prometheus::Counter>& family, prometheus::Labels labels);

  /// Counts a response. Status 0 means that no complete response came; its `code` is `error`.
  void count(int status);

private:
  static constexpr std::size_t statuses = 600;

  prometheus::Family<prometheus::Counter>& family_;
  prometheus::Labels labels_;
  std::array<std::atomic<prometheus::Counter*>, statuses> known_{};
};

/// The metrics that dklb updates as events happen, for /metrics (docs/introspection.md, "Metrics").
/// No metric has a label per Service or pool. One per process. Any thread.
class metrics {
public:
  using clock = std::chrono::steady_clock;

  /// `now` is replaced in tests.
  explicit metrics(std::function<clock::time_point()> now = clock::now);
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// A request to EdgeLB has ended. Status 0: no complete response came. `took` does not include
  /// the wait for a free slot.
  void edgelb_answered(std::string_view method, int status, std::chrono::duration<double> took);
  /// A request to the API server has ended. The method is an HTTP method, LIST or WATCH.
  void kubernetes_answered(std::string_view method, int status);
  /// EdgeLB has confirmed a write.
  void pool_written(domain::pool_action action);
  /// The nodes have changed. Never called in backendMode mesos, which has no such metric.
  void nodes_counted(const domain::node_counts& counts);
  /// The configuration file was read again.
  void config_reloaded(reload_result result);

  /// The present values of all metrics.
  std::vector<prometheus::MetricFamily> collect();

private:
  friend class service_meter;
  using waiting_since = std::multiset<clock::time_point>;

  waiting_since::iterator begin_wait();
  void end_wait(waiting_since::iterator since);
  void served(waiting_since::iterator since);

  std::function<clock::time_point()> now_;
  prometheus::Registry registry_;
  std::array<prometheus::Gauge*, service_phases> services_{};
  prometheus::Gauge& without_nodes_;
  prometheus::Family<prometheus::Gauge>& nodes_;
  std::array<prometheus::Counter*, 3> reloads_{}; ///< by reload_result
  prometheus::Gauge& oldest_pending_;
  prometheus::Histogram& time_to_address_;
  prometheus::Histogram& edgelb_seconds_;
  prometheus::Family<prometheus::Counter>& edgelb_requests_;
  prometheus::Family<prometheus::Counter>& kubernetes_requests_;
  prometheus::Family<prometheus::Counter>& pool_writes_;
  prometheus::Counter& pools_created_;
  prometheus::Counter& pools_replaced_;
  prometheus::Counter& pools_removed_;
  std::vector<std::unique_ptr<answer_counters>> edgelb_answers_;
  std::vector<std::unique_ptr<answer_counters>> kubernetes_answers_;
  std::mutex mutex_; ///< guards what follows
  waiting_since waiting_;
};

/// The share of one Service in `services`, `oldest_pending_seconds` and `time_to_address_seconds`.
/// The Service counts in one phase at a time, until this object is destroyed. Owned by the service
/// actor; not thread-safe.
class service_meter {
public:
  explicit service_meter(std::shared_ptr<metrics> into);
  ~service_meter();
  service_meter(const service_meter&) = delete;
  service_meter& operator=(const service_meter&) = delete;

  /// The Service enters a phase. `has_address`: its status shows an address. The time to the first
  /// address is measured only if the status had none when the wait began. `no_nodes`: no node can
  /// take its traffic.
  void enter(domain::service_phase phase, bool has_address, bool no_nodes = false);

private:
  std::shared_ptr<metrics> into_;
  std::optional<metrics::waiting_since::iterator> pending_;
  std::optional<domain::service_phase> phase_;
  bool first_address_ = false;
  bool no_nodes_ = false;
};

} // namespace dklb::actors
