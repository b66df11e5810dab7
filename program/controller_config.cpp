#include "program/config_watch.hpp"
#include "program/controller.hpp"
#include "program/live_config.hpp"
#include "program/process.hpp"

#include <cstddef>
#include <utility>

// What the controller does with a configuration file that was read again.
namespace dklb::program {

using namespace messages;

http::target_limits controller::kubernetes_limits(const domain::config& settings) {
  return {static_cast<std::size_t>(settings.concurrency.kubernetes_in_flight),
          settings.kubernetes.qps, settings.kubernetes.burst};
}

void controller::watch_config() {
  live_config::listener tell;
  tell.apply = [this](const domain::config& in_force) { apply(in_force); };
  tell.rejected = [to = supervisor_](const std::string& mistakes) {
    caf::anon_send(to, config_rejected{mistakes});
  };
  config_ =
    std::make_unique<live_config>(arguments_.settings, arguments_.file.path, run_, std::move(tell));
  watch_ = std::make_unique<config_watch>(arguments_.file.path, [this, first = true]() mutable {
    const auto outcome = arguments_.file.read();
    if (std::exchange(first, false))
      config_->catch_up(outcome);
    else
      config_->take(outcome);
  });
}

void controller::apply(const domain::config& in_force) const {
  const auto& limits = in_force.concurrency;
  run_->live->set(actors::live_values_of(in_force));
  kube_->change(limits.kubernetes_timeout, kubernetes_limits(in_force));
  edgelb_->change(limits.edgelb_timeout, static_cast<std::size_t>(limits.edgelb_in_flight));
  adjust_log(*run_->log, in_force.log);
  caf::anon_send(supervisor_, settings_changed{});
}

void controller::reread() const {
  watch_->reread();
}

} // namespace dklb::program
