#include "sandbox/edgelb/control_socket.hpp"

#include "sandbox/edgelb/descriptor.hpp"
#include "sandbox/edgelb/document.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dklb::sandbox::edgelb {

domain::result<std::string> ask_haproxy(const std::filesystem::path& socket,
                                        std::string_view command, std::chrono::milliseconds limit) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const auto path = socket.string();
  if (path.size() >= sizeof where.sun_path)
    return failure(500, path + " is too long for a socket");
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  const descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval patience{};
  patience.tv_sec = limit.count() / 1000;
  patience.tv_usec = limit.count() % 1000 * 1000;
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto line = std::string(command) + "\n";
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0
      || ::send(connection.get(), line.data(), line.size(), MSG_NOSIGNAL)
           != static_cast<ssize_t>(line.size()))
    return failure(500, path + " does not answer: " + std::strerror(errno));
  std::string answer;
  std::array<char, 4096> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (true) {
    const auto got = ::recv(connection.get(), piece.data(), piece.size(), 0);
    if (got < 0)
      return failure(500, path + " does not answer: " + std::strerror(errno));
    if (got == 0)
      return answer;
    answer.append(piece.data(), static_cast<std::size_t>(got));
  }
}

} // namespace dklb::sandbox::edgelb
