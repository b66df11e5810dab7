#include "http/edgelb/caller.hpp"

#include "http/text/text.hpp"

#include "dklb/version.hpp"

namespace dklb::http::edgelb {

namespace {

using domain::error;
using domain::error_code;

bool is_success(int status) {
  return status >= 200 && status < 300;
}

/// The failure of an answer; a server may quote what it was sent, and the credentials in that do
/// not get any further.
error failure_of(response answer, const std::string& authorization) {
  const auto scheme_end = authorization.find_first_of(" =");
  // Masked before the text is shortened: a secret that is cut would not be recognised.
  answer.body = without_secret(std::move(answer.body), scheme_end == std::string::npos
                                                         ? authorization
                                                         : authorization.substr(scheme_end + 1));
  error failure = error_from_response(answer);
  if (domain::access_refused(failure.code)) {
    failure.message += " (check the credentials: edgelb.bearerTokenFile or "
                       "edgelb.serviceAccountFile)";
  }
  return failure;
}

} // namespace

caller::caller(engine& engine, client_settings settings)
  : engine_(engine), settings_(std::move(settings)), timeout_(settings_.timeout),
    target_(engine.add_target({"edgelb", {settings_.max_in_flight, 0, 0}})) {}

void caller::change(std::chrono::milliseconds timeout, std::size_t max_in_flight) {
  timeout_ = timeout;
  engine_.set_limits(target_, {max_in_flight, 0, 0});
}

error caller::engine_ended() {
  return {error_code::cancelled, "the HTTP engine has been stopped", std::nullopt, 0};
}

void caller::call(request what, completion done) {
  what.timeout = timeout_;
  what.send_before = std::chrono::steady_clock::now() + longest_turn;
  what.observer = settings_.on_exchange;
  what.headers.emplace_back("Accept", "application/json");
  what.headers.emplace_back("User-Agent", std::string("dklb/") + version);
  if (what.method != "GET") {
    what.permit = settings_.may_write;
  }
  if (settings_.credentials == nullptr) {
    send(std::move(what), "", false, std::move(done));
    return;
  }
  const auto kept = std::make_shared<completion>(std::move(done));
  const bool posted =
    engine_.post([self = shared_from_this(), what = std::move(what), kept]() mutable {
      self->authorize(std::move(what), true, std::move(*kept));
    });
  if (!posted) {
    (*kept)(engine_ended());
  }
}

void caller::authorize(request what, bool may_repeat, completion done) {
  settings_.credentials->authorize([self = shared_from_this(), what = std::move(what), may_repeat,
                                    done = std::move(done)](domain::result<std::string> value) {
    if (value) {
      self->send(what, *value, may_repeat, done);
    } else {
      done(std::move(value.failure()));
    }
  });
}

void caller::send(request what, const std::string& authorization, bool may_repeat,
                  completion done) {
  const auto again = may_repeat ? std::make_shared<request>(what) : nullptr;
  if (!authorization.empty()) {
    what.headers.emplace_back("Authorization", authorization);
  }
  engine_.send(target_, settings_.where, std::move(what),
               [self = shared_from_this(), again, authorization,
                done = std::move(done)](response_result answer) {
                 self->conclude(std::move(answer), again, authorization, done);
               });
}

void caller::conclude(response_result answer, const std::shared_ptr<request>& again,
                      const std::string& authorization, const completion& done) {
  if (!answer || is_success(answer->status)) {
    done(std::move(answer));
  } else if (answer->status == 401 && again != nullptr && settings_.credentials->refused()) {
    authorize(std::move(*again), false, done);
  } else {
    done(failure_of(std::move(*answer), authorization));
  }
}

} // namespace dklb::http::edgelb
