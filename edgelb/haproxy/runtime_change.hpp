#pragma once

#include "edgelb/haproxy/config_parts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// A change of the configuration that needs no reload.
struct runtime_change {
  /// Commands for HAProxy's control socket, in this order.
  std::vector<std::string> commands;
  /// The servers that are parked after the change.
  server_lines parked;
};

/// Compares two configurations. If only their server lines differ, the change is possible at
/// runtime. Comments are no difference. Empty if HAProxy must be reloaded.
///
/// A removed server is parked: it is set to maintenance, so that it gets no new connection and
/// keeps the open ones, as with a reload. It is not deleted before the next reload, because HAProxy
/// 2.6 may crash when it deletes a server that a connection is about to retry. A parked server that
/// returns with the same line is set to ready. A new server is added; HAProxy itself refuses
/// options that it does not support there.
///
/// `parked`: the servers that HAProxy has in maintenance although `running` does not list them.
std::optional<runtime_change> plan_runtime_change(std::string_view running, std::string_view wanted,
                                                  const server_lines& parked);

/// The servers in maintenance, by `backend/server`, out of the output of `show servers state`.
std::vector<std::string> parked_in(std::string_view dump);

/// Filters the output of `show servers state` for the next process. It keeps the servers whose line
/// is the same in `running` and `wanted`. Servers in maintenance are left out, because the wanted
/// configuration does not ask for that.
std::string surviving_state(std::string_view dump, std::string_view running,
                            std::string_view wanted);

} // namespace dklb::edgelb
