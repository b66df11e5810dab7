#include "http/server/server.hpp"

#include "http/server/connection_threads.hpp"
#include "http/server/httplib_listener.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <charconv>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace dklb::http::server {

namespace {

constexpr int read_seconds = 5;
constexpr int write_seconds = 10;

struct host_and_port {
  std::string host;
  int port = 0;
};

std::optional<host_and_port> parse_address(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) {
    return std::nullopt;
  }
  host_and_port parsed;
  parsed.host = address.substr(0, colon);
  if (parsed.host.size() >= 2 && parsed.host.front() == '[' && parsed.host.back() == ']') {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  } else if (parsed.host.find(':') != std::string::npos) {
    return std::nullopt;
  }
  if (parsed.host.empty()) {
    parsed.host = "0.0.0.0";
  }
  const char* const end = address.data() + address.size();
  const auto number = std::from_chars(address.data() + colon + 1, end, parsed.port);
  if (number.ec != std::errc() || number.ptr != end || parsed.port < 0 || parsed.port > 65535) {
    return std::nullopt;
  }
  return parsed;
}

domain::error listen_error(const std::string& address, const std::string& cause) {
  return {domain::error_code::invalid, "cannot listen on " + address + ": " + cause, std::nullopt,
          0};
}

void fill(httplib::Response& into, const outgoing& answer) {
  into.status = answer.status;
  into.set_content(answer.body, answer.content_type.c_str());
}

incoming incoming_of(const httplib::Request& request, std::string body) {
  incoming what;
  what.method = request.method;
  what.path = request.path;
  what.body = std::move(body);
  what.query = [&request](const std::string& name) {
    return request.get_param_value(name.c_str());
  };
  what.has_query = [&request](const std::string& name) { return request.has_param(name.c_str()); };
  return what;
}

void run_handler(const handler& handle, const httplib::Request& request, std::string body,
                 httplib::Response& answer) {
  try {
    fill(answer, handle(incoming_of(request, std::move(body))));
  } catch (const std::exception& failure) {
    spdlog::error("the handler of {} {} failed: {}", request.method, request.path, failure.what());
    fill(answer, error_answer(500, "this request could not be answered; the log says why"));
  }
}

/// The body up to the limit; nothing, and an answer with 413 or 400, where it is larger or cut
/// short. A larger one is read to its end all the same, because a client that still sends does not
/// see the answer.
std::optional<std::string> read_body(const httplib::Request& request,
                                     const httplib::ContentReader& read, std::size_t limit,
                                     httplib::Response& answer) {
  std::string body;
  // The library skips what is announced to be too large; without a length, or compressed, the body
  // is counted as it comes.
  bool too_large = request.get_header_value<std::uint64_t>("Content-Length") > limit;
  const bool complete = read([&](const char* data, std::size_t length) {
    too_large = too_large || length > limit - body.size();
    if (!too_large)
      body.append(data, length);
    return true;
  });
  if (complete && !too_large)
    return body;
  answer.status = too_large ? 413 : 400;
  return std::nullopt;
}

bool is_read(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

/// What the server refuses by itself.
std::string error_text(int status) {
  switch (status) {
  case 404:
    return "not found";
  case 413:
    return "the request body is too large";
  case 414:
    return "the path is too long";
  default:
    return "the request cannot be understood";
  }
}

/// Gives the server's own errors a body, and turns "no handler" into 405.
void explain_error(const httplib::Request& request, httplib::Response& answer, bool allow_post) {
  if (!answer.body.empty()) {
    return;
  }
  const bool served = is_read(request.method) || (allow_post && request.method == "POST");
  if (!served && !request.method.empty() && (answer.status == 404 || answer.status == 400)) {
    const char* const allowed = allow_post ? "GET, HEAD, POST" : "GET, HEAD";
    fill(answer,
         error_answer(405, request.method + " is not served here, only " + std::string(allowed)));
    answer.set_header("Allow", allowed);
    return;
  }
  fill(answer, error_answer(answer.status, error_text(answer.status)));
}

void set_up(httplib::Server& server, const handler& handle, const listener_options& options) {
  server.new_task_queue = [threads = options.threads] { return new connection_threads(threads); };
  server.set_payload_max_length(options.max_body_bytes);
  server.set_keep_alive_timeout(options.idle.count());
  server.set_keep_alive_max_count(options.requests_per_connection);
  server.set_read_timeout(read_seconds);
  server.set_write_timeout(write_seconds);
  server.set_tcp_nodelay(true);
  server.set_socket_options([](socket_t socket) {
    // Not SO_REUSEPORT, the library's default: a second process must find the port taken.
    const int yes = 1;
    (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_pre_routing_handler([handle](const auto& request, auto& answer) {
    if (!is_read(request.method)) {
      return httplib::Server::HandlerResponse::Unhandled;
    }
    run_handler(handle, request, request.body, answer);
    return httplib::Server::HandlerResponse::Handled;
  });
  if (options.allow_post) {
    server.Post(".*", [handle, limit = options.max_body_bytes](const httplib::Request& request,
                                                               httplib::Response& answer,
                                                               const httplib::ContentReader& read) {
      if (auto body = read_body(request, read, limit, answer))
        run_handler(handle, request, std::move(*body), answer);
    });
  }
  const bool allow_post = options.allow_post;
  server.set_error_handler(
    [allow_post](const httplib::Request& request, httplib::Response& answer) {
      explain_error(request, answer, allow_post);
    });
}

class httplib_listener final : public listener {
public:
  httplib_listener(std::unique_ptr<httplib::Server> server, int port)
    : server_(std::move(server)), port_(port), thread_([this] {
        (void)server_->listen_after_bind();
        ended_ = true;
      }) {
    // A stop that came before the loop runs would be lost.
    while (!server_->is_running() && !ended_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  httplib_listener(const httplib_listener&) = delete;
  httplib_listener& operator=(const httplib_listener&) = delete;
  ~httplib_listener() override { join(); }

  int port() const override { return port_; }
  void stop() override { join(); }

private:
  void join() {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) {
      server_->stop();
      thread_.join();
    }
  }

  std::unique_ptr<httplib::Server> server_;
  int port_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::thread thread_;
};

} // namespace

outgoing error_answer(int status, const std::string& message) {
  outgoing answer;
  answer.status = status;
  answer.body = nlohmann::json{{"error", message}}.dump(-1, ' ', false,
                                                        nlohmann::json::error_handler_t::replace);
  answer.body += '\n';
  return answer;
}

domain::result<std::unique_ptr<listener>> serve(std::unique_ptr<httplib::Server> server,
                                                const std::string& address, handler handle,
                                                const listener_options& options) {
  const auto where = parse_address(address);
  if (!where) {
    return listen_error(address, "expected ADDRESS:PORT, an IPv6 address in brackets");
  }
  set_up(*server, handle, options);
  errno = 0;
  int port = where->port;
  const bool bound = port == 0 ? (port = server->bind_to_any_port(where->host)) > 0
                               : server->bind_to_port(where->host, port);
  if (!bound) {
    const int cause = errno;
    return listen_error(address,
                        cause == 0 ? "no such address" : std::generic_category().message(cause));
  }
  return std::unique_ptr<listener>(std::make_unique<httplib_listener>(std::move(server), port));
}

domain::result<std::unique_ptr<listener>> listener::open(const std::string& address, handler handle,
                                                         listener_options options) {
  return serve(std::make_unique<httplib::Server>(), address, std::move(handle), options);
}

} // namespace dklb::http::server
