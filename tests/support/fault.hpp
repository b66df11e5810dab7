#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace dklb::support {

struct loopback_request;

/// What goes wrong with a request.
enum class fault_kind {
  delay_only, ///< served as ever, after the delay
  status,     ///< an error in the API's own form, nothing is done
  html,       ///< an error page of a proxy in between, nothing is done
  malformed,  ///< a success whose body is `text`, nothing is done
  cut_before, ///< nothing is done, the connection is closed without a byte
  cut_after,  ///< it is done, the connection is closed without a byte
  half_body,  ///< it is done, the answer stops half-way
  hang,       ///< nothing is done and nothing is ever answered
  hang_after, ///< it is done, but nothing is ever answered
};

/// A fault for the requests that match. The newest matching fault wins.
struct fault {
  fault_kind kind = fault_kind::status;
  std::string method = {}; ///< empty: any
  std::string path = {};   ///< shell pattern over the path, `*` crosses slashes; empty: any
  std::string query = {};  ///< stands in the query as it was sent; empty: any
  int times = -1;          ///< how many requests it hits; negative: all
  std::chrono::milliseconds delay{0};
  int code = 503;                                       ///< with status and html
  std::string text = {};                                ///< message or body; a default where empty
  std::optional<std::chrono::seconds> retry_after = {}; ///< header, with status and html

  bool matches(const loopback_request& request) const;
};

} // namespace dklb::support
