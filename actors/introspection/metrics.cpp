#include "actors/introspection/metrics.hpp"

#include "dklb/version.hpp"

#include <utility>

namespace dklb::actors {

using domain::service_phase;
using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

namespace {

/// A method of HTTP (or LIST, WATCH) and the label it is counted under.
struct method_label {
  std::string_view method;
  const char* label;
};

// The last one of each is for whatever else there may be.
constexpr std::array edgelb_methods{
  method_label{"GET", "GET"},       method_label{"POST", "POST"}, method_label{"PUT", "PUT"},
  method_label{"DELETE", "DELETE"}, method_label{"", "other"},
};
constexpr std::array kubernetes_verbs{
  method_label{"GET", "get"},       method_label{"LIST", "list"},  method_label{"WATCH", "watch"},
  method_label{"POST", "create"},   method_label{"PUT", "update"}, method_label{"PATCH", "patch"},
  method_label{"DELETE", "delete"}, method_label{"", "other"},
};

template <std::size_t Size>
std::size_t position(const std::array<method_label, Size>& known, std::string_view method) {
  std::size_t index = 0;
  while (index + 1 < Size && known.at(index).method != method)
    ++index;
  return index;
}

template <std::size_t Size>
std::vector<std::unique_ptr<answer_counters>>
make_counters(prometheus::Family<prometheus::Counter>& family, const char* label,
              const std::array<method_label, Size>& known) {
  std::vector<std::unique_ptr<answer_counters>> out;
  out.reserve(Size);
  for (const auto& item : known)
    out.push_back(
      std::make_unique<answer_counters>(family, prometheus::Labels{{label, item.label}}));
  return out;
}

/// Seconds: from an address that comes at once to half an hour of a pool that does not come up.
const prometheus::Histogram::BucketBoundaries address_buckets{0.1, 0.25, 0.5, 1,   2.5, 5,   10,
                                                              30,  60,   120, 300, 600, 1800};
const prometheus::Histogram::BucketBoundaries request_buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                              0.5,   1,    2.5,   5,    10,  30};

bool is_pending(service_phase phase) {
  return phase == service_phase::waiting || phase == service_phase::provisioning
         || phase == service_phase::awaiting_address;
}

} // namespace

answer_counters::answer_counters(prometheus::Family<prometheus::Counter>& family,
                                 prometheus::Labels labels)
  : family_(family), labels_(std::move(labels)) {}

void answer_counters::count(int status) {
  const auto index =
    status > 0 && status < static_cast<int>(statuses) ? static_cast<std::size_t>(status) : 0;
  auto& slot = known_.at(index);
  auto* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Whoever comes second is given the same counter.
    auto labels = labels_;
    labels["code"] = index == 0 ? "error" : std::to_string(index);
    counter = &family_.Add(labels);
    slot.store(counter, std::memory_order_release);
  }
  counter->Increment();
}

metrics::metrics(std::function<clock::time_point()> now)
  : now_(std::move(now)),
    without_nodes_(BuildGauge()
                     .Name("dklb_services_without_nodes")
                     .Help("Services in a pool for whose traffic there is no node.")
                     .Register(registry_)
                     .Add({})),
    nodes_(BuildGauge()
             .Name("dklb_nodes")
             .Help("Nodes of the cluster with backendMode nodes, by whether pools may use them.")
             .Register(registry_)),
    oldest_pending_(BuildGauge()
                      .Name("dklb_oldest_pending_seconds")
                      .Help("How long the Service that waits longest has waited for its address; "
                            "0 where none waits or this process does not lead.")
                      .Register(registry_)
                      .Add({})),
    time_to_address_(BuildHistogram()
                       .Name("dklb_time_to_address_seconds")
                       .Help("From the moment dklb took up a Service without an address until "
                             "the address was in its status.")
                       .Register(registry_)
                       .Add({}, address_buckets)),
    edgelb_seconds_(BuildHistogram()
                      .Name("dklb_edgelb_request_seconds")
                      .Help("How long EdgeLB took to answer, without the wait for a free slot.")
                      .Register(registry_)
                      .Add({}, request_buckets)),
    edgelb_requests_(BuildCounter()
                       .Name("dklb_edgelb_requests_total")
                       .Help("Requests to EdgeLB by HTTP method and status; the code is error "
                             "where no complete answer came.")
                       .Register(registry_)),
    kubernetes_requests_(BuildCounter()
                           .Name("dklb_kubernetes_requests_total")
                           .Help("Requests to the API server by verb and HTTP status; the code is "
                                 "error where no complete answer came. A watch counts when it "
                                 "ends.")
                           .Register(registry_)),
    pool_writes_(BuildCounter()
                   .Name("dklb_edgelb_pool_writes_total")
                   .Help("Pools that were created, replaced or removed.")
                   .Register(registry_)),
    pools_created_(pool_writes_.Add({{"cause", "create"}})),
    pools_replaced_(pool_writes_.Add({{"cause", "replace"}})),
    pools_removed_(pool_writes_.Add({{"cause", "remove"}})),
    edgelb_answers_(make_counters(edgelb_requests_, "method", edgelb_methods)),
    kubernetes_answers_(make_counters(kubernetes_requests_, "verb", kubernetes_verbs)) {
  BuildGauge()
    .Name("dklb_build_info")
    .Help("Always 1; the label tells the version.")
    .Register(registry_)
    .Add({{"version", version}})
    .Set(1);
  auto& services = BuildGauge()
                     .Name("dklb_services")
                     .Help("Services that the leader looks after, by phase.")
                     .Register(registry_);
  for (std::size_t index = 0; index < service_phases; ++index)
    services_.at(index) = &services.Add({{"phase", to_string(static_cast<service_phase>(index))}});
  auto& reloads = BuildCounter()
                    .Name("dklb_config_reloads_total")
                    .Help("How often the configuration file was read again, by what became of it.")
                    .Register(registry_);
  reloads_ = {&reloads.Add({{"result", "applied"}}), &reloads.Add({{"result", "unchanged"}}),
              &reloads.Add({{"result", "rejected"}})};
}

