#include "tests/support/loopback_server.hpp"

#include "tests/support/http_text.hpp"
#include "tests/support/loopback_core.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <future>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace dklb::support {
namespace {

int checked(int result, const char* what) {
  if (result < 0)
    throw std::system_error(errno, std::generic_category(), what);
  return result;
}

} // namespace

loopback_core::loopback_core(loopback_handler& handler) : handler_(handler) {
  epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  wake_ = checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
  listen();
}

loopback_core::~loopback_core() {
  for (auto& [fd, peer] : connections_)
    ::close(fd);
  if (listener_ >= 0)
    ::close(listener_);
  ::close(wake_);
  ::close(epoll_);
}

void loopback_core::listen() {
  if (listener_ >= 0)
    return;
  const int fd =
    checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  checked(::bind(fd, generic, length), "bind 127.0.0.1");
  checked(::listen(fd, 1024), "listen");
  checked(::getsockname(fd, generic, &length), "getsockname");
  port_ = ntohs(address.sin_port);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  listener_ = fd;
}

void loopback_core::start() {
  thread_ = std::thread([this] { loop(); });
}

void loopback_core::stop() {
  if (!thread_.joinable())
    return;
  post([this] { running_ = false; });
  thread_.join();
  // What still waits may hold exchanges, and those this object.
  timers_.clear();
  actions_.clear();
}

void loopback_core::post(std::function<void()> action) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = actions_.empty();
    actions_.push_back(std::move(action));
  }
  // The loop drains the queue after each round, so its own thread needs no wake-up.
  if (wake && std::this_thread::get_id() != loop_id_.load()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }
}

void loopback_core::run(const std::function<void()>& action) {
  if (!thread_.joinable() || std::this_thread::get_id() == loop_id_.load()) {
    action();
    return;
  }
  std::promise<void> done;
  post([&] {
    action();
    done.set_value();
  });
  done.get_future().wait();
}

void loopback_core::after(std::chrono::milliseconds delay, std::function<void()> action) {
  const auto when = std::chrono::steady_clock::now() + delay;
  post([this, when, action = std::move(action)]() mutable {
    timers_.emplace(when, std::move(action));
  });
}

void loopback_core::close_everything() {
  if (listener_ >= 0)
    ::close(std::exchange(listener_, -1));
  std::vector<int> open;
  for (const auto& [fd, peer] : connections_)
    open.push_back(fd);
  for (const int fd : open)
    close(fd);
}

void loopback_core::loop() {
  loop_id_ = std::this_thread::get_id();
  std::array<epoll_event, 64> events{};
  drain_actions();
  for (;;) {
    // The timers may run what ends the loop, so they go before the question.
    const int timeout = run_timers();
    if (!running_)
      break;
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      ready(event.data.fd, event.events);
    }
    drain_actions();
  }
  close_everything();
}

void loopback_core::drain_actions() {
  std::vector<std::function<void()>> taken;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      taken.swap(actions_);
    }
    if (taken.empty())
      return;
    for (auto& action : taken)
      action();
    taken.clear();
  }
}

int loopback_core::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
    auto node = timers_.extract(timers_.begin());
    node.mapped()();
    drain_actions();
  }
  if (timers_.empty())
    return -1;
  const auto left = timers_.begin()->first - std::chrono::steady_clock::now();
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<long>(whole, 0, 60000));
}

void loopback_core::ready(int fd, std::uint32_t events) {
  if (fd == wake_) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_, &count, sizeof count);
    return;
  }
  if (fd == listener_) {
    accept_all();
    return;
  }
  const auto found = connections_.find(fd);
  if (found == connections_.end())
    return;
  auto& peer = found->second;
  if ((events & EPOLLOUT) != 0)
    flush(peer);
  // A peer may be gone after the flush; look it up again.
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && connections_.contains(fd)) {
    if (read_some(peer))
      serve_next(peer);
    else
      close(fd);
  }
}

void loopback_core::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
      return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      ::close(fd);
      continue;
    }
    connections_[fd].fd = fd;
  }
}

bool loopback_core::read_some(connection& peer) {
  std::array<char, 65536> buffer; // NOLINT: filled by recv
  for (;;) {
    const auto got = ::recv(peer.fd, buffer.data(), buffer.size(), 0);
    if (got > 0)
      peer.in.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < static_cast<ssize_t>(buffer.size()))
      return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
  }
}

