#include "http/server/connection.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace dklb::http::server {

namespace {

/// More than that goes out before the answer is complete.
constexpr std::size_t most_unsent = 64U << 10U;
/// Of a request's line and headers together. The library would read on as long as bytes come.
constexpr std::size_t longest_head = 64U << 10U;

/// A connection lives on one thread, and a thread has one connection.
thread_local connection* on_this_thread = nullptr;

} // namespace

connection::connection(connection_table& table, int socket, const listener_options& options)
  : table_(table), socket_(socket), options_(options), until_(since_ + options.request) {
  (void)::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
  table_.add(socket_);
  on_this_thread = this;
}

connection::~connection() {
  on_this_thread = nullptr;
  // Before the number can be another connection's.
  table_.remove(socket_);
  (void)::shutdown(socket_, SHUT_RDWR);
  (void)::close(socket_);
}

bool connection::wait(short events) {
  if (!table_.begin_wait(socket_, state_, since_))
    return false;
  pollfd watched{socket_, events, 0};
  int count = 0;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - clock::now()).count();
    count = left <= 0 ? 0 : ::poll(&watched, 1, static_cast<int>(left));
  } while (count < 0 && errno == EINTR);
  table_.end_wait(socket_);
  return count > 0;
}

bool connection::wait_for_request() {
  if (next_ == end_ && !has_pending() && !wait(POLLIN))
    return false;
  const auto now = clock::now();
  // The first request has its time since the client connected.
  if (!std::exchange(fresh_, false))
    until_ = now + options_.request;
  request_until_ = until_;
  state_ = waiting::rest_of_request;
  since_ = now;
  head_left_ = longest_head;
  in_headers_ = false;
  return true;
}

void connection::head_is_read() {
  head_left_ = std::numeric_limits<std::size_t>::max();
}

ssize_t connection::receive(char* into, std::size_t size) {
  for (;;) {
    const auto count = ::recv(socket_, into, size, 0);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
      return count;
    if (errno != EINTR && !wait(POLLIN))
      return -1;
  }
}

ssize_t connection::transmit(const char* from, std::size_t size) {
  for (;;) {
    const auto count = ::send(socket_, from, size, MSG_NOSIGNAL);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
      return count;
    if (errno != EINTR && !wait(POLLOUT))
      return -1;
  }
}

/// One byte of the request's line and headers; the library asks for no more at a time. It decodes
/// percent signs in the values of headers, where nobody has encoded them: it gets each as `%25`.
ssize_t connection::read_head(char* into) {
  if (head_left_ == 0)
    return -1; // it is too long
  --head_left_;
  *into = received_[next_++];
  in_headers_ = in_headers_ || *into == '\n';
  if (in_headers_ && *into == '%')
    escape_ = "25";
  return 1;
}

ssize_t connection::read(char* into, std::size_t size) {
  if (!escape_.empty()) {
    *into = escape_.front();
    escape_.remove_prefix(1);
    return 1;
  }
  if (next_ == end_) {
    // A client that waits for our "100 Continue" would send nothing.
    if (!flush())
      return -1;
    state_ = waiting::rest_of_request;
    until_ = request_until_;
    next_ = end_ = 0;
    // Also where the client is quicker than the loop: no wait would notice the time.
    const auto count =
      clock::now() < until_ ? receive(received_.data(), received_.size()) : ssize_t{-1};
    if (count <= 0)
      return count;
    end_ = static_cast<std::size_t>(count);
  }
  if (head_left_ != std::numeric_limits<std::size_t>::max())
    return read_head(into);
  const auto taken = std::min(size, end_ - next_);
  std::memcpy(into, received_.data() + next_, taken);
  next_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t connection::write(const char* from, std::size_t size) {
  to_send_.append(from, size);
  if (to_send_.size() > most_unsent && !flush())
    return -1;
  return static_cast<ssize_t>(size);
}

bool connection::flush() {
  if (!to_send_.empty() && std::exchange(state_, waiting::answer_taken) != waiting::answer_taken) {
    since_ = clock::now();
    until_ = since_ + options_.answer;
  }
  for (std::size_t sent = 0; sent < to_send_.size();) {
    const auto count = transmit(to_send_.data() + sent, to_send_.size() - sent);
    if (count <= 0)
      return false;
    sent += static_cast<std::size_t>(count);
  }
  to_send_.clear();
  return true;
}

bool connection::finish_answer() {
  const bool sent = flush();
  state_ = waiting::request;
  since_ = clock::now();
  until_ = since_ + options_.idle;
  return sent;
}

void connection::begin_stream() {
  const int size = most_unsent;
  (void)::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

bool connection::push(std::string_view piece) {
  while (!piece.empty()) {
    state_ = waiting::answer_taken;
    since_ = clock::now();
    until_ = since_ + options_.event;
    to_send_.append(piece.substr(0, most_unsent));
    piece.remove_prefix(std::min(piece.size(), most_unsent));
    if (!flush())
      return false;
  }
  return true;
}

bool connection::must_end() const {
  char byte = 0;
  const auto count = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool silent = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return (count <= 0 && !silent) || table_.must_end(socket_);
}

connection& connection::served() {
  return *on_this_thread;
}

void connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> service{};
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&peer), &length) != 0
      || ::getnameinfo(reinterpret_cast<const sockaddr*>(&peer), length, host.data(), host.size(),
                       service.data(), service.size(), NI_NUMERICHOST | NI_NUMERICSERV)
           != 0)
    return;
  ip = host.data();
  (void)std::from_chars(service.data(), service.data() + std::strlen(service.data()), port);
}

} // namespace dklb::http::server
