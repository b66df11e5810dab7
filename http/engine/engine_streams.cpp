// The streams of the engine's thread: their begin, their silence, their end.
#include "http/engine/engine_loop.hpp"

#include <optional>
#include <utility>

namespace dklb::http {

void engine_loop::open(std::unique_ptr<stream_transfer> stream) {
  std::optional<domain::error> failure;
  if (!stream->permitted()) {
    failure = stream->not_permitted();
  } else {
    failure = stream->prepare(pool_, handle_use::stream);
  }
  if (failure) {
    stream->fail(std::move(*failure));
    return;
  }
  stream->note_activity();
  const handle_id id = stream->id();
  CURL* const easy = stream->easy();
  streams_.emplace(id, stream.get());
  active_.emplace(easy, std::move(stream));
  (void)curl_multi_add_handle(multi_.get(), easy);
  size_connection_cache();
  watch_silence(id);
}

stream_transfer* engine_loop::find_stream(handle_id stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second;
}

void engine_loop::end_stream(handle_id stream, const domain::error& failure) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) {
    return;
  }
  const std::unique_ptr<transfer> over = take_out(found->second->easy());
  streams_.erase(found);
  over->fail(failure);
  over->release(pool_);
}

/// One timer a stream: when it runs, it either finds the silence or comes back when that is due.
void engine_loop::watch_silence(handle_id stream) {
  const stream_transfer* const found = find_stream(stream);
  if (found == nullptr) {
    return;
  }
  const auto due = found->silent_at();
  if (due <= clock::now()) {
    end_stream(stream, found->silence());
    return;
  }
  add_timer(next_handle_.fetch_add(1), due, [this, stream] { watch_silence(stream); });
}

} // namespace dklb::http
