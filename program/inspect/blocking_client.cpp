#include "program/inspect/blocking_client.hpp"

#include "http/kube/client.hpp"

#include <future>
#include <utility>

namespace dklb::program {

namespace {

/// Ten thousand Services with their transitions are about 20 MB.
constexpr std::size_t longest_page = 128U << 20U;

} // namespace

blocking_client::blocking_client(std::shared_ptr<const http::endpoint> where,
                                 std::shared_ptr<http::kube::token_source> token,
                                 std::chrono::milliseconds timeout)
  : where_(std::move(where)), token_(std::move(token)), timeout_(timeout),
    target_(engine_.add_target({"pages", 1, 0, 0})) {}

domain::result<http::response> blocking_client::get(const std::string& path,
                                                    const std::string& host) {
  constexpr int refused = 401;
  const auto proof = credential();
  if (!proof)
    return proof.failure();
  auto answer = send(path, host, *proof);
  if (!answer || answer->status != refused || !token_ || !token_->refused(*proof))
    return answer;
  const auto fresh = credential();
  return fresh ? send(path, host, *fresh) : domain::result<http::response>{fresh.failure()};
}

domain::result<http::kube::credential> blocking_client::credential() const {
  using outcome = domain::result<http::kube::credential>;
  if (!token_)
    return http::kube::credential{};
  const auto promise = std::make_shared<std::promise<outcome>>();
  token_->get([promise](outcome proof) { promise->set_value(std::move(proof)); });
  return promise->get_future().get();
}

domain::result<http::response> blocking_client::send(const std::string& path,
                                                     const std::string& host,
                                                     const http::kube::credential& proof) {
  http::request what;
  what.path = path;
  what.timeout = timeout_;
  what.max_response_bytes = longest_page;
  what.headers = {{"Accept", "application/json"}, {"User-Agent", http::kube::default_user_agent()}};
  if (!host.empty())
    what.headers.emplace_back("Host", host);
  if (!proof.authorization.empty())
    what.headers.emplace_back("Authorization", proof.authorization);
  const auto promise = std::make_shared<std::promise<http::response_result>>();
  engine_.send(target_, proof.where ? proof.where : where_, std::move(what),
               [promise](http::response_result answer) { promise->set_value(std::move(answer)); });
  return promise->get_future().get();
}

} // namespace dklb::program
