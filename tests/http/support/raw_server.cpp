#include "tests/http/support/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace dklb::tests {

namespace {

sockaddr_in loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int bound_socket(int& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback();
  socklen_t size = sizeof address;
  if (descriptor < 0 || ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0
      || ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port of 127.0.0.1 can be bound");
  }
  port = ntohs(address.sin_port);
  return descriptor;
}

std::size_t body_length(std::string_view head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string_view::npos ? 0 : std::stoul(std::string(head.substr(at + 16)));
}

} // namespace

raw_connection::~raw_connection() {
  close();
}

bool raw_connection::fill() {
  std::array<char, 16384> piece{};
  const auto count = ::recv(descriptor_, piece.data(), piece.size(), 0);
  if (count <= 0) {
    return false;
  }
  buffer_.append(piece.data(), static_cast<std::size_t>(count));
  return true;
}

std::string raw_connection::read_bytes(std::size_t count) {
  while (buffer_.size() < count && fill()) {
  }
  const std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

std::optional<std::string> raw_connection::read_request() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) {
      return std::nullopt;
    }
  }
  const std::size_t size = end + 4 + body_length(std::string_view(buffer_).substr(0, end));
  while (buffer_.size() < size) {
    if (!fill()) {
      return std::nullopt;
    }
  }
  std::string whole = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return whole;
}

void raw_connection::write(std::string_view text) const {
  while (!text.empty()) {
    const auto count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void raw_connection::reply(int status, std::string_view body, std::string_view more_headers) const {
  std::string answer = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Length: ";
  answer += std::to_string(body.size()) + "\r\n";
  answer.append(more_headers).append("\r\n").append(body);
  write(answer);
}

void raw_connection::reset() {
  const linger now{1, 0};
  (void)::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void raw_connection::close() {
  const int descriptor = descriptor_.exchange(-1);
  if (descriptor >= 0) {
    (void)::close(descriptor);
  }
}

void raw_connection::wait_for_end() {
  while (fill()) {
    buffer_.clear();
  }
}

void raw_connection::interrupt() const {
  (void)::shutdown(descriptor_, SHUT_RDWR);
}

raw_server::raw_server(std::function<void(raw_connection&)> serve) : serve_(std::move(serve)) {
  listener_ = bound_socket(port_);
  (void)::listen(listener_, 128);
  acceptor_ = std::thread([this] { accept_all(); });
}

raw_server::~raw_server() {
  (void)::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  (void)::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [connection, thread] : connections_) {
      connection->interrupt();
    }
  }
  for (auto& [connection, thread] : connections_) {
    thread.join();
  }
}

void raw_server::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) {
      return;
    }
    auto connection = std::make_shared<raw_connection>(descriptor, accepted_++);
    const std::lock_guard lock(mutex_);
    connections_.emplace_back(connection, std::thread([this, connection] {
                                serve_(*connection);
                                connection->interrupt();
                              }));
  }
}

std::function<void(raw_connection&)>
each_request(std::function<void(raw_connection&, const std::string& request)> serve) {
  return [serve = std::move(serve)](raw_connection& connection) {
    while (const auto request = connection.read_request()) {
      serve(connection, *request);
    }
  };
}

std::string request_line(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}

std::string request_body(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

std::string request_header(const std::string& request, const std::string& name) {
  const auto head_end = request.find("\r\n\r\n");
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > head_end) {
    return "";
  }
  const auto begin = at + 4 + name.size();
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

int unused_port() {
  int port = 0;
  (void)::close(bound_socket(port));
  return port;
}

} // namespace dklb::tests
