#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/hosts_file.hpp"
#include "edgelb/pools/agents.hpp"
#include "edgelb/pools/tasks.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// Everything that one instance's configuration depends on.
struct render_input {
  const document& pool; ///< completed and checked
  agent where;
  /// The port of each listener (listeners_of), by key.
  const std::map<std::string, int>& ports;
  const task_table& tasks;
  /// The instance's own: HAProxy's control socket `s` and its file `state` of servers lie there.
  std::string folder;
  /// How long connections that are open may go on after a reload or a replacement.
  std::chrono::seconds drain_time{3600};
  /// Addresses of host names that need no DNS (hosts_file.hpp).
  host_addresses hosts = {};
};

/// The configuration of one instance.
struct rendered {
  std::string text;
};

/// Renders an instance's haproxy.cfg. Pure: the same input gives the same text. No field but the
/// deliberately raw ones (miscStrs, bindModifier, customStr, miscStr) can add a line; the error is
/// a 400 that shows the value.
domain::result<rendered> render(const render_input& input);

/// The pool that a configuration was rendered for, as its first line says; empty where it does not.
std::string pool_of(const rendered& configuration);

/// Part of render(): the lines of one backend that change requests and responses (rewriteHttp).
class config_text;
void render_rewrite(config_text& out, const document& backend);

} // namespace dklb::edgelb
