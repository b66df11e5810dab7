#include "actors/supervisor/supervisor_children.hpp"

#include "domain/config/config.hpp"

#include <algorithm>
#include <utility>

// Who died, and when it is started again.
namespace dklb::actors {

using namespace messages;

namespace {

/// What has run for so long starts anew as if it had never failed.
constexpr milliseconds shortest_quiet{60000};

} // namespace

void supervisor_state::give_up(const std::string& why) {
  run->log->critical("{}; giving up", why);
  stopping_ = true;
  if (arguments_.give_up)
    arguments_.give_up(why);
}

std::optional<milliseconds> supervisor_state::count_restart(const char* kind,
                                                            const std::string& name,
                                                            const std::string& reason) {
  run->actors->restarted(kind, name);
  failed(std::string{kind} + " " + name + " failed: " + reason);
  if (stopping_)
    return std::nullopt;
  const auto limits = run->concurrency();
  const domain::restart_limit allowed{static_cast<std::uint32_t>(limits.max_restarts),
                                      limits.restart_window};
  if (!intensity_.allow(allowed, now(self_))) {
    give_up(last_error() + "; too many restarts in a short time");
    return std::nullopt;
  }
  const auto wait = delays_.next(std::string{kind} + "/" + name, now(self_),
                                 std::max(limits.restart_window, shortest_quiet));
  const auto actor = std::string{kind} + " " + name;
  log_about(*run->log, spdlog::level::warn, {.actor = actor, .reason = "restarted"},
            "{} failed: {}; starting it again in {}", actor, reason, domain::format_duration(wait));
  return wait;
}

caf::result<restart_verdict> supervisor_state::child_failed(const messages::child_failed& what) {
  const auto wait = count_restart("service", what.key, what.reason);
  if (!wait)
    return caf::make_error(caf::sec::runtime_error, "no more restarts");
  return restart_verdict{*wait};
}

void supervisor_state::child_down(const caf::down_msg& down) {
  const auto known = children_.find(down.source.id());
  if (known == children_.end())
    return;
  const auto& child = known->second;
  const auto failed =
    down.reason != caf::exit_reason::normal && down.reason != caf::exit_reason::user_shutdown;
  if (child.ended)
    child.ended(failed);
  if (!failed) {
    children_.erase(known);
    return;
  }
  const auto reason = self_->home_system().render(down.reason);
  if (child.essential)
    return give_up(std::string{child.kind} + " failed: " + reason);
  if (const auto wait = count_restart(child.kind, child.name, reason))
    self_->delayed_send(self_, *wait, restart_child{known->first});
}

void supervisor_state::restart(const restart_child& what) {
  auto ended = children_.extract(what.id);
  if (stopping_ || ended.empty())
    return;
  const auto in_directory = ended.mapped().in_directory;
  start_child(std::move(ended.mapped()));
  if (in_directory)
    announce();
}

} // namespace dklb::actors
