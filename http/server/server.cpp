#include "http/server/server.hpp"

#include "http/engine/byte_budget.hpp"
#include "http/server/body_reader.hpp"
#include "http/server/connection.hpp"
#include "http/server/connection_server.hpp"
#include "http/server/httplib_listener.hpp"
#include "http/text/text.hpp"

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

/// The connection of this thread, as the sender of a response without an end sees it.
class connection_sink final : public event_sink {
public:
  explicit connection_sink(connection& client) : client_(client) { client_.begin_stream(); }
  bool send(std::string_view piece) override { return client_.push(piece); }
  bool is_open() const override { return !client_.must_end(); }

private:
  connection& client_;
};

/// The library calls the provider after it has written the head. A provider that returns false
/// closes the connection, which is how such a response ends.
void stream(httplib::Response& into, const outgoing& answer) {
  into.set_header("Connection", "close");
  into.set_content_provider(answer.content_type,
                            [events = answer.events](std::size_t, httplib::DataSink&) {
                              connection_sink client{connection::served()};
                              try {
                                events(client);
                              } catch (const std::exception& failure) {
                                spdlog::error("a stream of events failed: {}", failure.what());
                              }
                              return false;
                            });
}

void fill(httplib::Response& into, const outgoing& answer) {
  into.status = answer.status;
  for (const auto& [name, value] : answer.headers)
    into.set_header(name, value);
  if (answer.events)
    stream(into, answer);
  else
    into.set_content(answer.body, answer.content_type.c_str());
}

incoming incoming_of(const httplib::Request& request, std::string body) {
  incoming what;
  what.method = request.method;
  what.path = request.path;
  what.host = request.get_header_value("Host");
  what.body = std::move(body);
  what.query = [&request](const std::string& name) {
    return request.get_param_value(name.c_str());
  };
  what.has_query = [&request](const std::string& name) { return request.has_param(name.c_str()); };
  for (const auto& [name, value] : request.params)
    what.parameters.push_back(name);
  what.last_event_id = request.get_header_value("Last-Event-ID");
  return what;
}

/// What is no UTF-8 can be no name that anybody knows, and no JSON answer can repeat it.
std::optional<outgoing> refusal_of(const httplib::Request& request) {
  if (!is_utf8(request.path))
    return error_answer(404, "no such path: " + request.path);
  for (const auto& [name, value] : request.params)
    if (!is_utf8(name) || !is_utf8(value))
      return error_answer(400, "the query is not UTF-8: " + name);
  return std::nullopt;
}

void run_handler(const handler& handle, const httplib::Request& request, std::string body,
                 httplib::Response& answer) {
  if (const auto refused = refusal_of(request))
    return fill(answer, *refused);
  try {
    fill(answer, handle(incoming_of(request, std::move(body))));
  } catch (const std::exception& failure) {
    spdlog::error("the handler of {} {} failed: {}", request.method, request.path, failure.what());
    fill(answer, error_answer(500, "this request could not be answered; the log says why"));
  }
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
  case 503:
    return "too many large requests come at once; try again";
  default:
    return "the request cannot be understood";
  }
}

/// Gives the server's own errors a body.
void explain_error(httplib::Response& answer) {
  if (answer.body.empty())
    fill(answer, error_answer(answer.status, error_text(answer.status)));
}

void refuse_method(const httplib::Request& request, httplib::Response& answer, bool allow_post) {
  const char* const allowed = allow_post ? "GET, HEAD, POST" : "GET, HEAD";
  fill(answer,
       error_answer(405, request.method + " is not served here, only " + std::string(allowed)));
  answer.set_header("Allow", allowed);
}

/// Methods that bring a body. The library itself would unpack and keep one of any size, so each has
/// a reader that counts.
bool has_reader(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

void set_up(httplib::Server& server, const handler& handle, const listener_options& options) {
  const bool allow_post = options.allow_post;
  server.set_pre_routing_handler([handle, allow_post](const auto& request, auto& answer) {
    using result = httplib::Server::HandlerResponse;
    if (has_reader(request.method))
      return result::Unhandled;
    if (is_read(request.method))
      run_handler(handle, request, "", answer);
    else
      refuse_method(request, answer, allow_post);
    return result::Handled;
  });
  const auto room = std::make_shared<byte_budget>(options.max_bodies_bytes);
  const auto reader = [handle, allow_post, room, limit = options.max_body_bytes](
                        const httplib::Request& request, httplib::Response& answer,
                        const httplib::ContentReader& content) {
    const bool served = allow_post && request.method == "POST";
    body_reader read{*room, served ? limit : 0};
    const int refusal = read.read(request, content);
    if (!served)
      refuse_method(request, answer, allow_post);
    else if (refusal != 0)
      answer.status = refusal;
    else
      run_handler(handle, request, std::move(read.body), answer);
  };
  server.Post(".*", reader).Put(".*", reader).Patch(".*", reader).Delete(".*", reader);
  server.set_error_handler(
    [allow_post](const httplib::Request& request, httplib::Response& answer) {
      // A DELETE without a body reaches no reader.
      if (answer.status == 404 && has_reader(request.method) && answer.body.empty())
        refuse_method(request, answer, allow_post);
      explain_error(answer);
    });
}

class httplib_listener final : public listener {
public:
  httplib_listener(std::unique_ptr<connection_server> server, int port)
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
      server_->end_connections();
      server_->stop();
      thread_.join();
    }
  }

  std::unique_ptr<connection_server> server_;
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

domain::result<std::unique_ptr<listener>> serve(std::unique_ptr<connection_server> server,
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
  server->widen_backlog();
  return std::unique_ptr<listener>(std::make_unique<httplib_listener>(std::move(server), port));
}

domain::result<std::unique_ptr<listener>> listener::open(const std::string& address, handler handle,
                                                         listener_options options) {
  return serve(std::make_unique<connection_server>(options), address, std::move(handle), options);
}

} // namespace dklb::http::server
