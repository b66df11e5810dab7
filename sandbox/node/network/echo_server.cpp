#include "sandbox/node/network/echo_server.hpp"

#include "sandbox/node/network/proxy_header.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

constexpr std::size_t longest_line = 64UL * 1024;

bool send_whole(int socket, const std::string& text) {
  return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(text.size());
}

} // namespace

domain::result<std::unique_ptr<echo_server>> echo_server::open(const echo_settings& settings) {
  std::unique_ptr<echo_server> made(new echo_server(settings));
  for (const int port : settings.ports) {
    descriptor socket = listen_on({settings.address, port});
    if (!socket) {
      return domain::error{domain::error_code::invalid,
                           "cannot listen on " + settings.address + ":" + std::to_string(port)
                             + ": " + std::strerror(errno),
                           {},
                           0};
    }
    const int number = socket.get();
    made->loop_.set_interest(made->loop_.watch(number, [server = made.get(), number](
                                                         auto) { server->accept_all(number); }),
                             EPOLLIN);
    made->listeners_.push_back(std::move(socket));
  }
  made->thread_ = std::thread([server = made.get()] { server->run(); });
  return made;
}

echo_server::echo_server(const echo_settings& settings)
  : identity_(settings.pod + " " + settings.node), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  loop_.set_interest(loop_.watch(wake_.get(), [](std::uint32_t) {}), EPOLLIN);
}

echo_server::~echo_server() {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void echo_server::run() {
  while (!stopping_) {
    loop_.run_once(-1);
  }
}

std::vector<int> echo_server::ports() const {
  std::vector<int> numbers;
  for (const descriptor& one : listeners_) {
    sockaddr_in6 bound{};
    socklen_t size = sizeof bound;
    ::getsockname(one.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    numbers.push_back(ntohs(bound.sin6_port)); // both families have it at the same place
  }
  return numbers;
}

void echo_server::wait_until_idle() const {
  while (open_ > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void echo_server::accept_all(int listener) {
  while (descriptor accepted = accept_from(listener)) {
    const int number = accepted.get();
    client made;
    made.address = peer_of(number);
    made.socket = std::move(accepted);
    made.watched = loop_.watch(number, [this, number](auto) { read_from(number); });
    loop_.set_interest(made.watched, EPOLLIN);
    clients_[number] = std::move(made);
    ++open_;
  }
}

void echo_server::read_from(int number) {
  client& from = clients_.at(number);
  if (take_in(from)) {
    return;
  }
  loop_.forget(from.watched);
  clients_.erase(number);
  --open_;
}

bool echo_server::take_in(client& from) const {
  std::array<char, 4096> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (true) {
    const ssize_t count = ::recv(from.socket.get(), piece.data(), piece.size(), 0);
    if (count < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    }
    if (count == 0) {
      return false;
    }
    from.received.append(piece.data(), static_cast<std::size_t>(count));
    if (!know_client(from) || !answer_lines(from) || from.received.size() > longest_line) {
      return false;
    }
  }
}

bool echo_server::know_client(client& of) {
  if (!of.version.empty()) {
    return true;
  }
  const proxy_header header = read_proxy_header(of.received);
  switch (header.what) {
  case proxy_header::kind::incomplete:
    return true;
  case proxy_header::kind::malformed:
    return false;
  case proxy_header::kind::absent:
    of.version = "none";
    return true;
  case proxy_header::kind::v1:
  case proxy_header::kind::v2:
    break;
  }
  of.version = header.what == proxy_header::kind::v1 ? "v1" : "v2";
  of.received.erase(0, header.length);
  if (!header.client.empty()) {
    of.address = header.client;
  }
  return true;
}

bool echo_server::answer_lines(client& to) const {
  while (!to.version.empty()) {
    const auto end = to.received.find('\n');
    if (end == std::string::npos) {
      return true;
    }
    const auto line = to.received.substr(0, end);
    to.received.erase(0, end + 1);
    if (!send_whole(to.socket.get(),
                    to.address + " " + to.version + " " + identity_ + " " + line + "\n")) {
      return false;
    }
  }
  return true;
}

} // namespace dklb::sandbox
