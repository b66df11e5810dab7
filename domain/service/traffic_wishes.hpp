#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dklb::domain {

/// `proxyProtocol`: the header in front of each connection that tells a pod its client's address.
enum class proxy_protocol : std::uint8_t { v1, v2 };

/// `balance`: how HAProxy chooses the server of a connection.
enum class balance_rule : std::uint8_t { leastconn, roundrobin, source, random };

/// `healthCheck.type`: what HAProxy does to find out whether a server is up.
enum class health_check_type : std::uint8_t { tcp, http, none };

/// `healthCheck`. What is left out is HAProxy's default.
struct health_check_wishes {
  std::optional<health_check_type> type; ///< absent: tcp
  std::optional<std::string> path;       ///< with http; absent: `/`
  std::optional<int> port;               ///< of the node; absent: the port's own nodePort
  std::optional<std::chrono::milliseconds> interval;
  std::optional<int> rise; ///< successes in a row until a server is up
  std::optional<int> fall; ///< failures in a row until it is down

  friend bool operator==(const health_check_wishes&, const health_check_wishes&) = default;
};

/// `timeouts`. What is left out is EdgeLB's default.
struct timeout_wishes {
  std::optional<std::chrono::milliseconds> connect;
  std::optional<std::chrono::milliseconds> client;
  std::optional<std::chrono::milliseconds> server;

  friend bool operator==(const timeout_wishes&, const timeout_wishes&) = default;
};

/// The keys of the configuration object that concern the frontends and backends of one Service
/// alone. They are no part of the pool's own settings, so Services of one pool may differ in them.
/// Source: docs/guide.md, "The configuration object".
struct traffic_wishes {
  std::optional<proxy_protocol> proxy;
  std::optional<balance_rule> balance; ///< absent: leastconn
  health_check_wishes health_check;
  timeout_wishes timeouts;
  std::optional<int> max_connections; ///< of each port, in each instance of the pool
  /// How long the open connections of a server that leaves go on.
  std::optional<std::chrono::milliseconds> drain;

  friend bool operator==(const traffic_wishes&, const traffic_wishes&) = default;
};

/// The words of the annotation.
const char* to_string(proxy_protocol version);
const char* to_string(balance_rule rule);
const char* to_string(health_check_type type);

/// Appends the keys as YAML, in the guide's order.
void append_traffic(std::string& yaml, const traffic_wishes& wishes);

} // namespace dklb::domain
