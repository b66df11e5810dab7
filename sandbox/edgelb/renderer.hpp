#pragma once

#include "sandbox/edgelb/agents.hpp"
#include "sandbox/edgelb/document.hpp"
#include "sandbox/edgelb/tasks.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace dklb::sandbox::edgelb {

/// Everything that one instance's configuration depends on.
struct render_input {
  const document& pool; ///< completed and checked
  agent where;
  /// The port of each listener (listeners_of), by key.
  const std::map<std::string, int>& ports;
  const task_table& tasks;
  /// Where HAProxy answers questions about itself; a path of the instance's own.
  std::string control_socket;
  /// How long connections that are open may go on after a reload or a replacement.
  std::chrono::seconds drain_time{3600};
};

/// The configuration of one instance and its digest, which HAProxy itself reports when it runs with
/// that text.
struct rendered {
  std::string text;
  std::string revision;
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

} // namespace dklb::sandbox::edgelb
