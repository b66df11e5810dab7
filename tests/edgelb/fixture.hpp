#pragma once

#include "edgelb/api/api.hpp"
#include "edgelb/haproxy/descriptor.hpp"
#include "edgelb/pools/reconciler.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace dklb::edgelb::testing {

/// A folder that goes with the test; its path is short, as sockets need it.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// 64 loopback addresses that no other test uses at the same time.
class address_range {
public:
  address_range();

  /// `127.x.y.0/26`
  std::string text() const { return prefix_ + "0/26"; }
  /// One of the 64, by its last number.
  std::string address(int place) const { return prefix_ + std::to_string(place); }

private:
  std::string prefix_;
  descriptor lock_; ///< a listener on the first address: who has it has the range
};

/// Tries `condition` until it holds; false after ten seconds.
bool eventually(const std::function<bool()>& condition);

/// A TCP server on a free port of 127.0.0.1, or of another address: greets each connection with its
/// name and a line break, then sends back what it gets.
class echo_server {
public:
  explicit echo_server(std::string name, const std::string& address = "127.0.0.1");
  ~echo_server();
  echo_server(const echo_server&) = delete;
  echo_server& operator=(const echo_server&) = delete;

  int port() const { return port_; }

private:
  void serve_all();
  /// Sends back what has come; false where the connection is over.
  static bool echo(int client);

  std::string name_;
  descriptor listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// A TCP port of 127.0.0.1 that lets packets fall: nobody's attempt to connect is answered.
class black_hole {
public:
  black_hole();

  int port() const { return port_; }

private:
  descriptor listener_;
  int port_ = 0;
  std::vector<descriptor> waiting_; ///< fill the queue of the listener
};

/// A client's connection; every step gives up after five seconds.
class connection {
public:
  /// Connects, from the address `source` if that is given; `ok()` says whether that worked.
  connection(const std::string& address, int port, const std::string& source = {});

  bool ok() const { return static_cast<bool>(socket_); }
  bool send(const std::string& text) const;
  /// Up to the next line break, without it; empty where the connection ended first.
  std::string read_line() const;
  /// Whether the other side ends the connection, in time.
  bool ends() const;

private:
  descriptor socket_;
};

/// What an echo server behind address and port says first to a client from the address `source`;
/// empty where nobody answers.
std::string greeting(const std::string& address, int port, const std::string& source = {});

/// A pool with one TCP frontend `in` on `port` to a server on 127.0.0.1.
document tcp_pool(const std::string& name, int port, int server_port);
/// Adds a TCP frontend and the backend it leads to.
void add_frontend(document& pool, const std::string& name, int port, int server_port);

/// A reconciler in this process, with real HAProxy below, and everything ended afterwards.
class running_edgelb {
public:
  /// The agents are those of the range, or what `make_agents` makes of it.
  using agent_maker = std::function<std::vector<agent>(const address_range&)>;
  explicit running_edgelb(agent_maker make_agents = {});
  ~running_edgelb();
  running_edgelb(const running_edgelb&) = delete;
  running_edgelb& operator=(const running_edgelb&) = delete;

  /// Ends the reconciler, not the instances, and starts another over the same folder.
  void restart(const std::function<void()>& meanwhile = {});

  reconciler& pools() { return *pools_; }
  const address_range& addresses() const { return addresses_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path tasks_file() const { return folder() / "tasks.json"; }

  api_answer call(const std::string& method, const std::string& path, const document& body = {});
  /// POST, which must succeed.
  document create(const document& pool);
  /// PUT, which must succeed.
  void put(const document& pool);
  document metadata(const std::string& pool);
  /// The first private address of a pool's first frontend.
  std::string private_address(const std::string& pool);
  /// The process numbers of all HAProxies that run, those that drain, too.
  std::vector<pid_t> haproxies() const;

private:
  void open();

  temporary_folder folder_;
  address_range addresses_;
  agent_maker make_agents_;
  haproxy_program program_;
  std::unique_ptr<reconciler> pools_;
};

/// HAProxy processes whose configuration lies under a folder.
std::vector<pid_t> haproxies_under(const std::filesystem::path& folder);

} // namespace dklb::edgelb::testing
