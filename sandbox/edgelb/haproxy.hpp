#pragma once

#include "domain/error.hpp"
#include "sandbox/edgelb/process.hpp"
#include "sandbox/edgelb/renderer.hpp"

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dklb::sandbox::edgelb {

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

/// One running instance of a pool: a master-worker HAProxy in a folder of its own. It outlives this
/// object and this program. Not thread-safe; every call blocks for a bounded time.
class haproxy_instance {
public:
  haproxy_instance(const haproxy_program& program, std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path control_socket() const { return folder_ / "s"; }

  /// Takes over the instance if it runs: the process whose command line names this folder's file.
  bool adopt(const std::vector<found_process>& running);
  /// Starts it and returns once it serves with this text. `predecessor` is the instance whose
  /// listening sockets it takes over, so that no connection is lost between the two.
  domain::result<domain::unit> start(const rendered& wanted, const haproxy_instance* predecessor);
  /// Goes over to this text without losing a connection and returns once it is live. Where HAProxy
  /// does not take it, the old one goes on, and the error has HAProxy's words.
  domain::result<domain::unit> reload(const rendered& wanted);
  /// It runs with this already; makes its file say so, too, should a crash have left another one.
  domain::result<domain::unit> confirm(const rendered& running);
  /// Accepts no more connections; ends by itself when the last one is over.
  void drain() { process_.signal(SIGUSR1); }
  /// Asks it to end now, without waiting.
  void ask_to_end() { process_.signal(SIGTERM); }
  /// Ends it and waits for that.
  void end();
  /// Ends it, and removes its folder.
  void remove();

  bool alive() { return process_.alive(); }
  /// Served at least once since this object exists.
  bool known() const { return known_; }
  /// What it runs with.
  const rendered& live() const { return live_; }
  /// Keeps the instance's log below a mebibyte or two.
  void rotate_log() const;

private:
  std::filesystem::path config_file() const { return folder_ / "haproxy.cfg"; }
  std::filesystem::path log_file() const { return folder_ / "log"; }
  std::string running_revision() const;
  domain::result<domain::unit> wait_until_live(const std::string& revision, std::size_t log_start);
  bool wait_for(const std::function<bool()>& condition);
  void signal_reload();
  std::string log_since(std::size_t start) const;
  std::size_t log_size() const;

  const haproxy_program* program_;
  std::filesystem::path folder_;
  process process_;
  rendered live_;
  bool known_ = false;
};

} // namespace dklb::sandbox::edgelb
