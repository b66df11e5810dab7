#include "http/server/connection_server.hpp"

#include "http/server/connection_threads.hpp"

#include <sys/socket.h>

namespace dklb::http::server {

namespace {

constexpr int backlog = 1024;

} // namespace

connection_server::connection_server(const listener_options& options) : options_(options) {
  new_task_queue = [this] { return new connection_threads(options_.connections, connections_); };
  set_payload_max_length(options_.max_body_bytes);
  set_tcp_nodelay(true);
  set_socket_options([](socket_t socket) {
    // Not SO_REUSEPORT, the library's default: a second process must find the port taken.
    const int yes = 1;
    (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
}

void connection_server::widen_backlog() {
  (void)::listen(svr_sock_, backlog);
}

std::unique_ptr<connection> connection_server::connect(connection_table& table, int socket,
                                                       const listener_options& options) {
  return std::make_unique<connection>(table, socket, options);
}

bool connection_server::process_and_close_socket(socket_t socket) {
  const auto client = connect(connections_, socket, options_);
  if (!client->handshake())
    return false;
  bool closed = false;
  for (auto left = options_.requests_per_connection; left > 0 && !closed; --left) {
    if (!client->wait_for_request())
      break;
    bool head_is_right = false;
    const bool understood = process_request(*client, left == 1, closed, [&](httplib::Request&) {
      head_is_right = true;
      client->head_is_read();
    });
    // Behind a head that makes no sense nobody knows where the next request begins.
    if (!client->finish_answer() || !understood || !head_is_right)
      return false;
  }
  client->say_goodbye();
  return true;
}

} // namespace dklb::http::server
