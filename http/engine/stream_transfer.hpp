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
  /// About how many bytes one look at the sockets tells; the rest comes with the next look, so that
  /// a long backlog holds up no request.
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
  /// How the engine's time stands, before each look at the sockets: what comes is told at once, or
  /// it waits. What is being told is told to its end: until a look brings nothing more.
  void attend(bool at_once);
  /// Whether something has come that waits.
  bool waits() const { return waits_; }
  /// Whether there is more than its share, which the next look tells.
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
  bool told_at_once_ = true;
  std::size_t told_bytes_ = 0; ///< since the last attend()
  bool has_more_ = false;
  bool waits_ = false;
  bool cancelled_ = false;
};

} // namespace dklb::http
