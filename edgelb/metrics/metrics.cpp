#include "edgelb/metrics/metrics.hpp"

#include "edgelb/haproxy/files.hpp"
#include "edgelb/metrics/exporter.hpp"
#include "edgelb/metrics/metric_page.hpp"
#include "edgelb/rules/pool_rules.hpp"

#include <dklb/version.hpp>

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace dklb::edgelb {
namespace {

using clock = std::chrono::steady_clock;
using views = std::vector<std::shared_ptr<const pool_view>>;

/// Prometheus waits 10 s by default.
constexpr auto page_limit = std::chrono::milliseconds(5000);
constexpr auto instance_limit = std::chrono::milliseconds(1000);

/// Resident memory of a process in bytes; 0 if it has ended.
std::uint64_t memory_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/statm");
  std::istringstream fields(text ? *text : "");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  fields >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// The running HAProxy processes by the configuration file that they were started with.
class process_list {
public:
  process_list() {
    for (const auto& one : running_processes()) {
      const auto flag = std::find(one.command.begin(), one.command.end(), "-f");
      if (flag != one.command.end() && flag + 1 != one.command.end())
        pids_[*(flag + 1)].push_back(one.pid);
    }
  }

  bool runs(const instance_view& instance) const { return pids_.count(config_of(instance)) != 0; }

  std::uint64_t memory(const instance_view& instance) const {
    const auto found = pids_.find(config_of(instance));
    std::uint64_t sum = 0;
    if (found != pids_.end())
      for (const auto pid : found->second)
        sum += memory_of(pid);
    return sum;
  }

private:
  static std::string config_of(const instance_view& instance) {
    return (instance.folder / "haproxy.cfg").string();
  }

  std::map<std::string, std::vector<pid_t>> pids_;
};

std::string pool_name(const pool_view& pool) {
  return text_at(pool.pool, "name");
}

void add_process(metric_page& page) {
  page.begin("edgelb_build_info", "gauge", "Always 1; the label tells the version.");
  page.add("edgelb_build_info", {{"version", dklb::version}}, 1);
  page.begin("process_resident_memory_bytes", "gauge", "Resident memory of edgelb-local itself.");
  page.add("process_resident_memory_bytes", {}, memory_of(::getpid()));
}

void add_pools(metric_page& page, const views& pools, const process_list& processes) {
  page.begin("edgelb_pools", "gauge", "Pools that edgelb-local keeps.");
  page.add("edgelb_pools", {}, pools.size());
  page.begin("edgelb_instances", "gauge", "Instances of a pool by state.");
  for (const auto& pool : pools) {
    std::uint64_t running = 0;
    std::uint64_t down = 0;
    std::uint64_t draining = 0;
    for (const auto& one : pool->instances) {
      const bool runs = processes.runs(one);
      if (one.draining)
        draining += runs ? 1 : 0;
      else
        ++(runs ? running : down);
    }
    const auto name = pool_name(*pool);
    const auto add = [&](std::string_view state, std::uint64_t count) {
      page.add("edgelb_instances", {{"pool", name}, {"state", state}}, count);
    };
    add("running", running);
    add("waiting", static_cast<std::uint64_t>(std::max(pool->waiting, 0)));
    add("down", down);
    add("draining", draining);
  }
}

void add_instances(metric_page& page, const views& pools, const process_list& processes) {
  page.begin("edgelb_instance_restarts_total", "counter",
             "Starts of an instance's HAProxy after an end that nobody asked for.");
  page.begin("edgelb_instance_reloads_total", "counter",
             "Changes of an instance that needed a new process.");
  page.begin("edgelb_instance_memory_bytes", "gauge",
             "Resident memory of an instance's processes, with those that serve old connections.");
  for (const auto& pool : pools) {
    const auto name = pool_name(*pool);
    for (const auto& one : pool->instances) {
      const metric_labels labels{{"pool", name}, {"instance", one.id}};
      page.add("edgelb_instance_restarts_total", labels, one.restarts);
      page.add("edgelb_instance_reloads_total", labels, one.reloads);
      page.add("edgelb_instance_memory_bytes", labels, processes.memory(one));
    }
  }
}

/// Reads the exporters one after the other. What is not read when the time is over is left out.
void add_traffic(metric_page& page, const views& pools, const process_list& processes,
                 bool servers) {
  page.begin("edgelb_instances_not_scraped", "gauge",
             "Running instances whose HAProxy did not give its series in time.");
  const auto deadline = clock::now() + page_limit;
  std::vector<std::pair<std::string, std::uint64_t>> missed;
  for (const auto& pool : pools) {
    const auto name = pool_name(*pool);
    missed.emplace_back(name, 0);
    for (const auto& one : pool->instances) {
      if (one.draining || !processes.runs(one))
        continue; // it accepts no connection
      const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
      const auto text = read_exporter(one.folder, servers, std::min(instance_limit, left));
      if (text) {
        page.merge(*text, {{"pool", name}, {"instance", one.id}}, exporter_section);
        continue;
      }
      ++missed.back().second;
      spdlog::debug("pool {}: {}", name, text.failure().message);
    }
  }
  for (const auto& [name, count] : missed)
    page.add("edgelb_instances_not_scraped", {{"pool", name}}, count);
}

} // namespace

domain::result<std::string> metrics::page(bool servers) {
  const std::unique_lock lock(making_, page_limit);
  if (!lock)
    return failure(503, "the page is being made for somebody else; try again");
  const auto pools = pools_.list();
  const process_list processes;
  metric_page page;
  add_process(page);
  add_pools(page, pools, processes);
  add_instances(page, pools, processes);
  if (pools_.has_exporter())
    add_traffic(page, pools, processes, servers);
  return page.text();
}

} // namespace dklb::edgelb
