#include "edgelb/api/api_server.hpp"

#include "edgelb/metrics/metrics.hpp"
#include "http/engine/byte_budget.hpp"
#include "http/server/body_reader.hpp"
#include "http/server/connection_server.hpp"

#include <httplib.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <cstring>
#include <thread>

namespace dklb::edgelb {
namespace {

/// The deadline of a request. Enough for a large pool over a slow line; cuts off slow clients.
constexpr auto request_time = std::chrono::seconds(20);
/// The idle time-out of a connection. dklb reuses its connections.
constexpr auto idle_time = std::chrono::seconds(60);

http::server::listener_options limits() {
  http::server::listener_options made;
  made.connections = 256;
  made.max_body_bytes = 16U << 20U;
  made.max_bodies_bytes = 64U << 20U;
  made.request = request_time;
  made.idle = idle_time;
  return made;
}

/// Closes the connection of a request, so that its response is never sent. The HTTP library does
/// not pass the socket to a handler, so it is found by the peer's address.
void cut_connection(const httplib::Request& request) {
  constexpr int highest = 4096;
  for (int number = 3; number < highest; ++number) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    if (::getpeername(number, reinterpret_cast<sockaddr*>(&peer), &length) != 0)
      continue;
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    if (::getnameinfo(reinterpret_cast<const sockaddr*>(&peer), length, host, sizeof host, port,
                      sizeof port, NI_NUMERICHOST | NI_NUMERICSERV)
          == 0
        && request.remote_addr == host && std::to_string(request.remote_port) == port)
      ::shutdown(number, SHUT_RDWR);
  }
}

api_answer faulty_answer(const fault& what) {
  if (!what.html)
    return error_answer(what.code, "a fault that was asked for");
  return {what.code, "text/html",
          "<html><head><title>" + std::to_string(what.code)
            + "</title></head><body><h1>The gateway has no answer</h1></body></html>"};
}

class httplib_server final : public api_server {
public:
  explicit httplib_server(parts with) : with_(with) {}
  ~httplib_server() override { stop(); }

  domain::result<domain::unit> start(const std::string& listen) {
    const auto colon = listen.rfind(':');
    auto host = listen.substr(0, colon);
    int port = -1;
    if (colon != std::string::npos)
      std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port);
    if (host.empty() || port < 0 || port > 65535)
      return failure(400, "\"" + listen + "\" is no address to listen on: give ADDRESS:PORT");
    if (host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    prepare();
    port_ = port != 0 ? port : server_.bind_to_any_port(host);
    const bool bound = port != 0 ? server_.bind_to_port(host, port) : port_ > 0;
    if (!bound)
      return failure(500, "cannot listen on " + listen + ": " + std::strerror(errno));
    host_ = host;
    server_.widen_backlog();
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return domain::unit{};
  }

  std::string url() const override { return "http://" + socket_text(host_, port_); }

  void stop() override {
    if (!thread_.joinable())
      return;
    server_.end_connections();
    server_.stop();
    thread_.join();
  }

private:
  void prepare() {
    // The token is checked before a body is kept. The body of an unknown caller is dropped.
    const auto plain = [this](const httplib::Request& request, httplib::Response& response) {
      serve(request, response, {});
    };
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& content) {
      http::server::body_reader read(bodies_, allowed(request) ? limits().max_body_bytes : 0);
      response.status = read.read(request, content);
      if (response.status == 0 || !allowed(request))
        serve(request, response, std::move(read.body));
    };
    server_.Get(".*", plain).Delete(".*", plain).Options(".*", plain);
    server_.Post(".*", with_body).Put(".*", with_body).Patch(".*", with_body);
    server_.Delete(".*", with_body);
    // Requests that the library itself refuses get an error body of the API.
    server_.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty() && response.status != 204)
        fill(response, error_answer(response.status, "the request cannot be served"));
    });
    server_.set_exception_handler(
      [](const httplib::Request& request, httplib::Response& response, std::exception_ptr) {
        spdlog::error("{} {} failed unexpectedly", request.method, in_quotes(request.path));
        fill(response, error_answer(500, "an unexpected error; see the server's log"));
      });
  }

  static void fill(httplib::Response& response, const api_answer& answer) {
    response.status = answer.status;
    if (answer.status == 204)
      return;
    response.set_content(answer.body, answer.content_type);
  }

  /// Reads the header from the map, because the library's getter cuts it at a zero byte.
  bool allowed(const httplib::Request& request) const {
    const auto [first, last] = request.headers.equal_range("Authorization");
    if (first != last && std::next(first) != last)
      return false;
    return with_.tokens.allows(first == last ? std::string_view{} : first->second);
  }

  void serve(const httplib::Request& request, httplib::Response& response, std::string body) {
    if (!allowed(request)) {
      response.set_header("WWW-Authenticate", "Bearer");
      fill(response, error_answer(401, "a valid token is needed: Authorization: Bearer <token>"));
      return;
    }
    const auto wrong = with_.faults.next(request.method, request.path);
    std::this_thread::sleep_for(wrong.delay);
    if (wrong.code != 0) {
      fill(response, faulty_answer(wrong));
      return;
    }
    if (request.path == "/metrics" && (request.method == "GET" || request.method == "HEAD")) {
      fill(response, metrics_page(request));
      return;
    }
    const auto answer = answer_call(with_.pools, {request.method == "HEAD" ? "GET" : request.method,
                                                  request.path, std::move(body)});
    spdlog::debug("{} {} -> {}", request.method, in_quotes(request.path), answer.status);
    fill(response, answer);
    if (wrong.cut_after_write)
      cut_connection(request);
  }

  api_answer metrics_page(const httplib::Request& request) {
    for (const auto& [name, value] : request.params)
      if (name != "servers" || value != "true")
        return error_answer(400, "/metrics knows the parameter servers=true only");
    const auto page = metrics_.page(request.has_param("servers"));
    if (!page)
      return error_answer(page.failure().http_status, page.failure().message);
    return {200, "text/plain; version=0.0.4; charset=utf-8", *page};
  }

  parts with_;
  metrics metrics_{with_.pools};
  http::byte_budget bodies_{limits().max_bodies_bytes};
  http::server::connection_server server_{limits()};
  std::string host_;
  int port_ = 0;
  std::thread thread_;
};

} // namespace

domain::result<std::unique_ptr<api_server>> api_server::open(const std::string& listen,
                                                             parts with) {
  auto made = std::make_unique<httplib_server>(with);
  if (auto started = made->start(listen); !started)
    return started.failure();
  return std::unique_ptr<api_server>(std::move(made));
}

} // namespace dklb::edgelb
