#pragma once

#include "sandbox/node/network/event_loop.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// One forwarded TCP connection: the client's socket, the target's socket, and the bytes in transit
/// between them. On the thread of its event loop.
class connection {
public:
  /// Connects to the targets in order until one accepts. The loop calls `on_end` once. The owner
  /// may destroy the connection only after the present run_once().
  connection(event_loop& loop, descriptor client, std::vector<socket_address> targets,
             std::function<void()> on_end);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

private:
  /// One of the two sockets, and the bytes that were read from it and not yet written to the other.
  struct side {
    descriptor socket;
    event_loop::identity watched = 0;
    std::string pending;
    bool read_all = false; ///< the peer has shut down its writing side
    bool told_end = false; ///< the shutdown of the other side was sent to this peer
  };

  void connect_next();
  void connected();
  void pump(std::uint32_t events);
  bool move(side& from, side& to);
  bool read_from(side& from);
  bool write_to(side& to, side& from);
  void update_interest(side& one, const side& other);
  void end(bool reset);

  event_loop& loop_;
  side client_;
  side target_;
  std::vector<socket_address> targets_; ///< the next one is the last item
  std::function<void()> on_end_;
  bool connecting_ = true;
};

} // namespace dklb::sandbox
