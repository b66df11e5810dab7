#include "http/kube/access/child_process.hpp"
#include "http/kube/access/exec_credential.hpp"
#include "http/kube/access/files.hpp"
#include "http/kube/access/token_sources.hpp"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace dklb::http::kube {
namespace {

/// The shortest time between two runs that bring nothing better.
constexpr std::chrono::seconds run_gap{10};

/// Runs the plugin for whoever waits; outlives its source while its thread runs.
class exec_worker {
public:
  exec_worker(exec_config plugin, kubeconfig_cluster cluster, std::shared_ptr<const endpoint> where,
              source_clocks clocks, std::chrono::milliseconds timeout)
    : plugin_(std::move(plugin)), cluster_(std::move(cluster)), where_(std::move(where)),
      clocks_(std::move(clocks)), timeout_(timeout) {}

  /// The credential at hand, or nothing: then `ready` is kept and told later.
  std::optional<credential> get_or_wait(credential_ready& ready) {
    const std::lock_guard lock(mutex_);
    if (usable())
      return known_;
    waiting_.push_back(std::move(ready));
    wake_.notify_one();
    return std::nullopt;
  }

  /// The server refused it. True where something else is used from now on.
  bool forget(const credential& used) {
    const std::lock_guard lock(mutex_);
    if (known_ != used)
      return true;
    const auto now = clocks_.monotonic();
    if (now < stale_until_ || now < next_refusal_)
      return false;
    known_.reset();
    next_refusal_ = now + run_gap;
    return true;
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    cancel_.cancel();
    wake_.notify_one();
  }

  /// The thread's whole life.
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
      if (waiting_.empty())
        return;
      domain::result<credential> outcome =
        domain::error{domain::error_code::cancelled, "the exec plugin is no longer asked", {}, 0};
      if (usable()) {
        outcome = *known_;
      } else if (!stopped_) {
        lock.unlock();
        auto fresh = execute();
        lock.lock();
        outcome = keep(fresh);
      }
      auto told = std::exchange(waiting_, {});
      lock.unlock();
      for (auto& ready : told)
        ready(outcome);
      lock.lock();
    }
  }

private:
  /// What has expired is used until the plugin may run again; the server judges by its own clock.
  bool usable() const {
    return known_
           && (!expires_ || clocks_.wall() < *expires_ || clocks_.monotonic() < stale_until_);
  }

  domain::result<exec_credential> execute() const {
    auto ca = cluster_.ca_data;
    if (plugin_.provide_cluster_info && ca.empty() && !cluster_.ca_file.empty())
      ca = read_file(cluster_.ca_file).value_or("");
    command what;
    what.program = plugin_.command;
    what.arguments = plugin_.arguments;
    what.environment = plugin_.environment;
    what.environment.emplace_back("KUBERNETES_EXEC_INFO", exec_info(plugin_, cluster_, ca));
    what.timeout = timeout_;
    auto output = run_command(what, cancel_);
    if (!output)
      return output.failure();
    return parse_exec_credential(*output, plugin_.api_version);
  }

  domain::result<credential> keep(const domain::result<exec_credential>& fresh) {
    if (!fresh) {
      known_.reset();
      return explain(fresh.failure());
    }
    known_ = complete(*fresh);
    expires_ = fresh->expires;
    const auto now = clocks_.wall();
    const bool expired = expires_ && *expires_ <= now;
    if (expired) {
      stale_until_ = clocks_.monotonic() + run_gap;
      if (!warned_)
        spdlog::warn("the exec plugin {} gave credentials that expired at {}, but it is {} here: "
                     "compare the clocks; it is run once in {} s meanwhile",
                     plugin_.command, format_time(*expires_),
                     format_time(std::chrono::floor<std::chrono::microseconds>(now)),
                     run_gap.count());
    }
    warned_ = expired;
    return *known_;
  }

  credential complete(const exec_credential& fresh) const {
    credential result{bearer(fresh.token), nullptr};
    if (!fresh.certificate_data.empty()) {
      auto with_certificate = std::make_shared<endpoint>(*where_);
      with_certificate->client_certificate_file.clear();
      with_certificate->client_key_file.clear();
      with_certificate->client_certificate_data = fresh.certificate_data;
      with_certificate->client_key_data = fresh.key_data;
      result.where = std::move(with_certificate);
    }
    return result;
  }

  domain::error explain(domain::error failure) const {
    failure.message =
      "no credentials from the exec plugin " + plugin_.command + ": " + failure.message;
    if (!plugin_.install_hint.empty())
      failure.message += " (" + plugin_.install_hint + ")";
    if (failure.code != domain::error_code::cancelled)
      failure.code = domain::error_code::unauthorized;
    return failure;
  }

  const exec_config plugin_;
  const kubeconfig_cluster cluster_;
  const std::shared_ptr<const endpoint> where_;
  const source_clocks clocks_;
  const std::chrono::milliseconds timeout_;
  cancel_signal cancel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<credential> known_;
  std::optional<micro_time> expires_;
  std::chrono::steady_clock::time_point stale_until_;  ///< an expired answer is used until then
  std::chrono::steady_clock::time_point next_refusal_; ///< that makes the plugin run
  bool warned_ = false;                                ///< of an answer that had expired
  std::vector<credential_ready> waiting_;
  bool stopped_ = false;
};

class exec_token : public token_source {
public:
  explicit exec_token(std::shared_ptr<exec_worker> worker)
    : worker_(std::move(worker)), thread_([running = worker_] { running->run(); }) {}

  ~exec_token() override {
    worker_->stop();
    // The last owner may let go in a callback, which the thread itself runs.
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach();
    else
      thread_.join();
  }

  void get(credential_ready ready) override {
    if (auto known = worker_->get_or_wait(ready))
      ready(*std::move(known));
  }

  bool refused(const credential& used) override { return worker_->forget(used); }

private:
  std::shared_ptr<exec_worker> worker_;
  std::thread thread_;
};

} // namespace

std::shared_ptr<token_source> make_exec_token(exec_config plugin, kubeconfig_cluster cluster,
                                              std::shared_ptr<const endpoint> where,
                                              source_clocks clocks,
                                              std::chrono::milliseconds timeout) {
  return std::make_shared<exec_token>(std::make_shared<exec_worker>(
    std::move(plugin), std::move(cluster), std::move(where), std::move(clocks), timeout));
}

} // namespace dklb::http::kube
