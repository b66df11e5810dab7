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

/// One accepted connection, as cpp-httplib reads and writes it. Each request and each response has
/// one deadline as a whole, so a slow client cannot extend it byte by byte. A response goes out in
/// one piece, and an idle connection wakes no thread. This class is plain TCP; tls_connection adds
/// TLS. Lives on one thread from accept to close.
class connection : public httplib::Stream {
public:
  /// Takes over the socket. `table` outlives this object.
  connection(connection_table& table, int socket, const listener_options& options);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() override;

  /// The handshake before the first request. False if it fails.
  virtual bool handshake() { return true; }
  /// Waits for the next request. True if there are bytes to read or the client has closed. False
  /// after the time-out, or if the connection must give way to another one.
  bool wait_for_request();
  /// Ends the size limit of the request's head. The reader of the body has a limit of its own.
  void head_is_read();
  /// Sends the buffered rest of a response. False if that fails.
  bool finish_answer();
  /// Prepares for a response without an end: the kernel keeps little of it, so that the deadline of
  /// a piece shows how fast the client reads.
  void begin_stream();
  /// Sends a piece of a response without an end at once. Each 64 KiB of it have a deadline of their
  /// own (listener_options::event). False if that fails.
  bool push(std::string_view piece);
  /// True if such a response must end: the client has closed, or the table ends the connection.
  bool must_end() const;
  /// The connection that this thread serves. Only for a handler's response.
  static connection& served();
  /// Announces the end of the connection to the client.
  virtual void say_goodbye() {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string&, int&) const override {}
  /// Always 0: the library refuses high numbers for select(), which this class does not call.
  socket_t socket() const override { return 0; }

protected:
  using waiting = connection_table::waiting;

  /// Reads or writes once, and waits for the socket if needed. Returns like recv() and send().
  virtual ssize_t receive(char* into, std::size_t size);
  virtual ssize_t transmit(const char* from, std::size_t size);
  /// True if a lower layer has bytes that were read from the socket, but not from this object.
  virtual bool has_pending() const { return false; }
  /// Waits until the socket is ready for `events` (of poll()). False after the deadline.
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
  clock::time_point until_;                ///< the deadline of `state_`
  clock::time_point request_until_;        ///< the deadline of the request that is being read
  std::size_t head_left_ = 0;              ///< bytes that the request's head may still have
  bool in_headers_ = false;                ///< after the request line, before the body
  std::string_view escape_;                ///< characters to return before `received_`
  std::array<char, 16384> received_{};
  std::size_t next_ = 0; ///< the first unread byte of `received_`
  std::size_t end_ = 0;
  std::string to_send_;
};

} // namespace dklb::http::server
