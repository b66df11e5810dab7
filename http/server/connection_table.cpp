#include "http/server/connection_table.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <tuple>

namespace dklb::http::server {

void connection_table::add(int socket) {
  const std::lock_guard lock{mutex_};
  connections_.try_emplace(socket);
}

void connection_table::remove(int socket) {
  const std::lock_guard lock{mutex_};
  const auto found = connections_.find(socket);
  ending_ -= found->second.ended ? 1U : 0U;
  // Its thread takes over one of those that wait.
  without_thread_ -= without_thread_ > 0 ? 1U : 0U;
  connections_.erase(found);
}

bool connection_table::begin_wait(int socket, waiting what, clock::time_point since) {
  const std::lock_guard lock{mutex_};
  auto& item = connections_.at(socket);
  if (item.ended || (closed_ && what != waiting::answer_taken))
    return false;
  item.what = what;
  item.since = since;
  make_room();
  return true;
}

void connection_table::end_wait(int socket) {
  const std::lock_guard lock{mutex_};
  connections_.at(socket).what = waiting::nothing;
}

bool connection_table::must_end(int socket) {
  const std::lock_guard lock{mutex_};
  return closed_ || connections_.at(socket).ended;
}

void connection_table::crowded(std::size_t without_thread) {
  const std::lock_guard lock{mutex_};
  without_thread_ = without_thread;
  make_room();
}

void connection_table::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  for (auto& [socket, item] : connections_)
    if (item.what == waiting::request || item.what == waiting::rest_of_request)
      end(socket, item);
}

void connection_table::make_room() {
  // The smaller, the sooner it gives way.
  const auto order = [](const auto& each) {
    const auto& item = each.second;
    return std::tuple{item.ended || item.what == waiting::nothing, item.what != waiting::request,
                      item.since};
  };
  while (ending_ < without_thread_) {
    const auto first =
      std::min_element(connections_.begin(), connections_.end(),
                       [&](const auto& a, const auto& b) { return order(a) < order(b); });
    if (first == connections_.end() || std::get<0>(order(*first)))
      return;
    end(first->first, first->second);
  }
}

/// A request that has come already is still read: the end of reading does not take it away.
void connection_table::end(int socket, entry& item) {
  if (item.ended)
    return;
  item.ended = true;
  ++ending_;
  (void)::shutdown(socket, item.what == waiting::answer_taken ? SHUT_RDWR : SHUT_RD);
}

} // namespace dklb::http::server
