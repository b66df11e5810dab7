#include "tests/bench/rows.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace dklb::bench {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<world> settled(const context& about, std::size_t count,
                               const nlohmann::json& overrides = nlohmann::json::object()) {
  auto made = std::make_unique<world>();
  // Ten thousand request bodies would only cost memory here.
  made->kube.keep_bodies(false);
  made->edgelb.keep_bodies(false);
  made->create_services(count);
  made->start(about, overrides);
  if (!made->settle(count))
    throw std::runtime_error("not all of " + std::to_string(count) + " Services were served");
  return made;
}

void require_served(world& made, std::size_t number) {
  const auto served = [&] {
    const auto status = made.kube.service("default", service_name(number))["status"];
    return status["loadBalancer"].contains("ingress");
  };
  if (!wait_for(served, 20s))
    throw std::runtime_error(service_name(number) + " was not served");
}

/// Seconds from the watch event of a new Service to the first request about its pool. Returns once
/// that Service is settled, its event included, so that the next one finds nothing under way.
double reaction(world& made, std::size_t number) {
  const auto events = made.kube.count("create", "events");
  made.edgelb.clear_log();
  made.create_service(number);
  const auto told = made.kube.last_told();
  // Whoever asks whether it is served would take the processor from those who serve it.
  std::this_thread::sleep_for(10ms);
  require_served(made, number);
  if (!wait_for([&] { return made.kube.count("create", "events") > events; }, 20s, 5ms))
    throw std::runtime_error("no event about " + service_name(number));
  std::this_thread::sleep_for(5ms);
  for (const auto& entry : made.edgelb.log()) {
    if (entry.meaning.key == pool_name(number))
      return std::chrono::duration<double>(entry.started - told).count();
  }
  throw std::runtime_error("no request about " + pool_name(number));
}

} // namespace

std::vector<row> added_latency(const context& about) {
  const auto made = settled(about, about.most);
  // In turns, so that a machine that is slow for a while is slow for both.
  constexpr std::size_t turns = 30;
  std::vector<double> idle;
  std::vector<double> seconds;
  while (seconds.size() < about.samples) {
    const auto some = std::min(turns, about.samples - seconds.size());
    const auto trips = idle_round_trips(made->edgelb.url() + "/ping", some);
    idle.insert(idle.end(), trips.begin(), trips.end());
    for (std::size_t i = 0; i < some; ++i)
      seconds.push_back(reaction(*made, about.most + seconds.size()));
  }
  std::sort(idle.begin(), idle.end());
  std::sort(seconds.begin(), seconds.end());
  const auto line = [&](const char* name, double share) {
    const auto taken = percentile(seconds, share);
    const auto least = percentile(idle, share);
    return row{"one Service more among " + std::to_string(about.most)
                 + ": watch event to EdgeLB request against an idle round trip, " + name,
               readable_seconds(taken), readable_seconds(least), readable(taken / least)};
  };
  return {line("p50", 0.5), line("p99", 0.99)};
}

std::vector<row> steady_state(const context& about) {
  std::vector<row> rows;
  std::vector<double> megabytes;
  for (const auto count : {about.many, about.most}) {
    const auto made = settled(about, count);
    std::this_thread::sleep_for(about.rest);
    megabytes.push_back(made->dklb->process().usage().resident_megabytes);
    rows.push_back({"resident memory, " + std::to_string(count) + " settled Services",
                    readable(megabytes.back()) + " MB", "", ""});
    if (count != about.most)
      continue;
    about.note("waiting for the polls to slow down, then watching the steady state for "
               + std::to_string(about.steady.count()) + " s");
    std::this_thread::sleep_for(about.slow_down);
    const auto before = made->dklb->process().usage().cpu_seconds;
    const auto writes = made->kube.writes() + made->edgelb.writes();
    std::this_thread::sleep_for(about.steady);
    const auto used = made->dklb->process().usage();
    const auto share =
      100 * (used.cpu_seconds - before) / static_cast<double>(about.steady.count());
    rows.push_back({"processor time in steady state, " + std::to_string(count) + " Services",
                    readable(share) + " % of a core", "", ""});
    rows.push_back({"resident memory after " + std::to_string(about.steady.count()) + " s",
                    readable(used.resident_megabytes) + " MB", "", ""});
    const auto later = made->kube.writes() + made->edgelb.writes() - writes;
    rows.push_back({"writes in steady state", std::to_string(later), "0", ""});
  }
  const auto each =
    (megabytes[1] - megabytes[0]) * 1024 / static_cast<double>(about.most - about.many);
  rows.push_back({"memory per settled Service", readable(each) + " KB", "", ""});
  return rows;
}

