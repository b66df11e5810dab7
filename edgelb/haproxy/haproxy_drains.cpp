// The connections to servers that have left an instance's configuration (edgelb/README.md,
// "Changes").
#include "edgelb/haproxy/haproxy.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace dklb::edgelb {

void haproxy_instance::find_drains() {
  const auto parts = parts_of(live_.text);
  auto control = own_control();
  if (parts.drains.empty() || !control)
    return;
  const auto dump = control->ask("show servers state");
  std::map<std::string, std::chrono::milliseconds> leavers;
  for (const auto& key : dump ? parked_in(*dump) : std::vector<std::string>{}) {
    const auto limit = parts.drains.find(backend_of(key));
    if (limit != parts.drains.end() && parts.servers.count(key) == 0)
      leavers.emplace(key, limit->second);
  }
  // How long ago they left is not known any more.
  drains_.begin(leavers, drain_list::clock::now());
}

drain_list haproxy_instance::drains_after(const rendered& wanted) const {
  auto drains = drains_;
  drains.forget(parts_of(wanted.text).servers);
  drains.begin(limited_leavers(live_.text, wanted.text), drain_list::clock::now());
  return drains;
}

void haproxy_instance::keep_returned(const rendered& wanted) {
  const auto servers = parts_of(wanted.text).servers;
  for (auto& one : former_)
    one.forget(servers);
}

bool haproxy_instance::drains_due(drain_list::clock::time_point now) const {
  return drains_.due(now)
         || std::any_of(former_.begin(), former_.end(),
                        [&](const former_process& one) { return one.needs_look(now); });
}

void haproxy_instance::end_drained(drain_list::clock::time_point now) {
  for (auto& one : former_) {
    if (one.needs_look(now))
      one.look(now);
  }
  if (!drains_.due(now))
    return;
  const auto due = drains_.take_due(now);
  auto control = own_control();
  const auto done =
    control ? end_sessions(*control, due) : domain::result<domain::unit>(control.failure());
  if (!done)
    spdlog::warn("{}: the connections to {} servers that have left go on: {}",
                 folder_.filename().string(), due.size(), done.failure().message);
}

} // namespace dklb::edgelb
