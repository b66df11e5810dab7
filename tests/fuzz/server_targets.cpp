// Bytes on a socket of the server that introspection stands on.
#include "tests/fuzz/parsers.hpp"
#include "tests/fuzz/targets.hpp"

#include "http/server/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

namespace dklb::fuzz {

namespace {

using namespace http::server;

/// Answers with what it was asked, as the routes do in their errors.
outgoing echo(const incoming& what) {
  return error_answer(404, what.path + " is not served here, and kind is \"" + what.query("kind")
                             + "\"");
}

const listener& server() {
  static const auto opened = [] {
    listener_options options;
    options.allow_post = true;
    auto made = listener::open("127.0.0.1:0", echo, options);
    require(made.has_value(), "a free port can be bound");
    return std::move(*made);
  }();
  return *opened;
}

int connected() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(server().port()));
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{30, 0};
  (void)::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  // Many connections a second: their ports must not stay behind.
  const linger hard{1, 0};
  (void)::setsockopt(made, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  require(::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
          "the server takes connections");
  return made;
}

/// All that comes until the server ends the connection.
std::string answer_to(std::string_view input) {
  const int peer = connected();
  (void)::send(peer, input.data(), input.size(), MSG_NOSIGNAL);
  (void)::shutdown(peer, SHUT_WR);
  std::string answer;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  while ((got = ::recv(peer, piece.data(), piece.size(), 0)) > 0)
    answer.append(piece.data(), static_cast<std::size_t>(got));
  ::close(peer);
  return answer;
}

} // namespace

void fuzz_http_request(std::string_view input) {
  const auto answer = answer_to(input);
  require(answer.empty() || answer.starts_with("HTTP/1."), "an answer is HTTP");
  // The next caller is served, whatever this one sent.
  static int calls = 0;
  if (++calls % 256 == 0)
    require(answer_to("GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
              .starts_with("HTTP/1.1 404"),
            "the next request is served");
}

} // namespace dklb::fuzz
