#pragma once

#include "sandbox/node/network/event_loop.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// One forwarded TCP connection: a client's socket, a target's, and what is on its way between
/// them.
class connection {
public:
  /// Tries the targets in order. `on_end` is called once, from the loop; the owner may destroy the
  /// connection only after the loop's round.
  connection(event_loop& loop, descriptor client, std::vector<socket_address> targets,
             std::function<void()> on_end);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

private:
  /// One of the two sockets and what was read from it but not yet written to the other.
  struct side {
    descriptor socket;
    event_loop::identity watched = 0;
    std::string pending;
    bool read_all = false; ///< the peer has sent its end
    bool told_end = false; ///< we have sent the other side's end to it
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
  std::vector<socket_address> targets_; ///< the next to try comes last
  std::function<void()> on_end_;
  bool connecting_ = true;
};

} // namespace dklb::sandbox