std::vector<row> resync_reads(const context& about) {
  const auto made =
    settled(about, about.many,
            {{"concurrency", {{"resyncPeriod", "1s"}, {"poll", {{"min", "1m"}, {"max", "5m"}}}}}});
  const auto lists = made->edgelb.count("list", "pools");
  const auto reads = made->edgelb.count("get", "pools");
  std::this_thread::sleep_for(5500ms);
  const auto more = static_cast<double>(made->edgelb.count("list", "pools") - lists);
  const auto single = made->edgelb.count("get", "pools") - reads;
  return {{"inventory reads in 5 resyncs of " + std::to_string(about.many) + " pools",
           readable(more) + " GET of all, " + std::to_string(single) + " of single pools", "5",
           ""}};
}

std::vector<row> restart(const context& about) {
  auto made = settled(about, about.many);
  made->dklb->stop();
  const auto extra = about.many;
  made->create_service(extra);
  made->kube.clear_log();
  made->edgelb.clear_log();
  const auto start = std::chrono::steady_clock::now();
  made->dklb->start();
  require_served(*made, extra);
  const auto patch =
    made->kube.log("patch", "services/status", "default/" + service_name(extra)).front();
  const auto seconds =
    std::chrono::duration<double>(patch.finished.value_or(patch.started) - start).count();
  made->wait_quiet(2s);
  std::size_t foreign = 0;
  for (const auto& entry : made->kube.log()) {
    const bool about_extra =
      entry.meaning.key.ends_with(service_name(extra)) || entry.meaning.resource == "events";
    foreign += entry.write() && !about_extra ? 1U : 0U;
  }
  for (const auto& entry : made->edgelb.log())
    foreign += entry.write() && entry.meaning.key != pool_name(extra) ? 1U : 0U;
  // Events about the one new Service are its own; any more would be about the settled ones.
  const auto events = made->kube.count("create", "events");
  return {{"restart over " + std::to_string(about.many) + " settled Services: writes on them",
           std::to_string(foreign), "0", ""},
          {"the same: events, all about the one new Service", std::to_string(events), "", ""},
          {"start of the process until a new Service has its address", readable_seconds(seconds),
           "", ""}};
}

std::vector<row> delete_some(const context& about) {
  auto made = settled(about, about.many);
  made->kube.clear_log();
  made->edgelb.clear_log();
  for (std::size_t i = 0; i < 10; ++i)
    made->kube.delete_service("default", service_name(i * 7));
  const auto gone = [&] { return made->kube.service_count() == about.many - 10; };
  if (!wait_for(gone, 20s))
    throw std::runtime_error("deleted Services stay");
  made->wait_quiet(1s);
  std::size_t others = 0;
  const auto deleted = [](const std::string& key) {
    for (std::size_t i = 0; i < 10; ++i) {
      if (key.ends_with(service_name(i * 7)) || key == pool_name(i * 7))
        return true;
    }
    return false;
  };
  for (const auto& entry : made->kube.log())
    others += entry.write() && entry.meaning.resource != "events" && !deleted(entry.meaning.key);
  for (const auto& entry : made->edgelb.log())
    others += entry.write() && !deleted(entry.meaning.key);
  return {{"deleting 10 of " + std::to_string(about.many) + ": writes on the others",
           std::to_string(others), "0", ""}};
}

} // namespace dklb::bench
