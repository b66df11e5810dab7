#include "edgelb/haproxy/control_socket.hpp"

#include "edgelb/api/document.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace dklb::edgelb {
namespace {

/// The end of every answer after the command `prompt`.
constexpr std::string_view prompt = "\n> ";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos)
    return {};
  return std::string(text.substr(first, text.find_last_not_of(" \n") - first + 1));
}

} // namespace

domain::result<control_connection> control_connection::open(const std::filesystem::path& socket,
                                                            std::chrono::milliseconds limit) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const auto path = socket.string();
  if (path.size() >= sizeof where.sun_path)
    return failure(500, path + " is too long for a socket");
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval patience{};
  patience.tv_sec = limit.count() / 1000;
  patience.tv_usec = limit.count() % 1000 * 1000;
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return failure(500, path + " does not answer: " + std::strerror(errno));
  control_connection made(std::move(connection), path);
  if (auto ready = made.ask("prompt"); !ready)
    return ready.failure();
  return made;
}

domain::result<std::string> control_connection::ask(std::string_view command) {
  const auto line = std::string(command) + "\n";
  if (::send(connection_.get(), line.data(), line.size(), MSG_NOSIGNAL)
      != static_cast<ssize_t>(line.size()))
    return failure(500, path_ + " does not answer: " + std::strerror(errno));
  std::string answer;
  std::array<char, 4096> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (!answer.ends_with(prompt)) {
    const auto got = ::recv(connection_.get(), piece.data(), piece.size(), 0);
    if (got <= 0)
      return failure(500, path_ + " does not answer: "
                            + (got == 0 ? "it closed the connection" : std::strerror(errno)));
    answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  return trimmed(std::string_view(answer).substr(0, answer.size() - prompt.size()));
}

domain::result<pid_t> control_connection::pid() {
  static constexpr std::string_view before = "\nPid: ";
  const auto info = ask("show info");
  if (!info)
    return info.failure();
  const auto at = info->find(before);
  pid_t number = 0;
  if (at != std::string::npos)
    std::from_chars(info->data() + at + before.size(), info->data() + info->size(), number);
  if (number == 0)
    return failure(500, path_ + " does not say which process answers");
  return number;
}

} // namespace dklb::edgelb
