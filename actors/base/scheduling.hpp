#pragma once

#include "domain/config/config.hpp"

#include <caf/actor_system_config.hpp>

namespace dklb::actors {

/// Sets up CAF's scheduler for the actors (docs/decisions/scheduler.md): `schedulerThreads` threads
/// share one queue and sleep while it is empty. Zero threads: one for each core, at most 8. An
/// actor handles `schedulerThroughput` messages before it makes room for others. Call it before the
/// actor system is made.
void set_up_scheduler(caf::actor_system_config& config, const domain::concurrency_config& limits);

} // namespace dklb::actors
