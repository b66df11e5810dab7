#pragma once

#include "domain/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// The role of agents with a public address, for pools that serve clients outside the cluster.
inline constexpr const char* public_role = "slave_public";

/// Addresses of this machine that represent a DC/OS agent. An agent runs at most one instance of a
/// pool.
struct agent {
  std::string private_address;
  std::string public_address; ///< empty on private agents
  std::string role = "*";
  /// False if the public address is translated (NAT) outside this machine. It is then reported, but
  /// not bound.
  bool binds_public = true;

  /// The addresses that a listener on 0.0.0.0 binds.
  std::vector<std::string> bound_addresses() const;
  /// The address of the statistics: the private one. If that is also the public one, a loopback
  /// address: 127.0.2.10 for 192.0.2.10, so that each agent has its own; ::1 for IPv6.
  std::string statistics_address() const;

  friend bool operator==(const agent&, const agent&) = default;
};

/// Agents from an IPv4 range, /16 to /29. The first half of the range has private addresses, the
/// second half public ones. The lower half of the private addresses are private agents (role `*`).
/// The upper half are public agents; each has the public address at the same offset in the second
/// half of the range. The first and the last address of each half are not used.
domain::result<std::vector<agent>> agents_from_range(std::string_view range);

/// Agents from `[{"private": "10.0.0.5", "public": "203.0.113.9", "role": "slave_public"}]`.
/// `public` may be absent. The role defaults to slave_public for an agent with a public address,
/// otherwise to `*`.
domain::result<std::vector<agent>> agents_from_json(std::string_view text);

/// Checks which addresses this machine can bind. A private address must be one of them; the error
/// names the first that is not. A public address that cannot be bound is only reported
/// (agent::binds_public).
domain::result<std::vector<agent>> present_on_this_machine(std::vector<agent> agents);

/// True if the text is an IPv4 or IPv6 address.
bool is_address(const std::string& text);

/// `address:port`, with brackets around an IPv6 address.
std::string socket_text(const std::string& address, int port);

} // namespace dklb::edgelb
