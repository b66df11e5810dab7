#include "tests/bench/rows.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace dklb::bench {
namespace {

using namespace std::chrono_literals;

/// The same requests by the bare loop, on servers of their own.
bare_outcome run_floor(const world& recorded, std::size_t count, bool with_pools,
                       const std::string& shared_pool) {
  world fresh;
  fresh.create_services(count, shared_pool);
  const auto chains = replay(recorded, fresh, count, with_pools);
  auto all = run_bare_loop({lists(fresh, count)}, default_limits);
  const auto rest = run_bare_loop(chains, default_limits, watches(recorded, fresh));
  all.failures += rest.failures;
  all.seconds += rest.seconds;
  all.cpu_seconds += rest.cpu_seconds;
  if (all.failures > 0)
    throw std::runtime_error("the floor had " + std::to_string(all.failures)
                             + " failed requests, so it is none");
  return all;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return percentile(values, share);
}

double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

/// What dklb took and, right after it, the bare loop: side by side, so that a machine that is slow
/// for a while is slow for both; the medians of several such pairs.
struct paired {
  std::vector<double> seconds, floor_seconds, ratios, cpu_ratios, event_ratios;

  void add(const world& recorded, double cpu_seconds, const bare_outcome& least) {
    seconds.push_back(seconds_to_last(recorded.kube, "patch", "services/status"));
    floor_seconds.push_back(least.seconds);
    ratios.push_back(seconds.back() / least.seconds);
    cpu_ratios.push_back(cpu_seconds / least.cpu_seconds);
    // Events come after what users wait for, and the floor's time has them in it.
    event_ratios.push_back(seconds_to_last(recorded.kube, "create", "events") / least.seconds);
  }
  std::vector<row> rows(const std::string& work) const {
    return {{work + ", first list to last status", readable_seconds(median(seconds)),
             readable_seconds(median(floor_seconds)), readable(median(ratios))},
            {"the same: a quarter of the pairs is below, a quarter above", "", "",
             readable(quantile(ratios, 0.25)) + ", " + readable(quantile(ratios, 0.75))},
            {"the same: processor time of all threads", "", "", readable(median(cpu_ratios))}};
  }
};

/// The median of five moved by a quarter from run to run.
constexpr int pairs = 25;

row request_row(std::size_t count, const char* work, std::size_t requests) {
  return {std::string("requests per Service: ") + work,
          readable(static_cast<double>(requests) / static_cast<double>(count)), "", ""};
}

std::vector<row> request_rows(const world& made, std::size_t count) {
  const auto& kube = made.kube;
  const auto& edgelb = made.edgelb;
  return {
    request_row(count, "finalizer and annotation patch", kube.count("patch", "services")),
    request_row(count, "POST pool", edgelb.count("create", "pools")),
    request_row(count, "PUT pool", edgelb.count("update", "pools")),
    request_row(count, "GET pool", edgelb.count("get", "pools")),
    request_row(count, "GET metadata", edgelb.count("get", "pools/metadata")),
    request_row(count, "status patch", kube.count("patch", "services/status")),
    request_row(count, "events", kube.count("create", "events")),
  };
}

} // namespace

std::vector<row> pool_each(const context& about) {
  const auto count = about.many;
  paired runs;
  std::unique_ptr<world> last;
  for (int i = 0; i < pairs; ++i) {
    last = std::make_unique<world>();
    last->create_services(count);
    last->start(about, {{"concurrency", {{"poll", {{"min", "30s"}, {"max", "5m"}}}}}});
    if (!last->settle(count))
      throw std::runtime_error("not all Services were served");
    const auto cpu = last->dklb->process().usage().cpu_seconds;
    last->dklb->stop();
    runs.add(*last, cpu, run_floor(*last, count, true, {}));
  }
  auto rows = runs.rows(std::to_string(count) + " Services with a pool each");
  rows.push_back({"the same, until the last event", "", "", readable(median(runs.event_ratios))});
  for (auto& line : request_rows(*last, count))
    rows.push_back(std::move(line));
  return rows;
}

namespace {

/// Changes that keep coming: never two writes within the gap.
row gap_row(world& made) {
  made.wait_quiet(600ms);
  const auto before = made.edgelb.log("update", "pools", "shared").size();
  for (std::size_t i = 0; i < 40; ++i) {
    made.kube.patch_service(
      "default", service_name(i),
      {{"metadata",
        {{"annotations",
          {{"kubernetes.dcos.io/dklb-config",
            "name: shared\nrole: slave_public\nfrontends:\n- port: " + std::to_string(30000 + i)
              + "\n  servicePort: " + std::to_string(10000 + i) + "\n"}}}}}});
    std::this_thread::sleep_for(25ms);
  }
  made.wait_quiet(600ms);
  const auto writes = made.edgelb.log("update", "pools", "shared");
  auto least = 1h + 0ms;
  for (auto i = std::max<std::size_t>(before, 1); i < writes.size(); ++i)
    least = std::min(least, std::chrono::duration_cast<std::chrono::milliseconds>(
                              writes[i].started - writes[i - 1].started));
  return {"40 changes of that pool within 1 s: writes, least time between two",
          std::to_string(writes.size() - before) + ", " + std::to_string(least.count()) + " ms", "",
          ""};
}

/// One change to a quiet pool: how long until EdgeLB hears of it.
row single_change_row(world& made) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < 15; ++i) {
    made.wait_quiet(400ms);
    made.edgelb.clear_log();
    made.kube.patch_service(
      "default", service_name(i),
      {{"metadata",
        {{"annotations",
          {{"kubernetes.dcos.io/dklb-config",
            "name: shared\nrole: slave_public\nfrontends:\n- port: " + std::to_string(40000 + i)
              + "\n  servicePort: " + std::to_string(10000 + i) + "\n"}}}}}});
    const auto told = made.kube.last_told();
    if (!wait_for([&] { return made.edgelb.count("update", "pools") > 0; }, 5s))
      throw std::runtime_error("a change of a Service did not reach its pool");
    const auto write = made.edgelb.log("update", "pools", "shared").front();
    seconds.push_back(std::chrono::duration<double>(write.started - told).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return {"a single change of that pool: watch event to PUT, p50",
          readable_seconds(percentile(seconds, 0.5)), "", ""};
}

} // namespace

std::vector<row> one_pool(const context& about) {
  const auto count = about.many;
  const auto work = std::to_string(count) + " Services on one pool";
  paired runs;
  std::unique_ptr<world> last;
  std::size_t writes = 0;
  for (int i = 0; i < pairs; ++i) {
    last = std::make_unique<world>();
    last->create_services(count, "shared");
    last->start(about);
    if (!last->settle(count))
      throw std::runtime_error("not all Services on the shared pool were served");
    writes = std::max(writes, last->edgelb.writes_to("shared").count);
    runs.add(*last, last->dklb->process().usage().cpu_seconds,
             run_floor(*last, count, false, "shared"));
  }
  auto rows = runs.rows(work);
  rows.push_back({work + ": most writes to it", std::to_string(writes), "1", ""});
  auto& made = *last;
  rows.push_back(gap_row(made));
  rows.push_back(single_change_row(made));
  return rows;
}

} // namespace dklb::bench
