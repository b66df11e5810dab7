#pragma once

#include "messages/payload.hpp"

#include <chrono>
#include <cstdint>
#include <string>

/// What the HTTP pages ask.
namespace dklb::messages {

struct describe {};
struct actor_description {
  std::string state;
  std::chrono::system_clock::time_point since;
  std::uint64_t mailbox = 0;
  std::uint64_t processed = 0;
  std::string last_error;
};
/// The long form, as JSON; with `documents`, also what must be asked of EdgeLB first.
struct explain {
  bool documents = false;
};
struct explanation {
  json_ptr body;
};
struct check_health {};
struct health {
  bool services_listed = false;
  bool inventory_read = false;
  bool leader = false;
};
/// Which of the introspection's views is wanted, as JSON text.
struct view_actors {
  std::string kind;
  std::string key;
};
struct view_pools {
  std::string name;
};
struct view_services {
  std::string name_space;
  std::string name;
};
struct view {
  int status = 200;
  std::string body;
};

} // namespace dklb::messages
