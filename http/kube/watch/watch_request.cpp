#include "http/kube/watch/watch_request.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace dklb::http::kube {
namespace {

constexpr std::size_t longest_refusal = 64U << 10U;

class watch_request : public watch_stream, public std::enable_shared_from_this<watch_request> {
public:
  watch_request(std::shared_ptr<client_session> session, std::string path, stream_handler handler,
                std::chrono::milliseconds deadline)
    : session_(std::move(session)), path_(std::move(path)), handler_(std::move(handler)),
      deadline_(deadline) {}

  void open() {
    session_->with_credential([self = shared_from_this()](domain::result<credential> proof) {
      if (proof)
        self->send(*proof);
      else
        self->session_->engine.post(
          [self, failure = std::move(proof.failure())] { self->close(failure); });
    });
  }

  void pause() override {
    const std::lock_guard lock(mutex_);
    paused_ = true;
    if (stream_ != 0)
      session_->engine.pause_stream(stream_);
  }

  void resume() override {
    const std::lock_guard lock(mutex_);
    paused_ = false;
    if (stream_ != 0)
      session_->engine.resume_stream(stream_);
  }

  void cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (stream_ != 0)
      session_->engine.cancel_stream(stream_);
  }

private:
  void send(const credential& proof) {
    http::request sent;
    sent.path = path_;
    sent.headers = session_->headers(proof);
    const auto self = shared_from_this();
    stream_handler relay;
    relay.on_open = [self](int status, const header_list& headers) {
      self->opened(status, headers);
    };
    relay.on_data = [self](std::string_view chunk) { self->received(chunk); };
    relay.on_close = [self, proof](domain::result<domain::unit> end) {
      self->ended(proof, std::move(end));
    };
    // Not under the lock: an engine that has ended tells the close at once.
    const auto opened = session_->engine.open_stream(session_->endpoint_of(proof), std::move(sent),
                                                     std::move(relay), deadline_);
    const std::lock_guard lock(mutex_);
    // A second try after a 401 may have begun already; its handle is the higher one.
    stream_ = std::max(stream_, opened);
    if (cancelled_)
      session_->engine.cancel_stream(stream_);
    else if (paused_)
      session_->engine.pause_stream(stream_);
  }

  void opened(int status, const header_list& headers) {
    session_->warnings.log(headers);
    answer_.status = status;
    answer_.headers = headers;
    if (agreed() && handler_.on_open)
      handler_.on_open(status, headers);
  }

  void received(std::string_view chunk) {
    if (agreed())
      handler_.on_data(chunk);
    else if (answer_.body.size() < longest_refusal)
      answer_.body += chunk;
  }

  void ended(const credential& proof, domain::result<domain::unit> end) {
    session_->tell("WATCH", answer_.status);
    if (answer_.status == 0 || agreed())
      return close(std::move(end));
    const auto refusal = std::exchange(answer_, {});
    if (refusal.status == 401 && !std::exchange(refused_, true) && session_->refused(proof))
      return open();
    auto failure = error_from_response(refusal);
    failure.message = "WATCH " + path_.substr(0, path_.find('?')) + ": " + failure.message;
    close(std::move(failure));
  }

  /// The handler is let go with the end: it may own whoever owns this.
  void close(domain::result<domain::unit> end) {
    const auto handler = std::exchange(handler_, {});
    if (handler.on_close)
      handler.on_close(std::move(end));
  }

  bool agreed() const { return answer_.status == 200; }

  const std::shared_ptr<client_session> session_;
  const std::string path_;
  stream_handler handler_;
  const std::chrono::milliseconds deadline_;
  response answer_;
  bool refused_ = false;

  std::mutex mutex_;     ///< guards what follows
  handle_id stream_ = 0; ///< the last one, also after its end
  bool paused_ = false;
  bool cancelled_ = false;
};

} // namespace

std::shared_ptr<watch_stream> start_watch(std::shared_ptr<client_session> session, std::string path,
                                          stream_handler handler,
                                          std::chrono::milliseconds deadline) {
  auto watch = std::make_shared<watch_request>(std::move(session), std::move(path),
                                               std::move(handler), deadline);
  watch->open();
  return watch;
}

} // namespace dklb::http::kube
