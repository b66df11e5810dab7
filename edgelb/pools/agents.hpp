#pragma once

#include "domain/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// The role of agents with a public address, for pools that serve clients outside the cluster.
inline constexpr const char* public_role = "slave_public";

/// Addresses of this machine that represent a DC/OS agent. An agent runs at most one instance of a
/// pool. All addresses are in their canonical form.
struct agent {
  std::vector<std::string> private_addresses; ///< at least one; the first names the agent
  std::vector<std::string> public_addresses;  ///< empty on private agents
  std::string role = "*";
  /// The public addresses that are translated (NAT) outside this machine. They are reported, but
  /// not bound.
  std::vector<std::string> translated = {};

  const std::string& name() const { return private_addresses.front(); }
  bool has(const std::string& address) const { return is_private(address) || is_public(address); }
  bool is_private(const std::string& address) const;
  bool is_public(const std::string& address) const;
  bool is_translated(const std::string& address) const;
  /// All addresses that a listener can bind, private ones first. None twice.
  std::vector<std::string> bound_addresses() const;
  /// The address of the statistics: the first private one. If that is also public, a loopback
  /// address: 127.0.2.10 for 192.0.2.10, so that each agent has its own; ::1 for IPv6.
  std::string statistics_address() const;

  friend bool operator==(const agent&, const agent&) = default;
};

/// Agents from an IPv4 range (/16 to /29), an IPv6 range (/112 to /125), or one of each with a
/// comma between them and of the same size: then each agent has an address of both. The first half
/// of a range has private addresses, the second half public ones. The lower half of the private
/// addresses are private agents (role `*`). The upper half are public agents; each has the public
/// address at the same offset in the second half of the range. The first and the last address of
/// each half are not used.
domain::result<std::vector<agent>> agents_from_range(std::string_view range);

/// Agents from `[{"private": "10.0.0.5", "public": ["203.0.113.9", "2001:db8::9"],
/// "role": "slave_public"}]`. An address is a text, several are a list of texts. `public` may be
/// absent. The role defaults to slave_public for an agent with a public address, otherwise to `*`.
domain::result<std::vector<agent>> agents_from_json(std::string_view text);

/// Checks which addresses this machine can bind. A private address must be one of them; the error
/// names the first that is not. A public address that cannot be bound is only reported
/// (agent::translated).
domain::result<std::vector<agent>> present_on_this_machine(std::vector<agent> agents);

/// True if the text is an IPv4 or IPv6 address.
bool is_address(const std::string& text);

/// True if this address is of IPv6.
bool is_ipv6(const std::string& address);

/// The usual form of an address: `fd00::1` for `FD00:0:0::1`. Other text stays as it is.
std::string canonical_address(const std::string& text);

/// `address:port`, with brackets around an IPv6 address.
std::string socket_text(const std::string& address, int port);

} // namespace dklb::edgelb
