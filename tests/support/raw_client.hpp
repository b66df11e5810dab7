#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dklb::support {

/// An answer as a client saw it.
struct raw_answer {
  int status = 0;        ///< 0: the connection ended before a status line
  bool complete = false; ///< the whole body came
  std::string content_type;
  std::string retry_after;
  std::string body;

  /// The body as JSON; discarded where it is none.
  nlohmann::json json() const;
};

/// A blocking HTTP/1.1 client on one connection, that shows what came byte by byte.
/// Each read gives up after ten seconds without data. Not thread-safe.
class raw_client {
public:
  /// Throws std::system_error where nobody listens.
  explicit raw_client(int port, const std::string& address = "127.0.0.1");
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  raw_answer call(const std::string& method, const std::string& target,
                  const std::string& body = {},
                  const std::vector<std::pair<std::string, std::string>>& headers = {});
  /// Sends a request and does not wait for its answer.
  void send(const std::string& method, const std::string& target, const std::string& body = {},
            const std::vector<std::pair<std::string, std::string>>& headers = {});
  /// Sends a GET and leaves the answer to read_line().
  void open(const std::string& target);
  /// The next line of a chunked answer; empty when it is over.
  std::string read_line();
  /// After read_line() gave nothing: the last chunk was there.
  bool ended_cleanly() const { return ended_; }

private:
  bool read_more();
  raw_answer read_head();
  bool decode_chunk();

  int socket_ = -1;
  std::string in_;      ///< received, not decoded
  std::string decoded_; ///< of a chunked answer
  bool ended_ = false;
};

/// One request on a connection of its own.
raw_answer call(int port, const std::string& method, const std::string& target,
                const std::string& body = {},
                const std::vector<std::pair<std::string, std::string>>& headers = {});

} // namespace dklb::support
