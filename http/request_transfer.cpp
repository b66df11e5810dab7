#include "http/request_transfer.hpp"

#include <algorithm>

namespace dklb::http {

request_transfer::request_transfer(std::shared_ptr<const endpoint> where, request what,
                                   completion done, target_queue* owner)
  : transfer(std::move(where), std::move(what)), done_(std::move(done)), owner_(owner) {}

void request_transfer::set_limits(easy_handle& handle) {
  const auto total = std::max(what().timeout, std::chrono::milliseconds(1));
  handle.set_timeouts(total, std::min(total, longest_connect));
}

std::size_t request_transfer::on_body_piece(std::string_view piece) {
  if (answer_.body.empty()) {
    // The announced length is trusted up to the limit: one allocation instead of doublings, which
    // matters for inventories of many megabytes.
    curl_off_t announced = -1;
    (void)curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0) {
      const auto size = static_cast<std::size_t>(announced);
      too_large_ = size > what().max_response_bytes;
      answer_.body.reserve(too_large_ ? 0 : size);
    }
  }
  if (too_large_ || piece.size() > what().max_response_bytes - answer_.body.size()) {
    too_large_ = true;
    return 0;
  }
  answer_.body.append(piece);
  return piece.size();
}

void request_transfer::settle(CURLcode code) {
  if (code == CURLE_OK) {
    answer_.status = status();
  } else {
    failure_ = error_of(code);
  }
  curl_off_t took = 0;
  (void)curl_easy_getinfo(easy(), CURLINFO_TOTAL_TIME_T, &took);
  took_ = std::chrono::microseconds(took);
}

void request_transfer::tell() {
  // What was refused leave was never sent.
  if (what().observer && (!failure_ || failure_->code != domain::error_code::not_leader)) {
    call_guarded([&] { what().observer(what(), failure_ ? 0 : answer_.status, took_); });
  }
  if (failure_) {
    fail(std::move(*failure_));
    return;
  }
  call_guarded([&] { done_(std::move(answer_)); });
  done_ = nullptr;
}

void request_transfer::fail(domain::error failure) {
  call_guarded([&] { done_(std::move(failure)); });
  done_ = nullptr;
}

} // namespace dklb::http
