#pragma once

#include "domain/base/names.hpp"

#include <cstdint>

/// Delayed messages of an actor to itself. CAF cannot recall a delayed message.
namespace dklb::messages {

/// A timer of the actor has expired. Where a newer timer replaces an older one, the tick carries an
/// epoch, and a tick of an older epoch is dropped.
struct tick {
  std::uint32_t kind = 0; ///< an enum of the actor
  std::uint64_t epoch = 0;
};
/// Supervisor to itself: the delay before a restart is over. `id` is that of the actor that failed.
struct restart_child {
  std::uint64_t id = 0;
};
/// Watcher to itself: start the actor of this Service again. Status writer to itself: compare the
/// status of this Service again.
struct retry_service {
  domain::service_key key;
};

/// Status writer to itself: the watch has not shown dklb's own write of this status in time. The
/// snapshot that was held back meanwhile is used now.
struct echo_overdue {
  domain::service_key key;
};

} // namespace dklb::messages