void metrics::edgelb_answered(std::string_view method, int status,
                              std::chrono::duration<double> took) {
  edgelb_answers_[position(edgelb_methods, method)]->count(status);
  edgelb_seconds_.Observe(took.count());
}

void metrics::kubernetes_answered(std::string_view method, int status) {
  kubernetes_answers_[position(kubernetes_verbs, method)]->count(status);
}

void metrics::pool_written(domain::pool_action action) {
  switch (action) {
  case domain::pool_action::create:
    return pools_created_.Increment();
  case domain::pool_action::replace:
    return pools_replaced_.Increment();
  case domain::pool_action::remove:
    return pools_removed_.Increment();
  case domain::pool_action::none:
    return;
  }
}

void metrics::nodes_counted(const domain::node_counts& counts) {
  const auto set = [this](const char* state, std::size_t number) {
    nodes_.Add({{"state", state}}).Set(static_cast<double>(number));
  };
  set("usable", counts.usable);
  set("never_ready", counts.never_ready);
  set("excluded", counts.excluded);
  set("no_address", counts.no_address);
}

void metrics::config_reloaded(reload_result result) {
  reloads_.at(static_cast<std::size_t>(result))->Increment();
}

std::vector<prometheus::MetricFamily> metrics::collect() {
  {
    const std::lock_guard lock{mutex_};
    const auto oldest = waiting_.empty() ? clock::duration::zero() : now_() - *waiting_.begin();
    oldest_pending_.Set(std::chrono::duration<double>(oldest).count());
  }
  return registry_.Collect();
}

metrics::waiting_since::iterator metrics::begin_wait() {
  const std::lock_guard lock{mutex_};
  return waiting_.insert(now_());
}

void metrics::end_wait(waiting_since::iterator since) {
  const std::lock_guard lock{mutex_};
  waiting_.erase(since);
}

void metrics::served(waiting_since::iterator since) {
  time_to_address_.Observe(std::chrono::duration<double>(now_() - *since).count());
}

service_meter::service_meter(std::shared_ptr<metrics> into) : into_(std::move(into)) {}

service_meter::~service_meter() {
  if (phase_)
    into_->services_.at(static_cast<std::size_t>(*phase_))->Decrement();
  if (no_nodes_)
    into_->without_nodes_.Decrement();
  if (pending_)
    into_->end_wait(*pending_);
}

void service_meter::enter(service_phase phase, bool has_address, bool no_nodes) {
  if (std::exchange(no_nodes_, no_nodes) != no_nodes)
    into_->without_nodes_.Increment(no_nodes ? 1 : -1);
  if (phase_ == phase)
    return;
  into_->services_.at(static_cast<std::size_t>(phase))->Increment();
  if (const auto left = std::exchange(phase_, phase))
    into_->services_.at(static_cast<std::size_t>(*left))->Decrement();
  if (is_pending(phase) == pending_.has_value())
    return;
  if (!pending_) {
    pending_ = into_->begin_wait();
    first_address_ = !has_address;
    return;
  }
  if (phase == service_phase::provisioned && first_address_)
    into_->served(*pending_);
  into_->end_wait(*std::exchange(pending_, std::nullopt));
}

} // namespace dklb::actors
