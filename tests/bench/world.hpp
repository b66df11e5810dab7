#pragma once

#include "tests/bench/bare_loop.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/controller_process.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dklb::bench {

/// In-flight limits of both sides, the defaults of dklb's configuration.
inline constexpr std::size_t kubernetes_group = 0;
inline constexpr std::size_t edgelb_group = 1;
inline const std::vector<std::size_t> default_limits{32, 16};

/// What a row may use.
struct context {
  std::string program;                          ///< path of dklb
  std::size_t many = 1000;                      ///< "1,000" of the rows
  std::size_t most = 10000;                     ///< "10,000" of the rows
  std::chrono::seconds rest{15};                ///< until what a burst left behind is given back
  std::chrono::seconds slow_down{90};           ///< until polls have grown to their longest pause
  std::chrono::seconds steady{125};             ///< how long the steady state is watched
  std::size_t samples = 1000;                   ///< of latencies
  std::function<void(const std::string&)> note; ///< progress for the person who waits
};

using bench = std::function<std::vector<row>(const context&)>;

/// Two imposters, and dklb once it is started.
struct world {
  world();

  /// Services 0..count-1, each with a pool of its own, or all on `shared_pool`.
  void create_services(std::size_t count, const std::string& shared_pool = {});
  void create_service(std::size_t number, const std::string& shared_pool = {});
  void start(const context& about, const nlohmann::json& overrides = nlohmann::json::object());
  /// Waits until `count` Services have an address and nothing is written any more; false when that
  /// takes longer than two minutes.
  bool settle(std::size_t count);
  /// Waits until no write has come for `quiet`.
  void wait_quiet(std::chrono::milliseconds quiet);

  support::kube_imposter kube;
  support::edgelb_imposter edgelb;
  std::unique_ptr<support::controller_process> dklb;
};

std::string service_name(std::size_t number);
std::string pool_name(std::size_t number);

/// Polls, because waking at each of a thousand requests would disturb what is measured.
bool wait_for(const std::function<bool()>& predicate, std::chrono::milliseconds deadline,
              std::chrono::milliseconds pause = std::chrono::milliseconds(1));

/// From the start of the first list of Services to the end of the last request of this kind, in
/// seconds; 0 where there was none.
double seconds_to_last(const support::kube_imposter& kube, const std::string& verb,
                       const std::string& resource);

/// The requests about each Service as dklb made them in `recorded`, for a server that has the same
/// Services: finalizer patch, creation of the pool, metadata, status patch, and events beside them.
std::vector<bare_chain> replay(const world& recorded, const world& target, std::size_t count,
                               bool with_pools);
/// The lists that come before them.
bare_chain lists(const world& target, std::size_t count);
/// The watch of the Services that was open meanwhile.
std::vector<std::string> watches(const world& recorded, const world& target);

} // namespace dklb::bench
