#include "http/edgelb/credentials.hpp"
#include "http/edgelb/jwt.hpp"
#include "http/text/text.hpp"

#include "dklb/version.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace dklb::http::edgelb {

namespace {

using domain::error;
using domain::error_code;
using ready_callback = std::function<void(domain::result<std::string>)>;
using clock = std::chrono::system_clock;

/// How long the token that asks for the login is valid.
constexpr std::chrono::minutes login_validity{5};
constexpr std::chrono::seconds login_timeout{15};
/// A login this long before the token expires, or a tenth of its life where that is shorter.
constexpr std::chrono::seconds longest_margin{60};
/// A token without `exp` is used for this long.
constexpr std::chrono::minutes assumed_life{5};
/// One login at most in this time, whatever is refused; a failed one is not tried again sooner.
constexpr std::chrono::seconds refusal_gap{10};
constexpr std::chrono::milliseconds failure_gap{500};

class login_authenticator final : public authenticator,
                                  public std::enable_shared_from_this<login_authenticator> {
public:
  login_authenticator(engine& engine, secret_source secret, endpoint trust)
    : engine_(engine), secret_(std::move(secret)), trust_(std::move(trust)),
      target_(engine.add_target({"dcos-login", {1, 0, 0}})) {}

  void authorize(ready_callback ready) override {
    if (!header_.empty() && clock::now() < renew_at_) {
      ready(header_);
      return;
    }
    if (waiting_.empty() && clock::now() < failed_at_ + failure_gap) {
      answer(ready);
      return;
    }
    waiting_.push_back(std::move(ready));
    if (waiting_.size() == 1) {
      log_in();
    }
  }

  bool refused() override {
    // A token this young was not what the server refused, or another login will not help.
    if (clock::now() >= obtained_at_ + refusal_gap) {
      header_.clear();
    }
    return true;
  }

private:
  void log_in() {
    auto text = secret_();
    if (!text) {
      fail(std::move(text.failure()));
      return;
    }
    const auto account = parse_service_account(*text);
    if (!account) {
      fail(account.failure());
      return;
    }
    auto token = login_token(*account, clock::now() + login_validity);
    if (!token) {
      fail(std::move(token.failure()));
      return;
    }
    endpoint where = trust_;
    where.base_url = account->login_endpoint;
    where.tls_server_name.clear();
    request what;
    what.method = "POST";
    what.timeout = login_timeout;
    what.max_response_bytes = 64U << 10U;
    what.headers = {{"Accept", "application/json"},
                    {"Content-Type", "application/json"},
                    {"User-Agent", std::string("dklb/") + version}};
    what.body = nlohmann::json{{"uid", account->uid}, {"token", *token}}.dump();
    engine_.send(target_, std::make_shared<const endpoint>(std::move(where)), std::move(what),
                 [self = shared_from_this(), sent = *token](response_result answer) {
                   self->conclude(std::move(answer), sent);
                 });
  }

  void conclude(response_result answer, const std::string& sent) {
    if (!answer) {
      fail(std::move(answer.failure()));
      return;
    }
    if (answer->status < 200 || answer->status >= 300) {
      // Masked before the text is shortened: a secret that is cut would not be recognised.
      answer->body = without_secret(std::move(answer->body), sent);
      fail(error_from_response(*answer));
      return;
    }
    const auto object = nlohmann::json::parse(answer->body, nullptr, false);
    const auto token = object.is_object() ? object.find("token") : object.end();
    if (!object.is_object() || token == object.end() || !token->is_string()
        || token->get_ref<const std::string&>().empty()) {
      fail({error_code::malformed, "the answer has no `token`", std::nullopt, answer->status});
      return;
    }
    accept(token->get<std::string>());
  }

  void accept(const std::string& token) {
    obtained_at_ = clock::now();
    const auto expires = expiry_of(token).value_or(obtained_at_ + assumed_life);
    const auto life = std::max(expires - obtained_at_, clock::duration::zero());
    const auto margin = std::min<clock::duration>(longest_margin, life / 10);
    // A server whose clock is behind ours must not make every request log in.
    renew_at_ = std::max<clock::time_point>(expires - margin, obtained_at_ + refusal_gap);
    expires_at_ = expires;
    header_ = "token=" + token;
    answer_all();
  }

  void fail(error failure) {
    failed_at_ = clock::now();
    failure.message = "the login to DC/OS failed: " + failure.message;
    if (domain::access_refused(failure.code)) {
      failure.message += " (check that the service account exists and has this key)";
    }
    if (failure.code != error_code::cancelled) {
      // Whatever the cause, to the request that waits it is that it has no credentials: nothing of
      // it was sent, and it may be tried again.
      failure.code = error_code::unauthorized;
    }
    failure_ = std::move(failure);
    if (clock::now() >= expires_at_) {
      header_.clear();
    }
    spdlog::warn("{}", failure_.message);
    answer_all();
  }

  /// What there is: a token that is still valid although a newer one could not be had, or the
  /// error.
  void answer(const ready_callback& ready) const {
    if (header_.empty()) {
      ready(failure_);
    } else {
      ready(header_);
    }
  }

  void answer_all() {
    for (const ready_callback& ready : std::exchange(waiting_, {})) {
      answer(ready);
    }
  }

  engine& engine_;
  secret_source secret_;
  endpoint trust_;
  target_id target_;
  std::string header_;
  error failure_;
  clock::time_point obtained_at_;
  clock::time_point renew_at_;
  clock::time_point expires_at_;
  clock::time_point failed_at_;
  std::vector<ready_callback> waiting_;
};

} // namespace

std::shared_ptr<authenticator> service_account_login(engine& engine, secret_source secret,
                                                     const endpoint& trust) {
  return std::make_shared<login_authenticator>(engine, std::move(secret), trust);
}

} // namespace dklb::http::edgelb
