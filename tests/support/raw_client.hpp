#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dklb::support {

/// A response as the client received it.
struct raw_answer {
  int status = 0;        ///< 0: the connection ended before a status line
  bool complete = false; ///< the whole body was received
  std::string content_type;
  std::string retry_after;
  std::string body;

  /// The body as JSON. Discarded if it is not JSON.
  nlohmann::json json() const;
};

/// A blocking HTTP/1.1 client with one connection, for responses that a library would not accept.
/// Each read fails after ten seconds without data. Not thread-safe.
class raw_client {
public:
  /// Throws std::system_error if the connection is refused.
  explicit raw_client(int port, const std::string& address = "127.0.0.1");
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  raw_answer call(const std::string& method, const std::string& target,
                  const std::string& body = {},
                  const std::vector<std::pair<std::string, std::string>>& headers = {});
  /// Sends a request and does not wait for its response.
  void send(const std::string& method, const std::string& target, const std::string& body = {},
            const std::vector<std::pair<std::string, std::string>>& headers = {});
  /// Sends a GET. read_line() reads the response.
  void open(const std::string& target);
  /// The next line of a chunked response. Empty at its end.
  std::string read_line();
  /// After the end: true if the last chunk was received.
  bool ended_cleanly() const { return ended_; }

private:
  bool read_more();
  raw_answer read_head();
  bool decode_chunk();

  int socket_ = -1;
  std::string in_;      ///< received, not decoded
  std::string decoded_; ///< of a chunked response
  bool ended_ = false;
};

/// Sends one request on a connection of its own.
raw_answer call(int port, const std::string& method, const std::string& target,
                const std::string& body = {},
                const std::vector<std::pair<std::string, std::string>>& headers = {});

} // namespace dklb::support
