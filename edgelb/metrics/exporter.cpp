#include "edgelb/metrics/exporter.hpp"

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/descriptor.hpp"
#include "edgelb/render/config_text.hpp"
#include "edgelb/rules/pool_rules.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace dklb::edgelb {
namespace {

using clock = std::chrono::steady_clock;

constexpr const char* socket_name = "m";
/// The longest page: thousands of servers.
constexpr std::size_t longest_exporter_page = 32U << 20U;

domain::error no_page(const std::filesystem::path& socket, const std::string& why) {
  return failure(502, socket.string() + " gives no page: " + why);
}

/// Waits until the socket can be read or written; false when the time is over.
bool wait_for(int socket, short what, clock::time_point deadline) {
  const auto left =
    std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
  pollfd one{socket, what, 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) == 1;
}

/// A connection that never blocks. Empty if nobody listens or the queue is full.
descriptor connected_to(const std::filesystem::path& socket) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const auto path = socket.string();
  if (path.size() >= sizeof where.sun_path)
    return {};
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return {};
  return made;
}

/// Everything that comes until the end of the connection.
domain::result<std::string> read_to_the_end(const std::filesystem::path& path, int socket,
                                            clock::time_point deadline) {
  std::string answer;
  std::array<char, 65536> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (;;) {
    if (!wait_for(socket, POLLIN, deadline))
      return no_page(path, "its time is over");
    const auto got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got == 0)
      return answer;
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      return no_page(path, std::strerror(errno));
    if (got > 0)
      answer.append(piece.data(), static_cast<std::size_t>(got));
    if (answer.size() > longest_exporter_page)
      return no_page(path, "it is longer than 32 MiB");
  }
}

/// The content of a chunked body. Empty if its end is missing.
std::optional<std::string> unchunked(std::string_view body) {
  std::string out;
  for (;;) {
    std::size_t length = 0;
    const auto [end, problem] = std::from_chars(body.data(), body.data() + body.size(), length, 16);
    const auto line = body.find("\r\n");
    if (problem != std::errc{} || line == std::string_view::npos)
      return {};
    body.remove_prefix(line + 2);
    if (length == 0)
      return out;
    if (body.size() < length + 2)
      return {};
    out.append(body.substr(0, length));
    body.remove_prefix(length + 2);
  }
}

/// The body of a whole answer with status 200. HAProxy 2.6 sends chunks to HTTP/1.0, too.
std::optional<std::string> body_of(std::string_view answer) {
  constexpr std::string_view blank = "\r\n\r\n";
  const auto head = answer.find(blank);
  if (head == std::string_view::npos
      || answer.substr(0, answer.find('\r')).find(" 200") == std::string_view::npos)
    return {};
  const auto body = answer.substr(head + blank.size());
  if (answer.substr(0, head).find("transfer-encoding: chunked") == std::string_view::npos)
    return std::string(body);
  return unchunked(body);
}

} // namespace

rendered with_exporter(rendered configuration, const std::string& folder) {
  config_text out;
  out.section("frontend", exporter_section);
  out.line("mode http");
  out.setting("bind", "unix@" + folder + "/" + socket_name, "mode 600");
  out.line("maxconn 16");
  out.line("timeout client 10s");
  out.line("http-request use-service prometheus-exporter");
  configuration.text += out.text();
  return configuration;
}

domain::result<std::string> read_exporter(const std::filesystem::path& folder, bool servers,
                                          std::chrono::milliseconds limit) {
  const auto deadline = clock::now() + limit;
  const auto path = folder / socket_name;
  const auto socket = connected_to(path);
  if (!socket)
    return no_page(path, std::strerror(errno));
  const auto request = std::string("GET /metrics?scope=global&scope=frontend&scope=backend")
                       + (servers ? "&scope=server" : "")
                       + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (!wait_for(socket.get(), POLLOUT, deadline)
      || ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL)
           != static_cast<ssize_t>(request.size()))
    return no_page(path, "it does not take the request");
  const auto answer = read_to_the_end(path, socket.get(), deadline);
  if (!answer)
    return answer.failure();
  auto body = body_of(*answer);
  if (!body)
    return no_page(path, "the answer is not complete");
  return std::move(*body);
}

} // namespace dklb::edgelb
