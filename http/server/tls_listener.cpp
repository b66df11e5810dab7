#include "http/server/tls_listener.hpp"

#include "http/server/certificate.hpp"
#include "http/server/connection_deadlines.hpp"
#include "http/server/httplib_listener.hpp"
#include "http/server/tls_connection.hpp"

#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace dklb::http::server {

namespace {

/// Deadlines are kept to this accuracy.
constexpr std::chrono::milliseconds deadline_step{250};

struct context_deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using context_ptr = std::unique_ptr<SSL_CTX, context_deleter>;

/// The library's HTTP over connections of our own. Its TLS server asks every connection that waits
/// a hundred times a second whether there is something to read, reads a head byte by byte, and
/// sends an answer in two pieces.
class tls_server final : public httplib::Server {
public:
  explicit tls_server(context_ptr context) : context_(std::move(context)) {}

private:
  bool process_and_close_socket(socket_t socket) override {
    using std::chrono::seconds;
    tls_connection connection{*context_, socket, seconds{read_timeout_sec_}};
    if (!connection.handshake())
      return false;
    bool closed = false;
    for (auto left = keep_alive_max_count_; left > 0 && !closed && svr_sock_ != INVALID_SOCKET;
         --left) {
      if (!connection.wait_for_request(seconds{keep_alive_timeout_sec_}))
        break;
      const bool understood =
        process_request(connection, left == 1, closed,
                        [&](httplib::Request& request) { request.ssl = connection.ssl(); });
      if (!connection.flush() || !understood)
        return false;
    }
    connection.say_goodbye();
    return true;
  }

  context_ptr context_;
};

class tls_listener final : public listener {
public:
  tls_listener(std::unique_ptr<listener> inner, std::shared_ptr<certificate> shown,
               std::shared_ptr<connection_deadlines> deadlines, std::chrono::milliseconds refresh)
    : shown_(std::move(shown)), deadlines_(std::move(deadlines)), refresh_(refresh),
      inner_(std::move(inner)), thread_([this] { care(); }) {}
  tls_listener(const tls_listener&) = delete;
  tls_listener& operator=(const tls_listener&) = delete;
  ~tls_listener() override { end(); }

  int port() const override { return inner_->port(); }
  void stop() override { end(); }

private:
  void end() {
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
    }
    changed_.notify_all();
    // Kept connections wait for a request; the other thread ends them meanwhile.
    inner_->stop();
    {
      const std::lock_guard lock{mutex_};
      ended_ = true;
    }
    changed_.notify_all();
    const std::lock_guard joining{join_mutex_};
    if (thread_.joinable())
      thread_.join();
  }

  void care() {
    const auto step = std::min(deadline_step, refresh_);
    auto next_refresh = connection_deadlines::clock::now() + refresh_;
    std::unique_lock lock{mutex_};
    while (!ended_) {
      if (ending_)
        changed_.wait_for(lock, std::chrono::milliseconds{10}, [this] { return ended_; });
      else
        changed_.wait_for(lock, step, [this] { return ending_; });
      const auto now = connection_deadlines::clock::now();
      if (ending_)
        deadlines_->cut_idle();
      else
        deadlines_->cut_overdue(now);
      if (ending_ || now < next_refresh)
        continue;
      lock.unlock();
      shown_->refresh();
      next_refresh = now + refresh_;
      lock.lock();
    }
  }

  std::shared_ptr<certificate> shown_;
  std::shared_ptr<connection_deadlines> deadlines_;
  std::chrono::milliseconds refresh_;
  std::unique_ptr<listener> inner_;
  std::mutex mutex_;
  std::mutex join_mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  bool ended_ = false;
  std::thread thread_;
};

} // namespace

domain::result<std::unique_ptr<listener>> open_tls(const std::string& address, handler handle,
                                                   std::shared_ptr<certificate> shown,
                                                   tls_options options) {
  auto deadlines =
    std::make_shared<connection_deadlines>(options.first_request, options.next_request);
  context_ptr context{SSL_CTX_new(TLS_server_method())};
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return domain::error{domain::error_code::invalid, "TLS cannot be set up", {}, 0};
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // A record's head and body with one call of the system.
  SSL_CTX_set_read_ahead(context.get(), 1);
  shown->serve(*context);
  deadlines->follow(*context);
  auto server = std::make_unique<tls_server>(std::move(context));
  server->set_logger([deadlines](const httplib::Request& request, const httplib::Response&) {
    deadlines->answered(request.ssl);
  });
  auto inner = serve(std::move(server), address, std::move(handle), options.common);
  if (!inner)
    return inner;
  return std::unique_ptr<listener>(std::make_unique<tls_listener>(
    std::move(*inner), std::move(shown), std::move(deadlines), options.refresh));
}

} // namespace dklb::http::server
