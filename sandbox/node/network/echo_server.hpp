#pragma once

#include "domain/base/error.hpp"
#include "sandbox/node/network/event_loop.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace dklb::sandbox {

/// Settings of the server that the image echo-proxy runs as.
struct echo_settings {
  std::string address;
  std::vector<int> ports; ///< 0: a free port
  std::string pod;        ///< namespace/name, for the answers
  std::string node;
};

/// A TCP server that tells a client its address. Each line is answered with
/// `CLIENT VERSION POD NODE LINE`. CLIENT is the address in the header of the PROXY protocol, or
/// the peer's address. VERSION is `v1`, `v2`, or `none` without a header. A malformed header ends
/// the connection. Has a thread of its own.
class echo_server {
public:
  /// The error names the address that cannot be bound.
  static domain::result<std::unique_ptr<echo_server>> open(const echo_settings& settings);
  /// Closes everything.
  ~echo_server();
  echo_server(const echo_server&) = delete;
  echo_server& operator=(const echo_server&) = delete;

  /// The ports, in the order of the settings.
  std::vector<int> ports() const;
  /// Waits until no connection is open. Takes new ones meanwhile, as a pod does whose node port
  /// still leads to it.
  void wait_until_idle() const;

private:
  struct client {
    descriptor socket;
    event_loop::identity watched = 0;
    std::string received;
    std::string address;
    std::string version; ///< empty until it is known whether there is a header
  };

  explicit echo_server(const echo_settings& settings);
  void run();
  void accept_all(int listener);
  void read_from(int number);
  /// False if the connection is over.
  bool take_in(client& from) const;
  static bool know_client(client& of);
  bool answer_lines(client& to) const;

  std::string identity_; ///< of pod and node
  event_loop loop_;
  descriptor wake_;
  std::vector<descriptor> listeners_;
  std::map<int, client> clients_; ///< by the number of the socket
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_; ///< last: it uses all of the above
};

} // namespace dklb::sandbox
