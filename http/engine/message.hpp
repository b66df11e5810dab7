#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dklb::http {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// The class of a request that waits for a free slot of its target: `normal` where a user waits for
/// it, `low` for the rest (events, polls of settled pools, the inventory). See target_queue.
enum class priority { normal, low };

/// How to reach and trust a server; shared by all requests to it.
struct endpoint {
  std::string base_url; ///< without a trailing slash
  std::string ca_file;
  std::string ca_data; ///< PEM; wins over ca_file
  std::string client_certificate_file;
  std::string client_certificate_data; ///< PEM
  std::string client_key_file;
  std::string client_key_data; ///< PEM
  std::string tls_server_name; ///< asked for and verified instead of the URL's host
  std::string proxy_url;
  bool insecure_skip_tls_verify = false;
};

/// The limits of a target. They may change while it works.
struct target_limits {
  std::size_t max_in_flight = 16; ///< 0 counts as 1
  /// Requests a second of our own; 0: no limit. `burst` may be sent at once.
  double queries_per_second = 0;
  int burst = 0;
};

/// A group of requests that share an in-flight limit and a queue.
struct target_settings {
  std::string name; ///< for logs and metrics
  target_limits limits;
};

/// How long a request waits for its turn before it is given up: see request::send_before.
constexpr std::chrono::minutes longest_turn{5};

struct request;

/// Told of an exchange that is over: the HTTP status, 0 where no complete answer came, and how long
/// it took from the first attempt to connect. On the engine's thread. Must not block.
using exchange_observer =
  std::function<void(const request& what, int status, std::chrono::microseconds took)>;

struct request {
  std::string method = "GET";
  std::string path; ///< with query, appended to the endpoint's base URL
  header_list headers;
  std::string body;
  std::chrono::milliseconds timeout{30000};
  /// A longer answer is an error; counted as it is unpacked.
  std::size_t max_response_bytes = 8U << 20U;
  http::priority priority = http::priority::normal;
  /// A request that still waits for its turn at this moment is never sent: its answer is `timeout`.
  /// So its sender may ask again without two of them under way.
  std::chrono::steady_clock::time_point send_before = std::chrono::steady_clock::time_point::max();
  /// Asked on the engine's thread when the transfer starts and again right before its first byte
  /// (connecting may take a while); false answers the request with `not_leader` and nothing is
  /// sent.
  std::function<bool()> permit;
  /// Called before the completion; not for what was never sent.
  exchange_observer observer;
};

struct response {
  int status = 0;
  /// Names in lower case; only content-type, date, location, retry-after, warning and
  /// www-authenticate are kept.
  header_list headers;
  std::string body;

  /// The first value of a header (name in lower case), empty where it is absent.
  std::string_view header(std::string_view name) const;
};

using response_result = domain::result<response>;

/// Called exactly once, on the engine's thread. Must not block.
using completion = std::function<void(response_result)>;

} // namespace dklb::http
