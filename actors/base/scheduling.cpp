#include "actors/base/scheduling.hpp"

#include <caf/atom.hpp>

#include <algorithm>
#include <cstddef>
#include <thread>

namespace dklb::actors {

namespace {

constexpr int most_threads = 8;

std::size_t threads(int configured) {
  if (configured > 0)
    return static_cast<std::size_t>(configured);
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return static_cast<std::size_t>(std::clamp(cores, 1, most_threads));
}

} // namespace

void set_up_scheduler(caf::actor_system_config& config, const domain::concurrency_config& limits) {
  // The other policy, "stealing", polls: an idle process would wake up a hundred times a second.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads(limits.scheduler_threads));
  config.set("scheduler.max-throughput", static_cast<std::size_t>(limits.scheduler_throughput));
}

} // namespace dklb::actors
