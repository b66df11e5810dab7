#pragma once

#include "domain/echo_guard.hpp"
#include "messages/messages.hpp"

namespace dklb::actors {

/// While the watch is still to tell of our own write.
struct awaited_echo {
  domain::echo_guard guard;
  messages::service_ptr held; ///< the newest snapshot that the guard held back
};

} // namespace dklb::actors
