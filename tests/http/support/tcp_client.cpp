#include "tests/http/support/tcp_client.hpp"

#include "tests/http/support/calls.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace dklb::tests {

namespace {

using clock = std::chrono::steady_clock;

/// Waits for something to read, or the end.
bool readable(int descriptor, clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  pollfd watched{descriptor, POLLIN, 0};
  return left > 0 && ::poll(&watched, 1, static_cast<int>(left)) > 0;
}

} // namespace

tcp_client::tcp_client(int port, const std::string& host)
  : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
}

tcp_client::~tcp_client() {
  ::close(descriptor_);
}

bool tcp_client::send(std::string_view bytes) const {
  return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(bytes.size());
}

std::string tcp_client::read_until(std::string_view end) const {
  const auto until = clock::now() + patience;
  std::string text;
  std::array<char, 4096> piece{};
  while (text.find(end) == std::string::npos && readable(descriptor_, until)) {
    const auto count = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (count <= 0)
      break;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string tcp_client::get(const std::string& path) const {
  if (!send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
    return "";
  auto text = read_until("\r\n\r\n");
  const auto head = text.find("\r\n\r\n");
  const auto length = text.find("Content-Length: ");
  if (head == std::string::npos || length == std::string::npos)
    return "";
  const auto size = head + 4 + std::stoul(text.substr(length + 16));
  const auto until = clock::now() + patience;
  std::array<char, 4096> piece{};
  while (text.size() < size && readable(descriptor_, until)) {
    const auto count = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (count <= 0)
      return "";
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  return text;
}

bool tcp_client::ends_within(std::chrono::milliseconds time) const {
  const auto until = clock::now() + time;
  std::array<char, 4096> piece{};
  while (readable(descriptor_, until))
    if (::recv(descriptor_, piece.data(), piece.size(), 0) <= 0)
      return true;
  return false;
}

} // namespace dklb::tests
