#include "tests/support/raw_client.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace dklb::support {
namespace {

/// The value of a header (any case of its name) in a head, empty where it is absent.
std::string header_of(const std::string& head, const std::string& name) {
  for (std::size_t at = head.find("\r\n"); at != std::string::npos;
       at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() + 1 && line[name.size()] == ':'
        && ::strncasecmp(line.c_str(), name.c_str(), name.size()) == 0)
      return line.substr(line.find_first_not_of(' ', name.size() + 1));
  }
  return {};
}

} // namespace

nlohmann::json raw_answer::json() const {
  return nlohmann::json::parse(body, nullptr, false);
}

raw_client::raw_client(int port, const std::string& host) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const timeval patience{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int why = errno;
    ::close(socket_);
    throw std::system_error(why, std::generic_category(), "connect");
  }
}

raw_client::~raw_client() {
  ::close(socket_);
}

bool raw_client::read_more() {
  std::array<char, 65536> buffer; // NOLINT: filled by recv
  const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got <= 0)
    return false;
  in_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

raw_answer raw_client::read_head() {
  raw_answer answer;
  while (in_.find("\r\n\r\n") == std::string::npos) {
    if (!read_more())
      return answer;
  }
  const auto end = in_.find("\r\n\r\n");
  const auto head = in_.substr(0, end);
  in_.erase(0, end + 4);
  answer.status = std::stoi(head.substr(head.find(' ') + 1, 3));
  if (answer.status == 100)
    return read_head();
  answer.content_type = header_of(head, "content-type");
  answer.retry_after = header_of(head, "retry-after");
  const auto length = header_of(head, "content-length");
  const auto wanted = length.empty() ? 0 : std::stoul(length);
  if (!header_of(head, "transfer-encoding").empty())
    return answer;
  while (in_.size() < wanted && read_more())
    ;
  answer.complete = in_.size() >= wanted;
  answer.body = in_.substr(0, wanted);
  in_.erase(0, answer.body.size());
  return answer;
}

void raw_client::send(const std::string& method, const std::string& target, const std::string& body,
                      const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const auto& [name, value] : headers)
    text += name + ": " + value + "\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  // A peer that has gone shows when the answer is read.
  [[maybe_unused]] const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
}

raw_answer raw_client::call(const std::string& method, const std::string& target,
                            const std::string& body,
                            const std::vector<std::pair<std::string, std::string>>& headers) {
  send(method, target, body, headers);
  return read_head();
}

void raw_client::open(const std::string& target) {
  send("GET", target);
  read_head();
}

bool raw_client::decode_chunk() {
  for (;;) {
    const auto line = in_.find("\r\n");
    if (line != std::string::npos) {
      const auto size = std::stoul(in_.substr(0, line), nullptr, 16);
      if (in_.size() >= line + 2 + size + 2) {
        decoded_ += in_.substr(line + 2, size);
        in_.erase(0, line + 2 + size + 2);
        ended_ = size == 0;
        return !ended_;
      }
    }
    if (!read_more())
      return false;
  }
}

std::string raw_client::read_line() {
  for (;;) {
    if (const auto end = decoded_.find('\n'); end != std::string::npos) {
      auto line = decoded_.substr(0, end);
      decoded_.erase(0, end + 1);
      return line;
    }
    if (ended_ || !decode_chunk())
      return {};
  }
}

raw_answer call(int port, const std::string& method, const std::string& target,
                const std::string& body,
                const std::vector<std::pair<std::string, std::string>>& headers) {
  return raw_client(port).call(method, target, body, headers);
}

} // namespace dklb::support
