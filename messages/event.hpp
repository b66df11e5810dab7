#pragma once

#include "domain/base/error.hpp"
#include "domain/base/names.hpp"

#include <string>

/// Kubernetes events.
namespace dklb::messages {

struct record_event {
  domain::service_key service; ///< or another object of that name
  std::string uid;
  bool warning = false;
  std::string reason;
  std::string message;
  std::string kind = "Service"; ///< of the core API group
};
/// A ready-made write of an Event object.
struct send_event {
  std::string method;
  std::string path;
  std::string content_type;
  std::string body;
};
struct event_answer {
  domain::result<domain::unit> outcome;
};

} // namespace dklb::messages
