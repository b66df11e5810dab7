#include "actors/service/status_writer.hpp"

#include "domain/config/config.hpp"
#include "domain/service/service_phase.hpp"
#include "http/kube/denial.hpp"

#include <utility>

// What becomes of a status that the API server does not take.
namespace dklb::actors {

using namespace messages;
using domain::error_code;

void status_writer_state::refused(entry& item, const domain::error& failure) {
  if (failure.code == error_code::not_found)
    return; // gone: its status is nobody's business any more
  const auto& key = item.object->key;
  const auto first = !item.retry;
  if (first)
    item.retry = std::make_unique<failing>();
  const auto conflict =
    failure.code == error_code::conflict || http::kube::is_another_object(failure);
  // Others write it at this very moment, or it is another object by now; the watch tells of both.
  const auto limits = run->concurrency();
  const auto wait = conflict && first && item.stale
                      ? milliseconds{0}
                      : item.retry->backoff.next({limits.retry_base, limits.retry_max, 2.0, 0.0},
                                                 failure.retry_after);
  item.retry->until = now(self_) + wait;
  self_->delayed_send(self_, wait, retry_service{key});
  if (conflict)
    return;
  failed(failure.message);
  if (const auto denial = http::kube::denial_of(failure)) {
    // The gateway has logged it; the user of this Service cannot see that in its status.
    if (first)
      self_->send(peers->recorder,
                  record_event{key, item.object->uid, true, "KubernetesError",
                               "the Service's status cannot be written: " + *denial});
  } else if (failure.code != error_code::not_leader) {
    const auto name = to_string(key);
    run->failures->warn(*run->log, "status",
                        {.service = name,
                         .reason = to_string(failure.code),
                         .attempt = item.retry->backoff.attempts()},
                        "status of " + name + ": " + failure.message + "; trying again in "
                          + domain::format_duration(wait),
                        now(self_));
    if (failure.code == error_code::rejected || item.retry->backoff.attempts() >= 3)
      tell_refusal(item, failure);
  }
}

/// The API server does not take the status as it is: its user hears of it once, by an event and by
/// a condition without the addresses.
void status_writer_state::tell_refusal(entry& item, const domain::error& failure) {
  if (std::exchange(item.retry->told, true))
    return;
  const auto& key = item.object->key;
  const auto report = domain::rejected_report(failure.message);
  self_->send(peers->recorder, record_event{key, item.object->uid, true, std::string{report.reason},
                                            report.message});
  domain::desired_status desired;
  desired.condition = domain::condition_of(report, item.object->generation);
  if (auto patch = patch_of(item, desired))
    write(item, std::move(*patch), 0);
}

} // namespace dklb::actors
