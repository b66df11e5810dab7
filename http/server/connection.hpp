#pragma once

#include "http/server/connection_table.hpp"
#include "http/server/server.hpp"

#include <httplib.h>

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace dklb::http::server {

/// One accepted connection as the HTTP server reads and writes it: an answer in one piece, no
/// waking up while it is idle, and a deadline over each request and over each answer as a whole,
/// however steadily the bytes trickle. This one is plain TCP. For one thread.
class connection : public httplib::Stream {
public:
  /// Takes over the socket. `table` outlives this object.
  connection(connection_table& table, int socket, const listener_options& options);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() override;

  /// What comes before the first request; false where the client does not agree.
  virtual bool handshake() { return true; }
  /// True once there is something to read, or the client is gone; false where neither happens in
  /// time, or where the connection is to give way.
  bool wait_for_request();
  /// From now on the request is limited by what reads its body.
  void head_is_read();
  /// Sends what was written so far, the end of an answer.
  bool finish_answer();
  /// Tells the client that this was all.
  virtual void say_goodbye() {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string&, int&) const override {}
  /// The library refuses to serve high numbers, because it would call select(); this does not.
  socket_t socket() const override { return 0; }

protected:
  using waiting = connection_table::waiting;

  /// One attempt to read or write; what the system's call returns.
  virtual ssize_t receive(char* into, std::size_t size);
  virtual ssize_t transmit(const char* from, std::size_t size);
  /// Whether bytes were taken from the socket that nobody has read.
  virtual bool has_pending() const { return false; }
  /// Waits until the socket is ready for `events`; false where the time for that is over.
  bool wait(short events);
  int descriptor() const { return socket_; }

private:
  using clock = connection_table::clock;

  bool flush();
  ssize_t read_head(char* into);

  connection_table& table_;
  int socket_;
  const listener_options& options_;
  bool fresh_ = true; ///< its first request has not begun
  waiting state_ = waiting::request;
  clock::time_point since_ = clock::now(); ///< the begin of `state_`
  clock::time_point until_;                ///< when the present state's time is over
  clock::time_point request_until_;        ///< of the request that is being read
  std::size_t head_left_ = 0;              ///< bytes that the request's head may still have
  bool in_headers_ = false;                ///< behind the request's line, before its body
  std::string_view escape_;                ///< what the reader gets before anything else
  std::array<char, 16384> received_{};
  std::size_t next_ = 0; ///< the first byte of `received_` that nobody has read
  std::size_t end_ = 0;
  std::string to_send_;
};

} // namespace dklb::http::server
