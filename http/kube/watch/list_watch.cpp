#include "http/kube/watch/list_watch.hpp"

namespace dklb::http::kube {
namespace {

using domain::error_code;

constexpr std::chrono::milliseconds shortest_watch{1000};
constexpr int forbidden = 403;
constexpr int unprocessable = 422;
constexpr int gateway_timeout = 504;

/// The API server's watch cache has not reached the version yet (a server that was restarted, or
/// another replica). The cause `ResourceVersionTooLarge` always comes with this message.
bool version_too_large(const domain::error& failure) {
  return failure.http_status == gateway_timeout
         && failure.message.find("Too large resource version") != std::string::npos;
}

} // namespace

list_watch::list_watch(list_watch_settings settings)
  : settings_(settings), streaming_(settings.streaming) {}

list_watch_step list_watch::first() const {
  return {streaming_ ? list_watch_action::stream : list_watch_action::list, time{0}};
}

list_query list_watch::next_list() const {
  if (!continue_.empty())
    return {"", settings_.page_size, continue_};
  if (latest_)
    return {"", unlimited_ ? 0 : settings_.page_size, ""};
  if (version_.empty())
    return {"0", unlimited_ ? 0 : settings_.page_size, ""};
  // A list at a known version comes from the server's watch cache; a limit would send it to etcd.
  return {version_, 0, ""};
}

list_watch_step list_watch::page_received(const list_metadata& page) {
  continue_ = page.continue_token;
  if (!continue_.empty())
    return {list_watch_action::list, time{0}};
  version_ = page.resource_version;
  listed_ = true;
  latest_ = false;
  unlimited_ = false;
  return {list_watch_action::watch, time{0}};
}

list_watch_step list_watch::list_failed(const domain::error& failure, time now, double random) {
  const bool later_page = !continue_.empty();
  continue_.clear();
  if (failure.code == error_code::gone && later_page) {
    unlimited_ = true;
    return {list_watch_action::list, time{0}};
  }
  unlimited_ = false;
  const bool no_such_version = failure.code == error_code::gone || version_too_large(failure);
  if (no_such_version && !latest_) {
    latest_ = true;
    return {list_watch_action::list, time{0}};
  }
  return relist(failure, now, random);
}

void list_watch::version_seen(const std::string& version) {
  if (!version.empty())
    version_ = version;
}

list_watch_step list_watch::watch_refused(const domain::error& failure, time now, double random) {
  if (!listed_ && streaming_) {
    // Without the right to watch one may still list; the watch after it tells what is missing.
    if (failure.http_status == unprocessable || failure.http_status == forbidden) {
      streaming_ = false;
      return {list_watch_action::list, time{0}};
    }
    return relist(failure, now, random);
  }
  // No answer at all, or too many requests: the version is as good as before.
  if (failure.code == error_code::transport || failure.code == error_code::throttled)
    return {list_watch_action::watch, delay(failure, now, random)};
  return relist(failure, now, random);
}

list_watch_step list_watch::watch_ended(time lifetime, std::uint64_t events, time now,
                                        double random) {
  const bool too_short = lifetime < shortest_watch && events == 0;
  if (too_short || !listed_)
    return relist({error_code::unavailable, "the watch ended at once", {}, 0}, now, random);
  return {list_watch_action::watch, time{0}};
}

list_watch_step list_watch::watch_broken(const domain::error& failure, time now, double random) {
  if (listed_ && failure.code == error_code::throttled)
    return {list_watch_action::watch, delay(failure, now, random)};
  return relist(failure, now, random);
}

list_watch_step list_watch::relist(const domain::error& failure, time now, double random) {
  listed_ = false;
  return {streaming_ ? list_watch_action::stream : list_watch_action::list,
          delay(failure, now, random)};
}

list_watch::time list_watch::delay(const domain::error& failure, time now, double random) {
  if (now - last_failure_ > settings_.quiet)
    backoff_.reset();
  last_failure_ = now;
  return backoff_.next(settings_.backoff, failure.retry_after, random);
}

} // namespace dklb::http::kube
