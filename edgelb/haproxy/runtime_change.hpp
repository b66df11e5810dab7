#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// Server lines by `backend/server`: the address and the options, without the word `server`.
using server_lines = std::map<std::string, std::string>;

/// The way from one configuration to another without a reload.
struct runtime_change {
  /// Commands for HAProxy's control socket, in this order.
  std::vector<std::string> commands;
  /// The servers that are parked afterwards.
  server_lines parked;
};

/// Compares two configurations. They may differ in their server lines alone: then the change is
/// possible at runtime. Nothing where HAProxy must be reloaded.
///
/// A server that leaves is parked: set to maintenance, so that it gets no new connection and keeps
/// the open ones, as a reload would. It stays known to HAProxy until the next reload, because
/// HAProxy 2.6 may crash when it deletes a server that a connection is about to retry. A parked
/// server that comes back with the same line is set to ready. A new server is added; HAProxy itself
/// refuses the options that it does not support there.
///
/// `parked` are the servers that HAProxy has in maintenance although `running` does not list them.
std::optional<runtime_change> plan_runtime_change(std::string_view running, std::string_view wanted,
                                                  const server_lines& parked);

/// The lines of a `show servers state` from a process with the configuration `running` that hold
/// for a process with `wanted`, too: of the servers whose line is the same in both. Those in
/// maintenance are left out, because the wanted configuration does not ask for it.
std::string surviving_state(std::string_view dump, std::string_view running,
                            std::string_view wanted);

} // namespace dklb::edgelb
