#include "tests/bench/rows.hpp"

#include "tests/http/support/keys.hpp"
#include "tests/http/support/tls_client.hpp"
#include "tests/support/services.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

namespace dklb::bench {
namespace {

using clock = std::chrono::steady_clock;
using tests::tls_client;

constexpr std::size_t at_once = 100;

/// An update as kube-apiserver sends it, with what clients leave in `managedFields`.
std::string review() {
  auto object = support::load_balancer("default", "web", {80, 443}, "name: web\nsize: 2\n");
  object["metadata"]["uid"] = "uid-1";
  for (int writer = 0; writer < 3; ++writer)
    object["metadata"]["managedFields"].push_back(
      {{"manager", "writer-" + std::to_string(writer)},
       {"operation", "Update"},
       {"fieldsV1", {{"f:spec", {{"f:ports", {{".", nlohmann::json::object()}}}}}}}});
  auto before = object;
  before["metadata"]["annotations"]["kubernetes.dcos.io/dklb-config"] = "name: web\n";
  return nlohmann::json{{"kind", "AdmissionReview"},
                        {"apiVersion", "admission.k8s.io/v1"},
                        {"request",
                         {{"uid", "review-1"},
                          {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Service"}}},
                          {"namespace", "default"},
                          {"name", "web"},
                          {"operation", "UPDATE"},
                          {"object", object},
                          {"oldObject", before}}}}
    .dump();
}

/// The API server's side: its kept connections to one webhook.
class caller {
public:
  caller(const std::string& host, int port) {
    for (std::size_t number = 0; number < at_once; ++number) {
      clients_.push_back(std::make_unique<tls_client>(port, host));
      if (!clients_.back()->handshake())
        throw std::runtime_error("the webhook takes no connection");
      epoll_event wanted{};
      wanted.events = EPOLLIN;
      wanted.data.u64 = number;
      ::epoll_ctl(arrivals_, EPOLL_CTL_ADD, clients_.back()->descriptor(), &wanted);
    }
    sent_.resize(clients_.size());
  }
  caller(const caller&) = delete;
  caller& operator=(const caller&) = delete;
  ~caller() { ::close(arrivals_); }

  /// Sends a review over every connection, then takes the answers as they come; seconds of each.
  void round(const std::string& path, const std::string& body, std::vector<double>& seconds) {
    for (std::size_t number = 0; number < clients_.size(); ++number) {
      sent_[number] = clock::now();
      if (!clients_[number]->send_post(path, body))
        throw std::runtime_error("the webhook ended a connection");
    }
    std::array<epoll_event, at_once> arrived{};
    for (auto left = clients_.size(); left > 0;) {
      const auto count = ::epoll_wait(arrivals_, arrived.data(), arrived.size(), 10000);
      if (count <= 0)
        throw std::runtime_error("an answer did not come");
      for (int index = 0; index < count; ++index, --left) {
        const auto number = arrived[static_cast<std::size_t>(index)].data.u64;
        const auto answer = clients_[number]->answer();
        seconds.push_back(std::chrono::duration<double>(clock::now() - sent_[number]).count());
        if (answer.find("\"allowed\":true") == std::string::npos)
          throw std::runtime_error("unexpected answer: " + answer);
      }
    }
  }

private:
  int arrivals_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<tls_client>> clients_;
  std::vector<clock::time_point> sent_;
};

} // namespace

std::vector<row> admission_reviews(const context& about) {
  const tests::certificate_authority authority{"bench"};
  const auto pair = authority.issue("dklb", "IP:127.0.0.1");
  const support::temporary_folder folder;
  const auto listen = support::free_listen_address();
  world made;
  made.start(about, {{"webhook",
                      {{"enabled", true},
                       {"listen", listen},
                       {"certFile", folder.write("tls.crt", pair.certificate_pem)},
                       {"keyFile", folder.write("tls.key", pair.key_pem)}}}});
  if (!made.dklb->wait_ready())
    throw std::runtime_error("dklb is not ready");
  const auto colon = listen.find(':');
  caller api{listen.substr(0, colon), std::stoi(listen.substr(colon + 1))};
  const auto body = review();
  std::vector<double> seconds;
  for (const auto* path : {"/mutate", "/validate"})
    api.round(path, body, seconds); // the threads are made here
  seconds.clear();
  const auto used = made.dklb->process().usage().cpu_seconds;
  const auto rounds = std::max<std::size_t>(about.samples / 10, 10);
  for (std::size_t number = 0; number < rounds; ++number) {
    api.round(number % 2 == 0 ? "/mutate" : "/validate", body, seconds);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const auto cpu =
    (made.dklb->process().usage().cpu_seconds - used) / static_cast<double>(seconds.size());
  std::sort(seconds.begin(), seconds.end());
  return {{std::to_string(at_once) + " admission reviews at once, p50",
           readable_seconds(percentile(seconds, 0.5)), "", ""},
          {std::to_string(at_once) + " admission reviews at once, p99",
           readable_seconds(percentile(seconds, 0.99)), "", ""},
          {"CPU time of one review", readable_seconds(cpu), "", ""}};
}

} // namespace dklb::bench
