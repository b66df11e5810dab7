#pragma once

#include "http/engine/message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace dklb::http {

/// A target registered with an engine.
using target_id = std::uint32_t;
/// A running stream or timer; 0 is none.
using handle_id = std::uint64_t;

class engine_loop;

/// What a streaming response tells its reader; all on the engine's thread.
struct stream_handler {
  /// The status line and headers have come.
  std::function<void(int status, const header_list& headers)> on_open;
  /// A piece of the body, cut anywhere.
  std::function<void(std::string_view chunk)> on_data;
  /// The end: `unit` for a clean close, else why. Called exactly once, also after cancel().
  std::function<void(domain::result<domain::unit>)> on_close;
};

/// How often and how long requests waited; a snapshot.
struct target_statistics {
  std::string name;
  std::size_t in_flight = 0;
  std::size_t waiting = 0;
  std::size_t peak_in_flight = 0;
  std::uint64_t finished = 0;
};

/// One libcurl multi handle on a thread of its own: keep-alive, HTTP/2 where the server offers it,
/// requests in flight bounded per target, by priority while they wait. Every method may be called
/// from any thread, callbacks included; every callback runs on the engine's thread with no lock
/// held. The destructor cancels what is left. Redirects are not followed. Proxies of the
/// environment (https_proxy, no_proxy, ...) hold unless the endpoint names one or the host is a
/// loopback address.
/// Answers that are being received take at most `answer_budget` bytes together, counted as they are
/// unpacked; short ones always find room.
class engine {
public:
  explicit engine(std::size_t answer_budget = 128U << 20U);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  target_id add_target(target_settings settings);
  /// Changes the limits of a target. Requests in flight go on; with a lower bound, the next one
  /// starts when enough of them have ended.
  void set_limits(target_id target, const target_limits& limits);

  /// Sends a request. Its timeout starts when it leaves the queue. A write is issued at most once.
  /// An HTTP status of any kind is a response; an error means that no complete
  /// response was received (timeout, transport, response too large, no room for it, cancelled,
  /// not_leader). Of the body of a status other than 2xx the first 64 KiB are kept.
  void send(target_id target, std::shared_ptr<const endpoint> where, request what, completion done);

  /// Opens a response that is read as it comes (a watch). Not bounded by the target's limit.
  /// `idle_timeout` closes the stream when nothing at all arrives for that long while it is not
  /// paused; `what.timeout` bounds the wait for the status line. The body is not limited. What the
  /// stream brings is told when it comes, about 64 KB at most before other transfers have a turn.
  handle_id open_stream(std::shared_ptr<const endpoint> where, request what, stream_handler handler,
                        std::chrono::milliseconds idle_timeout);
  void pause_stream(handle_id stream);
  void resume_stream(handle_id stream);
  void cancel_stream(handle_id stream);

  /// Runs `action` on the engine's thread after `delay`.
  handle_id after(std::chrono::milliseconds delay, std::function<void()> action);
  void cancel_timer(handle_id timer);
  /// Runs `action` on the engine's thread soon; false where the engine has ended and it never will.
  bool post(std::function<void()> action);

  target_statistics statistics(target_id target) const;

  /// Finishes the requests in flight (at most `grace`), cancels streams and what waits at once and
  /// the rest afterwards, and ends the thread; timers that are left never run. Later sends are
  /// answered with `cancelled`, on the caller's thread once the engine's is gone. Idempotent. From
  /// a callback it only begins the end.
  void stop(std::chrono::milliseconds grace);

private:
  std::shared_ptr<engine_loop> loop_;
};

/// Turns a response that is no success into an error: the code by status (error_code), Retry-After,
/// and a message in the server's own words: the `message` of a JSON body, else a shortened plain
/// text of it (HTML tags taken out). Shared by both clients.
domain::error error_from_response(const response& answer);

} // namespace dklb::http
