#include "http/engine/stream_transfer.hpp"

#include <algorithm>
#include <utility>

namespace dklb::http {

stream_transfer::stream_transfer(std::shared_ptr<const endpoint> where, request what,
                                 stream_handler handler, std::chrono::milliseconds idle_timeout,
                                 handle_id id)
  : transfer(std::move(where), std::move(what)), handler_(std::move(handler)),
    idle_timeout_(idle_timeout), id_(id) {}

void stream_transfer::set_limits(easy_handle& handle) {
  handle.set_timeouts(std::chrono::milliseconds(0), std::min(what().timeout, longest_connect));
}

void stream_transfer::headers_done() {
  if (opened_ || cancelled_) {
    return;
  }
  opened_ = true;
  note_activity();
  if (handler_.on_open) {
    call_guarded([&] { handler_.on_open(status(), answer_.headers); });
  }
}

std::size_t stream_transfer::on_body_piece(std::string_view piece) {
  if (cancelled_) {
    return 0;
  }
  if (paused_) {
    held_back_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  note_activity();
  if (told_bytes_ >= share) {
    has_more_ = true;
    held_back_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  told_bytes_ += piece.size();
  if (handler_.on_data) {
    call_guarded([&] { handler_.on_data(piece); });
  }
  return piece.size();
}

void stream_transfer::resume() {
  if (paused_) {
    paused_ = false;
    note_activity();
  }
}

void stream_transfer::release_held() {
  if (held_back_ && !paused_) {
    held_back_ = false;
    // May tell what was held back before it returns. A failure shows when the transfer ends.
    (void)curl_easy_pause(easy(), CURLPAUSE_CONT);
  }
}

void stream_transfer::begin_turn() {
  told_bytes_ = 0;
  if (std::exchange(has_more_, false)) {
    release_held();
  }
}

stream_transfer::clock::time_point stream_transfer::silent_at() const {
  if (paused_) {
    return clock::now() + idle_timeout_;
  }
  // Until the status line has come, the request's own timeout holds where it is shorter.
  return last_activity_ + (opened_ ? idle_timeout_ : std::min(idle_timeout_, what().timeout));
}

domain::error stream_transfer::silence() const {
  const auto limit = opened_ ? idle_timeout_ : std::min(idle_timeout_, what().timeout);
  return {domain::error_code::timeout,
          describe("nothing was received for " + std::to_string(limit.count()) + " ms"),
          std::nullopt, 0};
}

domain::error stream_transfer::cancellation() const {
  return {domain::error_code::cancelled, describe("cancelled"), std::nullopt, 0};
}

void stream_transfer::finish(CURLcode code) {
  if (cancelled_) {
    fail(cancellation());
  } else if (code != CURLE_OK) {
    fail(error_of(code));
  } else if (handler_.on_close) {
    call_guarded([&] { handler_.on_close(domain::unit{}); });
  }
}

void stream_transfer::fail(domain::error failure) {
  if (handler_.on_close) {
    call_guarded([&] { handler_.on_close(std::move(failure)); });
  }
}

} // namespace dklb::http
