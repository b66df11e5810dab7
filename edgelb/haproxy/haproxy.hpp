#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/process.hpp"
#include "edgelb/haproxy/runtime_change.hpp"
#include "edgelb/render/renderer.hpp"

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// The HAProxy that is installed.
class haproxy_program {
public:
  /// `given` (a path) or the one of PATH, /usr/sbin or /usr/local/sbin. The error names the
  /// package.
  static domain::result<haproxy_program> find(const std::string& given);

  const std::string& path() const { return path_; }
  const std::string& version() const { return version_; }
  /// Lets HAProxy read a configuration without running it. A 400 carries HAProxy's own words.
  domain::result<domain::unit> check(const std::string& text,
                                     const std::filesystem::path& scratch) const;

private:
  std::string path_;
  std::string version_;
};

/// What HAProxy said was wrong: the messages of its alerts, or all it said where there is none.
std::string alerts_in(const std::string& output);

/// One running instance of a pool: a HAProxy process in a folder of its own. A reload starts the
/// next process, which takes over the listening sockets, and the one before serves its open
/// connections to their end. All of them outlive this object and this program. Not thread-safe;
/// every call blocks for a bounded time.
class haproxy_instance {
public:
  haproxy_instance(const haproxy_program& program, std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }

  /// Takes over the instance if it runs: the processes whose command line names this folder's file.
  bool adopt(const std::vector<found_process>& running);
  /// Starts it and returns once it serves with this text. `predecessor` is the instance whose
  /// listening sockets and server states it takes over, so that no connection is lost between the
  /// two.
  domain::result<domain::unit> start(const rendered& wanted, const haproxy_instance* predecessor);
  /// Goes over to this text without losing a connection and returns once it is live: over the
  /// control socket where that can be done (runtime_change.hpp), else with a reload. Where HAProxy
  /// does not take it, the old one goes on, and the error has HAProxy's words.
  domain::result<domain::unit> change(const rendered& wanted);
  /// Accepts no more connections; ends by itself when the last one is over.
  void drain() { process_.signal(SIGUSR1); }
  /// Asks it to end now, without waiting.
  void ask_to_end();
  /// Ends it and waits for that.
  void end();
  /// Ends it, and removes its folder.
  void remove();

  /// The process that accepts connections runs.
  bool alive();
  /// Nothing runs any more, nor serves the last connections.
  bool ended() { return !alive() && former_.empty(); }
  /// Served at least once since this object exists.
  bool known() const { return known_; }
  /// It runs with exactly this.
  bool runs(const rendered& text) const { return sure_ && live_.text == text.text; }
  /// What it runs with.
  const rendered& live() const { return live_; }
  /// Keeps the instance's log below a mebibyte or two.
  void rotate_log() const;

private:
  std::filesystem::path config_file() const { return folder_ / "haproxy.cfg"; }
  std::filesystem::path control_socket() const { return folder_ / "s"; }
  std::filesystem::path state_file() const { return folder_ / "state"; }
  /// Exists while a change is under way: what runs is then not what the file says.
  std::filesystem::path change_mark() const { return folder_ / "changing"; }
  std::filesystem::path log_file() const { return folder_ / "log"; }
  domain::result<domain::unit> write_change(const rendered& wanted);
  void settle(rendered now);
  domain::result<domain::unit> reload(const rendered& wanted);
  domain::result<domain::unit> change_at_runtime(const std::vector<std::string>& commands) const;
  std::string server_states(const rendered& wanted) const;
  domain::result<domain::unit> wait_until_live(process& started, std::size_t log_start) const;
  pid_t answering_process() const;
  void bound_former();
  std::string log_since(std::size_t start) const;
  std::size_t log_size() const;

  const haproxy_program* program_;
  std::filesystem::path folder_;
  process process_;
  std::vector<process> former_; ///< serve their last connections; the oldest first
  rendered live_;
  server_lines parked_; ///< of the running process
  bool known_ = false;
  bool sure_ = false; ///< false: what runs may differ from `live_`, so only a reload will do
};

} // namespace dklb::edgelb
