#pragma once

#include "domain/base/error.hpp"
#include "domain/base/names.hpp"

#include <string>

/// Kubernetes events.
namespace dklb::messages {

/// Asks the event recorder to write a Kubernetes event. Sent by service actors and status writers
/// about their Service, and by the supervisor about dklb's own Pod. No answer.
struct record_event {
  domain::service_key service; ///< namespace and name of the object of any kind
  std::string uid;
  bool warning = false; ///< event type: Warning or Normal
  std::string reason;
  std::string message;
  std::string kind = "Service"; ///< of the core API group
};
/// Event recorder to kube_gateway: the HTTP request that creates or updates one Event object. Needs
/// no leadership.
struct send_event {
  std::string method;
  std::string path;
  std::string content_type;
  std::string body;
};
/// Answer to send_event.
struct event_answer {
  domain::result<domain::unit> outcome;
};

} // namespace dklb::messages
