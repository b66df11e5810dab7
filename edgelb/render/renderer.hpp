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

/// All inputs of one instance's configuration.
struct render_input {
  const document& pool; ///< completed and checked
  agent where;
  /// The port of each listener (listeners_of), by key.
  const std::map<std::string, int>& ports;
  const task_table& tasks;
  /// The instance's folder, with HAProxy's control socket `s` and its file `state` of servers.
  std::string folder;
  /// The longest time that open connections continue after a reload or a replacement.
  std::chrono::seconds drain_time{3600};
  /// Host names that need no DNS (hosts_file.hpp).
  host_addresses hosts = {};
};

/// The text of one instance's haproxy.cfg.
struct rendered {
  std::string text;
};

/// Renders an instance's haproxy.cfg. Pure: the same input gives the same text. Only the fields
/// that are raw on purpose (miscStrs, bindModifier, customStr, miscStr) can add a line. A control
/// character in another field is a 400 that shows the value.
domain::result<rendered> render(const render_input& input);

/// The pool's name in the first line of a configuration. Empty if that line has none.
std::string pool_of(const rendered& configuration);

/// Part of render(): the lines of one backend that rewrite requests and responses (rewriteHttp).
class config_text;
void render_rewrite(config_text& out, const document& backend);

/// Part of render(): the lines of one frontend that redirect requests (redirectToHttps) and choose
/// their backend (linkBackend.map).
void render_routing(config_text& out, const document& frontend);

} // namespace dklb::edgelb
