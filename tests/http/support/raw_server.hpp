#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace dklb::tests {

/// One accepted connection of a raw_server; blocking, on a thread of its own.
class raw_connection {
public:
  raw_connection(int descriptor, int index) : descriptor_(descriptor), index_(index) {}
  ~raw_connection();
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;

  /// Counts from 0.
  int index() const { return index_; }
  /// So many bytes; less where the connection ends before.
  std::string read_bytes(std::size_t count);
  /// The next request, head and body; nothing at the end of the connection.
  std::optional<std::string> read_request();
  void write(std::string_view text) const;
  /// A whole answer with Content-Length.
  void reply(int status, std::string_view body, std::string_view more_headers = "") const;
  /// Cuts the connection: a reset instead of an orderly end.
  void reset();
  void close();
  /// Waits until the peer has closed.
  void wait_for_end();
  /// Wakes a thread that reads or writes here. From any thread.
  void interrupt() const;

private:
  bool fill();

  std::atomic<int> descriptor_;
  int index_;
  std::string buffer_;
};

/// A server that misbehaves exactly as a test wants it to: `serve` talks to each connection.
class raw_server {
public:
  explicit raw_server(std::function<void(raw_connection&)> serve);
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }

private:
  void accept_all();

  std::function<void(raw_connection&)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  std::list<std::pair<std::shared_ptr<raw_connection>, std::thread>> connections_;
  std::thread acceptor_;
};

/// Serves every request of every connection with the same function.
std::function<void(raw_connection&)>
each_request(std::function<void(raw_connection&, const std::string& request)> serve);

/// The method and path of a request as read.
std::string request_line(const std::string& request);
/// What follows its head.
std::string request_body(const std::string& request);
/// The value of a header, empty where it is absent.
std::string request_header(const std::string& request, const std::string& name);

/// A port of 127.0.0.1 that nobody listens on.
int unused_port();

} // namespace dklb::tests
