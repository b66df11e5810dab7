#include "tests/http/support/socks_server.hpp"

#include <string_view>
#include <utility>

namespace dklb::tests {

namespace {

constexpr char version = 5;
constexpr char by_name = 3;

/// Reads what the client wants; its host where that is told as a name, else "".
std::string asked_host(raw_connection& client) {
  const auto greeting = client.read_bytes(2);
  if (greeting.size() < 2)
    return "";
  client.read_bytes(static_cast<unsigned char>(greeting[1]));
  client.write(std::string_view{"\x05\x00", 2});
  const auto head = client.read_bytes(4); // version, connect, reserved, kind of address
  if (head.size() < 4 || head[0] != version || head[3] != by_name)
    return "";
  const auto length = client.read_bytes(1);
  const auto host = client.read_bytes(length.empty() ? 0 : static_cast<unsigned char>(length[0]));
  client.read_bytes(2); // the port
  return host;
}

} // namespace

std::function<void(raw_connection&)> socks5_to(const std::string& host,
                                               std::function<void(raw_connection&)> serve) {
  return [host, serve = std::move(serve)](raw_connection& client) {
    const bool known = asked_host(client) == host;
    const char outcome = known ? '\0' : '\4'; // or: host unreachable
    client.write(std::string{version, outcome, '\0', '\1', '\0', '\0', '\0', '\0', '\0', '\0'});
    if (known)
      serve(client);
  };
}

} // namespace dklb::tests
