#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace dklb::tests {

/// One TCP connection, to 127.0.0.1 if no other address is given, that sends exactly what it is
/// told to.
class tcp_client {
public:
  explicit tcp_client(int port, const std::string& address = "127.0.0.1");
  ~tcp_client();
  tcp_client(const tcp_client&) = delete;
  tcp_client& operator=(const tcp_client&) = delete;

  /// False once the connection has ended.
  bool send(std::string_view bytes) const;
  /// Reads until `text` holds `end`; what came, less where the connection ended before or nothing
  /// came for too long.
  std::string read_until(std::string_view end) const;
  /// Sends a GET and reads its answer's head and body.
  std::string get(const std::string& path) const;
  /// Waits until the server ends the connection, whatever it says before; false where it does not.
  bool ends_within(std::chrono::milliseconds time) const;

private:
  int descriptor_;
};

} // namespace dklb::tests
