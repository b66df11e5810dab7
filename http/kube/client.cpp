#include "http/kube/client.hpp"

#include "http/kube/client_session.hpp"
#include "http/kube/watch/watch_request.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <utility>

namespace dklb::http::kube {
namespace {

using domain::error_code;

/// A longer wait is told to the caller, who has a back-off and may have better things to do.
constexpr std::chrono::milliseconds longest_wait{30000};
/// A reset connection is opened again at once, in effect; what does not come back soon is away.
constexpr std::chrono::milliseconds reset_wait{100};
constexpr int reset_retries = 2;
/// A page of a list, or all of it where the server asks for that.
constexpr std::size_t longest_list = 64U << 20U;

/// One call with what it has been through.
struct operation {
  call what;
  reply<std::string> done;
  std::chrono::steady_clock::time_point send_before =
    std::chrono::steady_clock::now() + longest_turn;
  int attempts = 0; ///< tries that were answered with "later" or a reset
  bool refused = false;
};

bool is_read(const call& what) {
  return what.method == "GET" || what.method == "HEAD";
}

} // namespace

class client::implementation : public std::enable_shared_from_this<implementation> {
public:
  implementation(http::engine& engine, client_settings settings)
    : session_(std::make_shared<client_session>(engine, std::move(settings))),
      timeout_(session_->settings.timeout),
      calls_(engine.add_target({"kubernetes", session_->settings.limits})),
      lists_(engine.add_target({"kubernetes lists", {8, 0, 0}})) {}

  void change(std::chrono::milliseconds timeout, const target_limits& limits) {
    timeout_ = timeout;
    session_->engine.set_limits(calls_, limits);
  }

  void start(std::shared_ptr<operation> running) {
    session_->with_credential(
      [self = shared_from_this(), running](domain::result<credential> proof) {
        if (proof)
          self->send(running, *proof);
        else
          self->session_->engine.post(
            [running, failure = std::move(proof.failure())] { running->done(failure); });
      });
  }

  const std::shared_ptr<client_session>& session() const { return session_; }

private:
  void send(const std::shared_ptr<operation>& running, const credential& proof) {
    const auto& what = running->what;
    http::request sent;
    sent.method = what.method;
    sent.path = what.path;
    sent.headers = session_->headers(proof);
    sent.body = what.body;
    if (!what.body.empty())
      sent.headers.emplace_back("Content-Type", what.content_type);
    sent.timeout = what.timeout.value_or(timeout_.load());
    sent.send_before = running->send_before;
    sent.priority = what.priority;
    if (what.list)
      sent.max_response_bytes = longest_list;
    if (what.guarded && !is_read(what))
      sent.permit = session_->settings.may_write;
    session_->engine.send(what.list ? lists_ : calls_, session_->endpoint_of(proof),
                          std::move(sent),
                          [self = shared_from_this(), running, proof](response_result answer) {
                            self->answered(running, proof, std::move(answer));
                          });
  }

  void answered(const std::shared_ptr<operation>& running, const credential& proof,
                response_result answer) {
    if (answer || answer.failure().code != error_code::not_leader) // else nothing was sent
      session_->tell(running->what.list ? "LIST" : running->what.method,
                     answer ? answer->status : 0);
    if (!answer) {
      if (const auto wait = wait_after(*running, answer.failure()))
        return again(running, *wait);
      return running->done(named(running->what, std::move(answer.failure())));
    }
    session_->warnings.log(answer->headers);
    if (answer->status >= 200 && answer->status < 300)
      return running->done(std::move(answer->body));
    auto failure = error_from_response(*answer);
    if (failure.code == error_code::unauthorized && !std::exchange(running->refused, true)
        && session_->refused(proof))
      return start(running);
    if (const auto wait = wait_after(*running, failure))
      return again(running, *wait);
    running->done(named(running->what, std::move(failure)));
  }

  /// How long to wait before another try; nothing where there is none.
  static std::optional<std::chrono::milliseconds> wait_after(const operation& running,
                                                             const domain::error& failure) {
    if (running.attempts >= running.what.retries)
      return std::nullopt;
    if (failure.http_status == 429 || failure.http_status >= 500) {
      if (failure.retry_after && *failure.retry_after <= longest_wait)
        return failure.retry_after;
      return std::nullopt;
    }
    // A write may have happened although the connection broke: its caller has to read first.
    if (failure.code == error_code::transport && is_read(running.what)
        && running.attempts < reset_retries)
      return reset_wait * (running.attempts + 1);
    return std::nullopt;
  }

  void again(const std::shared_ptr<operation>& running, std::chrono::milliseconds wait) {
    ++running->attempts;
    session_->engine.after(wait, [self = shared_from_this(), running] { self->start(running); });
  }

  /// Says which request failed; the query is left out, it is long and says little.
  static domain::error named(const call& what, domain::error failure) {
    failure.message =
      what.method + ' ' + what.path.substr(0, what.path.find('?')) + ": " + failure.message;
    return failure;
  }

  std::shared_ptr<client_session> session_;
  std::atomic<std::chrono::milliseconds> timeout_;
  target_id calls_;
  target_id lists_;
};

client::client(http::engine& engine, client_settings settings)
  : implementation_(std::make_shared<implementation>(engine, std::move(settings))) {}

client::~client() = default;

void client::change(std::chrono::milliseconds timeout, const target_limits& limits) {
  implementation_->change(timeout, limits);
}

void client::request(call what, reply<nlohmann::json> done) {
  const auto name = what.method + ' ' + what.path.substr(0, what.path.find('?'));
  request_text(std::move(what), [name, done = std::move(done)](domain::result<std::string> text) {
    if (!text)
      return done(std::move(text.failure()));
    if (text->empty())
      return done(nlohmann::json());
    auto document = nlohmann::json::parse(*text, nullptr, false);
    if (document.is_discarded())
      return done(domain::error{error_code::malformed, name + ": the answer is no JSON", {}, 0});
    done(std::move(document));
  });
}

void client::request_text(call what, reply<std::string> done) {
  auto running = std::make_shared<operation>();
  running->what = std::move(what);
  running->done = std::move(done);
  implementation_->start(std::move(running));
}

std::shared_ptr<watch_stream> client::open_watch(const std::string& path, stream_handler handler,
                                                 std::chrono::milliseconds deadline) {
  return start_watch(implementation_->session(), path, std::move(handler), deadline);
}

http::engine& client::engine() {
  return implementation_->session()->engine;
}

} // namespace dklb::http::kube
