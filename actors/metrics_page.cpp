#include "actors/metrics_page.hpp"

#include "actors/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <utility>

namespace dklb::actors {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(const char* name, const char* help, MetricType type) {
  MetricFamily out;
  out.name = name;
  out.help = help;
  out.type = type;
  return out;
}

ClientMetric sample(MetricType type, std::size_t value) {
  ClientMetric out;
  (type == MetricType::Counter ? out.counter.value : out.gauge.value) = static_cast<double>(value);
  return out;
}

MetricFamily single(const char* name, const char* help, std::size_t value) {
  auto out = family(name, help, MetricType::Gauge);
  out.metric.push_back(sample(out.type, value));
  return out;
}

MetricFamily by_kind(const char* name, const char* help, MetricType type,
                     const std::map<std::string, std::size_t>& values) {
  auto out = family(name, help, type);
  for (const auto& [kind, value] : values) {
    auto item = sample(type, value);
    item.label.push_back({"kind", kind});
    out.metric.push_back(std::move(item));
  }
  return out;
}

std::size_t value_of(const std::map<std::string, std::size_t>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
}

} // namespace

std::string render_metrics(const runtime& run, bool leader) {
  auto families = run.stats->collect();
  const auto living = run.actors->count();
  auto restarts = run.actors->restarts();
  // A counter that appears with its first event hides it from increase().
  for (const auto& [kind, number] : living)
    restarts.try_emplace(kind, 0);
  families.push_back(single("dklb_leader", "1 where this process may write, else 0.",
                            static_cast<std::size_t>(leader)));
  families.push_back(
    single("dklb_pools", "Pools that this process looks after.", value_of(living, "pool")));
  families.push_back(by_kind("dklb_actors", "Live actors by kind.", MetricType::Gauge, living));
  families.push_back(by_kind("dklb_actor_restarts_total",
                             "Actors that failed and were started again, by kind.",
                             MetricType::Counter, restarts));
  return prometheus::TextSerializer{}.Serialize(families);
}

} // namespace dklb::actors
