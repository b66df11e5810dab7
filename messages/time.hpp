#pragma once

#include "domain/base/names.hpp"

#include <cstdint>
#include <string>

/// Messages to oneself, later.
namespace dklb::messages {

/// A delayed message to oneself. A sent one cannot be recalled, so it carries an epoch, and one of
/// an older epoch is dropped.
struct tick {
  std::uint32_t kind = 0;
  std::uint64_t epoch = 0;
};
struct restart_child {
  std::string kind;
  std::string key;
};
/// The same for one Service: start its actor again, or look at its status again.
struct retry_service {
  domain::service_key key;
};

/// The answer to our own write of a Service's status has come and the watch has not shown the write
/// in time: what the watch told meanwhile holds.
struct echo_overdue {
  domain::service_key key;
};

} // namespace dklb::messages
