#pragma once

#include "domain/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// The role whose pools are reached from outside the cluster.
inline constexpr const char* public_role = "slave_public";

/// A place for one instance of a pool: addresses of this machine that stand for a DC/OS agent.
struct agent {
  std::string private_address;
  std::string public_address; ///< empty on private agents
  std::string role = "*";
  /// False where the public address is translated outside of this machine: reported, not bound.
  bool binds_public = true;

  /// What a listener on 0.0.0.0 binds.
  std::vector<std::string> bound_addresses() const;
  /// What the statistics bind: the private address. Where that is the public one, too, a loopback
  /// address instead: 127.0.2.10 for 192.0.2.10, so that each agent has its own; ::1 for IPv6.
  std::string statistics_address() const;

  friend bool operator==(const agent&, const agent&) = default;
};

/// Agents from an IPv4 range, /16 to /29. The first half of the range holds private addresses, the
/// second public ones: the first half of the private addresses are private agents (role `*`), each
/// of the others is a public agent with the public address of the same place in the second half.
/// The outermost addresses of each half stay unused.
domain::result<std::vector<agent>> agents_from_range(std::string_view range);

/// Agents from `[{"private": "10.0.0.5", "public": "203.0.113.9", "role": "slave_public"}]`.
/// `public` may be left out; the role is then `*`, and slave_public where there is one.
domain::result<std::vector<agent>> agents_from_json(std::string_view text);

/// Which of these addresses can be bound here: a private one must, a public one that cannot is
/// translated outside of this machine and only reported. The error names the first that fails.
domain::result<std::vector<agent>> present_on_this_machine(std::vector<agent> agents);

/// True for an IPv4 or IPv6 address in text form.
bool is_address(const std::string& text);

/// `address:port`, with brackets around IPv6.
std::string socket_text(const std::string& address, int port);

} // namespace dklb::edgelb
