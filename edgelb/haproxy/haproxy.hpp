#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/drains.hpp"
#include "edgelb/haproxy/process.hpp"
#include "edgelb/haproxy/runtime_change.hpp"
#include "edgelb/render/renderer.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// The installed HAProxy program. Immutable.
class haproxy_program {
public:
  /// Takes the path `given`, or if that is empty, searches PATH, /usr/sbin and /usr/local/sbin. The
  /// error names the package to install.
  static domain::result<haproxy_program> find(const std::string& given);

  const std::string& path() const { return path_; }
  const std::string& version() const { return version_; }
  /// True if it was built with the exporter for Prometheus.
  bool has_exporter() const { return has_exporter_; }
  /// Has HAProxy check a configuration, without running it. `scratch` is a folder for its files. A
  /// 400 has HAProxy's own message.
  domain::result<domain::unit> check(const std::string& text,
                                     const std::filesystem::path& scratch) const;

private:
  std::string path_;
  std::string version_;
  bool has_exporter_ = false;
};

/// The alerts in HAProxy's output. The whole output if it has none.
std::string alerts_in(const std::string& output);

/// One instance of a pool: a HAProxy process with a folder of its own. A reload starts the next
/// process, which takes over the listening sockets. The former process serves its open connections
/// to their end. The processes outlive this object and this program. Not thread-safe. Every call
/// blocks for a bounded time.
class haproxy_instance {
public:
  haproxy_instance(const haproxy_program& program, std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }

  /// Takes over the instance if it runs, from a list of all processes. A process is one of its own
  /// if its command line names the configuration file of this folder.
  bool adopt(const std::vector<found_process>& running);
  /// Starts the instance, and returns when it serves with this configuration. It takes over the
  /// listening sockets and server states of `predecessor` (may be null), so that no connection is
  /// lost.
  domain::result<domain::unit> start(const rendered& wanted, const haproxy_instance* predecessor);
  /// Changes the configuration without losing a connection, and returns when it is live. Uses the
  /// control socket if possible (runtime_change.hpp), otherwise a reload. If HAProxy refuses the
  /// new configuration, the old one stays, and the error has HAProxy's message.
  domain::result<domain::unit> change(const rendered& wanted);
  /// Ends the connections to servers that have left, where their time is over. drains_due() is true
  /// if there is something to do.
  void end_drained(std::chrono::steady_clock::time_point now);
  bool drains_due(std::chrono::steady_clock::time_point now) const;
  /// Makes it accept no more connections. It ends by itself after the last one.
  void drain() { process_.signal(SIGUSR1); }
  /// Sends SIGTERM and does not wait.
  void ask_to_end();
  /// Ends it and waits until it has ended.
  void end();
  /// Ends it, and removes its folder.
  void remove();

  /// True if the process that accepts connections runs.
  bool alive();
  /// True if no process runs, former ones included.
  bool ended() { return !alive() && former_.empty(); }
  /// True if it has served since this object was made.
  bool known() const { return known_; }
  /// True if it runs with exactly this configuration.
  bool runs(const rendered& text) const { return sure_ && live_.text == text.text; }
  /// The configuration that it runs with.
  const rendered& live() const { return live_; }
  /// How often it was started again after an end that nobody asked for, since this object was made.
  std::uint64_t restarts() const { return restarts_; }
  /// How often a change needed a new process, since this object was made.
  std::uint64_t reloads() const { return reloads_; }
  /// Moves the log to `log.1` when it has reached 1 MiB.
  void rotate_log() const;

private:
  std::filesystem::path config_file() const { return folder_ / "haproxy.cfg"; }
  std::filesystem::path control_socket() const { return folder_ / "s"; }
  std::filesystem::path state_file() const { return folder_ / "state"; }
  /// A file that exists during a change: the configuration file may then differ from the process.
  std::filesystem::path change_mark() const { return folder_ / "changing"; }
  std::filesystem::path log_file() const { return folder_ / "log"; }
  domain::result<domain::unit> write_change(const rendered& wanted);
  void settle(rendered now);
  domain::result<domain::unit> reload(const rendered& wanted);
  domain::result<domain::unit> change_at_runtime(const std::vector<std::string>& commands) const;
  domain::result<control_connection> own_control() const;
  void find_drains(); ///< of servers that had left before this object was made
  /// The servers that drain once this configuration runs.
  drain_list drains_after(const rendered& wanted) const;
  void keep_returned(const rendered& wanted); ///< old connections to servers that come back
  std::string server_states(const rendered& wanted) const;
  domain::result<domain::unit> wait_until_live(process& started, std::size_t log_start) const;
  pid_t answering_process() const;
  void bound_former();
  std::string log_since(std::size_t start) const;
  std::size_t log_size() const;

  const haproxy_program* program_;
  std::filesystem::path folder_;
  process process_;
  std::vector<former_process> former_; ///< oldest first
  rendered live_;
  server_lines parked_; ///< of the running process
  drain_list drains_;   ///< of the running process
  std::uint64_t restarts_ = 0;
  std::uint64_t reloads_ = 0;
  bool known_ = false;
  bool sure_ = false; ///< false: the process may differ from `live_`, so a change needs a reload
};

} // namespace dklb::edgelb
