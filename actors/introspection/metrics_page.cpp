#include "actors/introspection/metrics_page.hpp"

#include "actors/introspection/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <map>
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

ClientMetric sample(MetricType type, double value) {
  ClientMetric out;
  (type == MetricType::Counter ? out.counter.value : out.gauge.value) = value;
  return out;
}

MetricFamily single(const char* name, const char* help, double value) {
  auto out = family(name, help, MetricType::Gauge);
  out.metric.push_back(sample(out.type, value));
  return out;
}

/// One sample for each value of a label.
template <class Number>
MetricFamily by(const char* label, const std::map<std::string, Number>& values, MetricFamily out) {
  for (const auto& [key, value] : values) {
    auto item = sample(out.type, static_cast<double>(value));
    item.label.push_back({label, key});
    out.metric.push_back(std::move(item));
  }
  return out;
}

std::map<std::string, double>
seconds_of(const std::map<std::string, std::chrono::milliseconds>& ages) {
  std::map<std::string, double> out;
  for (const auto& [name, age] : ages)
    out.emplace(name, std::chrono::duration<double>(age).count());
  return out;
}

std::size_t value_of(const std::map<std::string, std::size_t>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
}

} // namespace

std::string
render_metrics(const runtime& run, bool leader,
               std::optional<std::chrono::system_clock::time_point> certificate_expires) {
  auto families = run.stats->collect();
  const auto living = run.actors->count();
  auto restarts = run.actors->restarts();
  // A counter that appears with its first event hides it from increase().
  for (const auto& [kind, number] : living)
    restarts.try_emplace(kind, 0);
  families.push_back(
    single("dklb_leader", "1 where this process may write, else 0.", leader ? 1 : 0));
  families.push_back(single("dklb_pools", "Pools that this process looks after.",
                            static_cast<double>(value_of(living, "pool"))));
  families.push_back(
    by("kind", living, family("dklb_actors", "Live actors by kind.", MetricType::Gauge)));
  families.push_back(
    by("kind", restarts,
       family("dklb_actor_restarts_total", "Actors that failed and were started again, by kind.",
              MetricType::Counter)));
  families.push_back(by("watch", seconds_of(run.watches->list()),
                        family("dklb_watch_staleness_seconds",
                               "How long ago each watch was heard of.", MetricType::Gauge)));
  if (certificate_expires)
    families.push_back(
      single("dklb_webhook_certificate_expiration_timestamp_seconds",
             "When the webhook's certificate expires, in seconds since 1970.",
             std::chrono::duration<double>(certificate_expires->time_since_epoch()).count()));
  return prometheus::TextSerializer{}.Serialize(families);
}

} // namespace dklb::actors
