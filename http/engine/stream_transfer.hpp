#pragma once

#include "http/engine/transfer.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace dklb::http {

/// A response that is read as it comes.
class stream_transfer final : public transfer {
public:
  using clock = std::chrono::steady_clock;
  /// About how many bytes are told in one turn of the engine; the rest comes with the next turn, so
  /// that a long backlog holds up no request.
  static constexpr std::size_t share = 65536;

  stream_transfer(std::shared_ptr<const endpoint> where, request what, stream_handler handler,
                  std::chrono::milliseconds idle_timeout, handle_id id);

  /// The end, with libcurl's verdict: tells the caller.
  void finish(CURLcode code);
  void fail(domain::error failure) override;
  handle_id id() const { return id_; }

  void pause() { paused_ = true; }
  void resume();
  /// Lets libcurl go on where it was held back, unless paused again. Not from within its callbacks.
  void release_held();
  /// A new turn of the engine, and a new share. May tell what the last one left.
  void begin_turn();
  /// Whether there was more than its share, which the next turn tells.
  bool has_more() const { return has_more_; }
  /// No more data is told; the engine then ends it.
  void cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }

  /// When the stream has been silent for too long, as things stand; it may be later than it was
  /// when asked before. A paused stream is never silent.
  clock::time_point silent_at() const;
  domain::error silence() const;
  domain::error cancellation() const;
  void note_activity() { last_activity_ = clock::now(); }

private:
  void headers_done() override;
  std::size_t on_body_piece(std::string_view piece) override;
  void set_limits(easy_handle& handle) override;

  stream_handler handler_;
  std::chrono::milliseconds idle_timeout_;
  handle_id id_;
  clock::time_point last_activity_ = clock::now();
  bool opened_ = false;
  bool paused_ = false;
  bool held_back_ = false;
  std::size_t told_bytes_ = 0; ///< in this turn
  bool has_more_ = false;
  bool cancelled_ = false;
};

} // namespace dklb::http
