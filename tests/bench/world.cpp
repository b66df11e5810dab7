#include "tests/bench/world.hpp"

#include "tests/support/services.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace dklb::bench {

using support::log_entry;

namespace {

constexpr const char* name_space = "default";

std::string numbered(const char* prefix, std::size_t number) {
  char text[40];
  std::snprintf(text, sizeof text, "%s-%05zu", prefix, number);
  return text;
}

/// The first logged request of each key.
std::map<std::string, log_entry> first_of(const support::imposter& server, const char* verb,
                                          const char* resource) {
  std::map<std::string, log_entry> out;
  for (auto& entry : server.log(verb, resource))
    out.emplace(entry.meaning.key, std::move(entry));
  return out;
}

bare_request again(const log_entry& entry, const std::string& base, std::size_t group,
                   const char* content_type) {
  return {group, entry.method, base + entry.target, content_type, entry.body};
}

} // namespace

std::string service_name(std::size_t number) {
  return numbered("svc", number);
}

std::string pool_name(std::size_t number) {
  return numbered("pool", number);
}

bool wait_for(const std::function<bool()>& predicate, std::chrono::milliseconds deadline,
              std::chrono::milliseconds pause) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

world::world() {
  kube.set_node_port_range(10000, 65000);
}

void world::create_service(std::size_t number, const std::string& shared_pool) {
  const auto pool = shared_pool.empty() ? pool_name(number) : shared_pool;
  // On a shared pool every frontend needs a port of its own.
  const int port = shared_pool.empty() ? 80 : static_cast<int>(10000 + number);
  auto service = support::load_balancer(name_space, service_name(number), {port},
                                        "name: " + pool + "\nrole: slave_public\n");
  kube.create_service(std::move(service));
}

void world::create_services(std::size_t count, const std::string& shared_pool) {
  for (std::size_t i = 0; i < count; ++i)
    create_service(i, shared_pool);
}

void world::start(const context& about, const nlohmann::json& overrides) {
  dklb = std::make_unique<support::controller_process>(about.program, kube, edgelb, overrides);
}

bool world::settle(std::size_t count) {
  const auto served = [&] {
    if (!dklb->process().running())
      throw std::runtime_error("dklb ended early:\n" + dklb->output());
    return kube.count("patch", "services/status") >= count;
  };
  // Seldom, because whoever asks takes the processor from those who serve.
  if (!wait_for(served, std::chrono::minutes(2), std::chrono::milliseconds(20)))
    return false;
  wait_quiet(std::chrono::milliseconds(500));
  for (std::size_t i = 0; i < count; ++i) {
    const auto status = kube.service(name_space, service_name(i))["status"];
    if (!status["loadBalancer"].contains("ingress"))
      return false;
  }
  return true;
}

void world::wait_quiet(std::chrono::milliseconds quiet) {
  auto seen = kube.writes() + edgelb.writes();
  auto since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - since < quiet) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto now = kube.writes() + edgelb.writes();
    if (std::exchange(seen, now) != now)
      since = std::chrono::steady_clock::now();
  }
}

double seconds_to_last(const support::kube_imposter& kube, const std::string& verb,
                       const std::string& resource) {
  const auto first = kube.log("list", "services");
  const auto requests = kube.log(verb, resource);
  if (first.empty() || requests.empty())
    return 0;
  auto last = first.front().started;
  for (const auto& entry : requests)
    last = std::max(last, entry.finished.value_or(entry.started));
  return std::chrono::duration<double>(last - first.front().started).count();
}

std::vector<bare_chain> replay(const world& recorded, const world& target, std::size_t count,
                               bool with_pools) {
  constexpr const char* merge = "application/merge-patch+json";
  constexpr const char* json = "application/json";
  const auto patches = first_of(recorded.kube, "patch", "services");
  const auto statuses = first_of(recorded.kube, "patch", "services/status");
  const auto creations = first_of(recorded.edgelb, "create", "pools");
  const auto metadata = first_of(recorded.edgelb, "get", "pools/metadata");
  std::vector<bare_chain> chains;
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = std::string(name_space) + "/" + service_name(i);
    bare_chain chain;
    chain.push_back(again(patches.at(key), target.kube.url(), kubernetes_group, merge));
    if (with_pools) {
      const auto pool = pool_name(i);
      chain.push_back(again(creations.at(pool), target.edgelb.url(), edgelb_group, json));
      chain.push_back(again(metadata.at(pool), target.edgelb.url(), edgelb_group, json));
    }
    chain.push_back(again(statuses.at(key), target.kube.url(), kubernetes_group, merge));
    chains.push_back(std::move(chain));
  }
  if (with_pools) {
    for (const auto& event : recorded.kube.log("create", "events"))
      chains.push_back({again(event, target.kube.url(), kubernetes_group, json)});
  }
  return chains;
}

bare_chain lists(const world& target, std::size_t count) {
  bare_chain chain;
  chain.push_back({edgelb_group, "GET", target.edgelb.url() + "/v2/pools", "", ""});
  const auto base = target.kube.url() + "/api/v1/services?limit=500";
  chain.push_back({kubernetes_group, "GET", base + "&resourceVersion=0", "", ""});
  for (std::size_t page = 500; page < count; page += 500) {
    // Continue tokens of the imposter are counted from one in a fresh server.
    chain.push_back(
      {kubernetes_group, "GET", base + "&continue=page1." + std::to_string(page), "", ""});
  }
  return chain;
}

std::vector<std::string> watches(const world& recorded, const world& target) {
  // Not the streamed list that this server refuses.
  for (const auto& entry : recorded.kube.log("watch", "services")) {
    if (entry.status == 200)
      return {target.kube.url() + entry.target};
  }
  throw std::runtime_error("dklb did not watch");
}

} // namespace dklb::bench
