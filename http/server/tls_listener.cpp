#include "http/server/tls_listener.hpp"

#include "http/server/certificate.hpp"
#include "http/server/httplib_listener.hpp"
#include "http/server/tls_connection.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace dklb::http::server {

namespace {

struct context_deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using context_ptr = std::unique_ptr<SSL_CTX, context_deleter>;

class tls_server final : public connection_server {
public:
  tls_server(context_ptr context, const listener_options& options)
    : connection_server(options), context_(std::move(context)) {}

private:
  std::unique_ptr<connection> connect(connection_table& table, int socket,
                                      const listener_options& options) override {
    return std::make_unique<tls_connection>(*context_, table, socket, options);
  }

  context_ptr context_;
};

/// The server, and a thread that looks at the certificate's files.
class tls_listener final : public listener {
public:
  tls_listener(std::unique_ptr<listener> inner, std::shared_ptr<certificate> shown,
               std::chrono::milliseconds refresh)
    : shown_(std::move(shown)), inner_(std::move(inner)), thread_([this, refresh] {
        std::unique_lock lock{mutex_};
        while (!changed_.wait_for(lock, refresh, [this] { return ended_; })) {
          lock.unlock();
          shown_->refresh();
          lock.lock();
        }
      }) {}
  tls_listener(const tls_listener&) = delete;
  tls_listener& operator=(const tls_listener&) = delete;
  ~tls_listener() override { end(); }

  int port() const override { return inner_->port(); }
  void stop() override { end(); }

private:
  void end() {
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

  std::shared_ptr<certificate> shown_;
  std::unique_ptr<listener> inner_;
  std::mutex mutex_;
  std::mutex join_mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

} // namespace

domain::result<std::unique_ptr<listener>> open_tls(const std::string& address, handler handle,
                                                   std::shared_ptr<certificate> shown,
                                                   tls_options options) {
  context_ptr context{SSL_CTX_new(TLS_server_method())};
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return domain::error{domain::error_code::invalid, "TLS cannot be set up", {}, 0};
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // A record's head and body with one call of the system.
  SSL_CTX_set_read_ahead(context.get(), 1);
  shown->serve(*context);
  auto inner = serve(std::make_unique<tls_server>(std::move(context), options.common), address,
                     std::move(handle), options.common);
  if (!inner)
    return inner;
  return std::unique_ptr<listener>(
    std::make_unique<tls_listener>(std::move(*inner), std::move(shown), options.refresh));
}

} // namespace dklb::http::server
