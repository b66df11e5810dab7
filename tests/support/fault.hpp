#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace dklb::support {

struct loopback_request;

/// The kinds of faults. "Not done" means that the request has no effect on the server.
enum class fault_kind {
  delay_only, ///< done and answered normally, after the delay
  status,     ///< not done; an error in the API's own form
  html,       ///< not done; an error page of a proxy
  malformed,  ///< not done; a success with the body `text`
  cut_before, ///< not done; the connection is closed without a byte
  cut_after,  ///< done; the connection is closed without a byte
  half_body,  ///< done; the body ends half-way
  hang,       ///< not done; no response ever
  hang_after, ///< done; no response ever
};

/// A fault for all matching requests. If several match, the newest one applies.
struct fault {
  fault_kind kind = fault_kind::status;
  std::string method = {}; ///< empty: any
  std::string path = {};   ///< shell pattern over the path, `*` crosses slashes; empty: any
  std::string query = {};  ///< a part of the raw query; empty: any
  int times = -1;          ///< number of requests with this fault; negative: all
  std::chrono::milliseconds delay{0};
  int code = 503;                                       ///< with status and html
  std::string text = {};                                ///< message or body; empty: a default
  std::optional<std::chrono::seconds> retry_after = {}; ///< header, with status and html

  bool matches(const loopback_request& request) const;
};

} // namespace dklb::support