void loopback_core::serve_next(connection& peer) {
  if (peer.exchange_id != 0 || peer.cut || peer.in.empty())
    return;
  loopback_request request;
  switch (take_request(peer.in, request)) {
  case parse_state::incomplete:
    return;
  case parse_state::wants_continue:
    if (!std::exchange(peer.continued, true)) {
      peer.out += "HTTP/1.1 100 Continue\r\n\r\n";
      flush(peer);
    }
    return;
  case parse_state::bad:
    close(peer.fd);
    return;
  case parse_state::complete:
    break;
  }
  peer.continued = false;
  peer.exchange_id = next_exchange_++;
  exchanges_[peer.exchange_id] = peer.fd;
  handler_.on_request(std::move(request), exchange(shared_from_this(), peer.exchange_id));
}

void loopback_core::send(std::uint64_t exchange_id, std::string bytes, bool last, bool cut) {
  post([this, exchange_id, bytes = std::move(bytes), last, cut] {
    deliver(exchange_id, bytes, last, cut);
  });
}

void loopback_core::deliver(std::uint64_t exchange_id, const std::string& bytes, bool last,
                            bool cut) {
  const auto found = exchanges_.find(exchange_id);
  if (found == exchanges_.end())
    return;
  auto& peer = connections_.at(found->second);
  if (peer.finished)
    return;
  peer.out += bytes;
  peer.finished = last;
  peer.cut = cut;
  flush(peer);
}

void loopback_core::flush(connection& peer) {
  while (peer.sent < peer.out.size()) {
    const auto sent =
      ::send(peer.fd, peer.out.data() + peer.sent, peer.out.size() - peer.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR)
        watch_writable(peer, true);
      else
        close(peer.fd);
      return;
    }
    peer.sent += static_cast<std::size_t>(sent);
  }
  peer.out.clear();
  if (peer.out.capacity() > (1U << 20U))
    peer.out.shrink_to_fit();
  peer.sent = 0;
  watch_writable(peer, false);
  if (peer.cut) {
    close(peer.fd);
    return;
  }
  if (peer.finished) {
    peer.finished = false;
    const auto done = std::exchange(peer.exchange_id, 0);
    exchanges_.erase(done);
    handler_.on_finished(done);
    serve_next(peer);
  }
}

void loopback_core::watch_writable(connection& peer, bool wanted) {
  if (peer.wants_write == wanted)
    return;
  peer.wants_write = wanted;
  epoll_event event{};
  event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = peer.fd;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.fd, &event);
}

void loopback_core::close(int fd) {
  const auto found = connections_.find(fd);
  const auto open = found->second.exchange_id;
  ::close(fd);
  connections_.erase(found);
  if (open != 0) {
    exchanges_.erase(open);
    handler_.on_finished(open);
  }
}

void exchange::reply(const loopback_reply& answer) const {
  core_->send(id_, response_head(answer) + answer.body, true, false);
}

void exchange::reply_cut_short(const loopback_reply& answer, std::size_t bytes) const {
  core_->send(id_, response_head(answer) + answer.body.substr(0, bytes), true, true);
}

void exchange::open_stream(int status, const std::string& content_type) const {
  core_->send(id_, stream_head(status, content_type), false, false);
}

void exchange::stream(std::string_view bytes, std::size_t chunk_bytes) const {
  std::string framed;
  framed.reserve(bytes.size() + 16);
  append_chunks(framed, bytes, chunk_bytes);
  core_->send(id_, std::move(framed), false, false);
}

void exchange::end_stream() const {
  core_->send(id_, "0\r\n\r\n", true, false);
}

void exchange::cut() const {
  core_->send(id_, {}, true, true);
}

loopback_server::loopback_server(loopback_handler& handler)
  : core_(std::make_shared<loopback_core>(handler)) {
  core_->start();
}

loopback_server::~loopback_server() {
  stop();
}

int loopback_server::port() const {
  return core_->port();
}

void loopback_server::after(std::chrono::milliseconds delay, std::function<void()> action) {
  core_->after(delay, std::move(action));
}

void loopback_server::go_away() {
  core_->run([this] { core_->close_everything(); });
}

void loopback_server::come_back() {
  core_->run([this] { core_->listen(); });
}

void loopback_server::stop() {
  core_->stop();
}

} // namespace dklb::support
