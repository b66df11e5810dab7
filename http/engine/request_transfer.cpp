#include "http/engine/request_transfer.hpp"

#include <algorithm>
#include <utility>

namespace dklb::http {

namespace {

/// Answers up to this size need no leave, so that large ones never keep the small ones out.
constexpr std::size_t uncharged = 64U << 10U;
/// How much is kept of the body of an answer that is no success.
constexpr std::size_t longest_refusal = 64U << 10U;

} // namespace

request_transfer::request_transfer(std::shared_ptr<const endpoint> where, request what,
                                   completion done, target_queue* owner)
  : transfer(std::move(where), std::move(what)), done_(std::move(done)), owner_(owner) {}

void request_transfer::set_limits(easy_handle& handle) {
  const auto total = std::max(what().timeout, std::chrono::milliseconds(1));
  handle.set_timeouts(total, std::min(total, longest_connect));
}

request_transfer::~request_transfer() {
  if (budget_ != nullptr)
    budget_->give_back(charged_);
}

std::size_t request_transfer::on_body_piece(std::string_view piece) {
  if (const int code = status(); code < 200 || code > 299)
    return keep_refusal(piece);
  const auto limit = what().max_response_bytes;
  too_large_ = piece.size() > limit - answer_.body.size()
               || (answer_.body.empty() && announced_size() > limit);
  if (too_large_ || !make_room(answer_.body.size() + piece.size()))
    return 0;
  answer_.body.append(piece);
  return piece.size();
}

/// Nobody reads more of an error than its first words.
std::size_t request_transfer::keep_refusal(std::string_view piece) {
  answer_.body.append(piece.substr(0, longest_refusal - answer_.body.size()));
  cut_ = answer_.body.size() == longest_refusal;
  return cut_ ? 0 : piece.size();
}

std::size_t request_transfer::announced_size() const {
  curl_off_t announced = -1;
  (void)curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  return announced > 0 ? static_cast<std::size_t>(announced) : 0;
}

/// Lets the body grow to `size`. The announced length is trusted up to the limit: one allocation
/// instead of doublings, which matters for inventories of many megabytes.
bool request_transfer::make_room(std::size_t size) {
  auto& body = answer_.body;
  const auto needed = body.empty() ? std::max(size, announced_size()) : size;
  if (needed <= body.capacity())
    return true;
  const auto wanted = std::min(what().max_response_bytes, std::max(needed, 2 * body.capacity()));
  const auto charge = wanted > uncharged ? wanted : 0;
  // What is there stays until it has been copied.
  if (!budget_->take(charge)) {
    no_room_ = true;
    return false;
  }
  body.reserve(wanted);
  budget_->give_back(std::exchange(charged_, charge));
  return true;
}

void request_transfer::settle(CURLcode code) {
  if (code == CURLE_OK || cut_) {
    answer_.status = status();
  } else if (no_room_) {
    failure_ = domain::error{domain::error_code::unavailable,
                             describe("the answers that are being received would take more than "
                                      + std::to_string(budget_->limit()) + " bytes together"),
                             std::nullopt, status()};
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
