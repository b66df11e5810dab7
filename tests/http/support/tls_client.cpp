#include "tests/http/support/tls_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace dklb::tests {

tls_client::tls_client(int port, const std::string& host)
  : context_(SSL_CTX_new(TLS_client_method())), connection_(SSL_new(context_)),
    descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
  const int yes = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  SSL_set_fd(connection_, descriptor_);
  SSL_set_read_ahead(connection_, 1);
}

tls_client::~tls_client() {
  SSL_free(connection_);
  SSL_CTX_free(context_);
  ::close(descriptor_);
}

bool tls_client::handshake() {
  return SSL_connect(connection_) == 1;
}

std::string tls_client::peer_name() const {
  X509* const shown = SSL_get1_peer_certificate(connection_);
  std::array<char, 256> text{};
  if (shown != nullptr)
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, text.data(),
                              static_cast<int>(text.size()));
  X509_free(shown);
  return text.data();
}

bool tls_client::send(std::string_view bytes) {
  return SSL_write(connection_, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

bool tls_client::send_post(const std::string& path, const std::string& body) {
  return send("POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
              + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::string tls_client::post(const std::string& path, const std::string& body) {
  return send_post(path, body) ? answer() : std::string{};
}

std::string tls_client::answer() {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const int got = SSL_read(connection_, piece.data(), static_cast<int>(piece.size()));
    if (got <= 0)
      return {};
    text.append(piece.data(), static_cast<std::size_t>(got));
    const auto head = text.find("\r\n\r\n");
    const auto length = text.find("Content-Length: ");
    if (head == std::string::npos || length == std::string::npos || length > head)
      continue;
    if (text.size() == head + 4 + std::stoul(text.substr(length + 16)))
      return text.substr(head + 4);
  }
}

bool tls_client::ends_within(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
    pollfd readable{descriptor_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0)
      return false;
    if (::recv(descriptor_, piece.data(), piece.size(), 0) <= 0)
      return true;
  }
}

} // namespace dklb::tests
