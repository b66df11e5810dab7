#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dklb::support {

/// A request that a loopback server has received.
struct loopback_request {
  std::string method;
  std::string target; ///< as sent, path and query
  std::string path;   ///< decoded, without the query
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers; ///< names in lower case
  std::string body;

  /// The value of a query parameter or header. Empty if it is absent.
  std::string parameter(const std::string& name) const;
  std::string header(const std::string& name) const;
};

/// A complete response.
struct loopback_reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

class loopback_core;

/// One request whose response is pending or streamed. A value type: all copies answer the same
/// request. Methods may be called from any thread. Calls after the end of the response, or after
/// the client has disconnected, have no effect.
class exchange {
public:
  exchange() = default;
  exchange(std::shared_ptr<loopback_core> core, std::uint64_t id)
    : core_(std::move(core)), id_(id) {}

  /// Unique within its server.
  std::uint64_t id() const { return id_; }
  void reply(const loopback_reply& answer) const;
  /// Sends the head and the first `bytes` of the body, then closes the connection.
  void reply_cut_short(const loopback_reply& answer, std::size_t bytes) const;
  /// Begins a chunked response.
  void open_stream(int status, const std::string& content_type) const;
  /// Sends bytes as HTTP chunks of at most `chunk_bytes` (0: one chunk).
  void stream(std::string_view bytes, std::size_t chunk_bytes = 0) const;
  void end_stream() const;
  /// Closes the connection without another byte.
  void cut() const;

private:
  std::shared_ptr<loopback_core> core_;
  std::uint64_t id_ = 0;
};

/// The handler of a server's requests. Called on the server's thread only. Must not block.
class loopback_handler {
public:
  virtual ~loopback_handler() = default;
  virtual void on_request(loopback_request request, exchange answer) = 0;
  /// The response was written to the socket completely, or the client has disconnected.
  virtual void on_finished(std::uint64_t exchange_id) = 0;
};

/// An HTTP/1.1 server on 127.0.0.1 for tests and benchmarks, with one epoll thread, keep-alive and
/// chunked streams. Unlike HTTP libraries, it controls every byte and every close: a connection cut
/// before the status line, a body that ends half-way, a response that never comes. Throws
/// std::system_error if it cannot bind.
class loopback_server {
public:
  explicit loopback_server(loopback_handler& handler);
  ~loopback_server();
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  int port() const;
  /// Runs `action` on the server's thread after `delay`.
  void after(std::chrono::milliseconds delay, std::function<void()> action);
  /// Closes the listening socket and every connection. New connections are refused when this
  /// returns.
  void go_away();
  /// Listens on the same port again.
  void come_back();
  /// Ends the thread. Idempotent.
  void stop();

private:
  std::shared_ptr<loopback_core> core_;
};

/// Decodes %XX. A `+` is a space in a query, and itself in a path.
std::string percent_decode(std::string_view text, bool query);

} // namespace dklb::support
