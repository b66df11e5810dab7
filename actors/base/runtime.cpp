#include "actors/base/runtime.hpp"

#include "domain/config/settings.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <random>
#include <utility>

namespace dklb::actors {

bool pool_names::contains(const std::string& name) const {
  const std::lock_guard lock{mutex_};
  return pools_.contains(name);
}

domain::pool_owners pool_names::owners_of(const std::string& name) const {
  const std::lock_guard lock{mutex_};
  const auto found = pools_.find(name);
  return found == pools_.end() ? nullptr : found->second;
}

std::vector<std::string> pool_names::pools_of(const domain::service_key& service) const {
  std::vector<std::string> out;
  const std::lock_guard lock{mutex_};
  for (const auto& [name, owners] : pools_)
    if (owners && std::ranges::find(*owners, service) != owners->end())
      out.push_back(name);
  std::ranges::sort(out);
  return out;
}

void pool_names::add(const std::string& name) {
  const std::lock_guard lock{mutex_};
  pools_.try_emplace(name);
}

void pool_names::remove(const std::string& name) {
  const std::lock_guard lock{mutex_};
  pools_.erase(name);
}

void pool_names::replace(std::unordered_map<std::string, domain::pool_owners> pools) {
  const std::lock_guard lock{mutex_};
  pools_.swap(pools);
}

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

nlohmann::json address_list(const std::vector<domain::ingress>& addresses) {
  auto out = nlohmann::json::array();
  for (const auto& address : addresses)
    out.push_back(address.hostname.empty() ? address.ip : address.hostname);
  return out;
}

runtime_ptr make_runtime(const domain::config& settings) {
  auto out = std::make_shared<runtime>();
  out->services = domain::service_settings_of(settings);
  out->pools = domain::pool_settings_of(settings);
  out->live->set(live_values_of(settings));
  out->wall_clock = [] { return to_rfc3339(std::chrono::system_clock::now()); };
  out->random = [] {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return generator();
  };
  out->log = spdlog::default_logger();
  out->troubles = std::make_shared<trouble_board>(out->log);
  return out;
}

} // namespace dklb::actors
