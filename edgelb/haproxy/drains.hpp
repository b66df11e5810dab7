#pragma once

#include "edgelb/haproxy/config_parts.hpp"
#include "edgelb/haproxy/control_socket.hpp"
#include "edgelb/haproxy/process.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// The servers that have left a process's configuration, and the moments at which their open
/// connections end (edgelb/README.md, "Changes"). Not thread-safe.
class drain_list {
public:
  using clock = std::chrono::steady_clock;

  /// Adds servers with the time that they have from now on.
  void begin(const std::map<std::string, std::chrono::milliseconds>& leavers,
             clock::time_point now);
  /// Removes the servers that are wanted again.
  void forget(const server_lines& wanted);
  /// Removes one server.
  void forget(const std::string& key) { ends_.erase(key); }
  /// Removes and returns the servers whose moment has come.
  std::vector<std::string> take_due(clock::time_point now);
  bool due(clock::time_point now) const;
  bool empty() const { return ends_.empty(); }
  std::vector<std::string> servers() const;

private:
  std::map<std::string, clock::time_point> ends_; ///< by `backend/server`
};

/// The sessions of HAProxy's `show sess`: the identity that `shutdown session` takes, by
/// `backend/server`.
std::multimap<std::string, std::string> sessions_in(std::string_view listing);

/// Ends the connections to these servers. An error if HAProxy refuses.
domain::result<domain::unit> end_sessions(control_connection& control,
                                          const std::vector<std::string>& servers);

/// A process from before a reload, which serves its last connections. It listens on its control
/// socket no more, so that it is told about drained servers over a connection from before the
/// reload. That connection keeps the process running, and is closed as soon as it is not needed.
/// Not thread-safe.
class former_process {
public:
  using clock = drain_list::clock;

  /// `control` may be empty: then no server drains.
  former_process(process running, drain_list drains, std::optional<control_connection> control);

  process& running() { return running_; }
  void signal(int number) const { running_.signal(number); }
  /// Removes servers that are wanted again: their old connections may stay, too.
  void forget(const server_lines& wanted);
  /// True if look() has work to do.
  bool needs_look(clock::time_point now) const;
  /// Ends the connections to servers whose moment has come, and stops waiting for servers without
  /// any.
  void look(clock::time_point now);

private:
  void close_if_done();

  process running_;
  drain_list drains_;
  std::optional<control_connection> control_;
  clock::time_point next_look_{};
};

/// A control connection for a process that is about to become a former one. It stays open while
/// nothing is said. An error if another process answers.
domain::result<control_connection> lasting_control(const std::filesystem::path& socket, pid_t pid,
                                                   std::chrono::milliseconds limit);

} // namespace dklb::edgelb
