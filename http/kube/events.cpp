#include "http/kube/events.hpp"

#include "domain/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>

namespace dklb::http::kube {
namespace {

using nlohmann::json;

constexpr const char* controller = "kubernetes.dcos.io/dklb";
constexpr std::size_t longest_reason = 128;
constexpr std::size_t longest_note = 1024;

const char* type_name(event_type type) {
  return type == event_type::normal ? "Normal" : "Warning";
}

std::uint64_t key_of(const event_note& what) {
  std::string all;
  for (const auto* part : {&what.about.kind, &what.about.name_space, &what.about.name,
                           &what.about.uid, &what.reason, &what.action, &what.note})
    all.append(*part).push_back('\0');
  all += type_name(what.type);
  return std::hash<std::string>{}(all);
}

/// What no other event of an object has: the time, and a number for those of one moment.
std::uint64_t moment_of(micro_time wall, std::uint64_t number) {
  return static_cast<std::uint64_t>(wall.time_since_epoch().count()) * 1000 + number % 1000;
}

std::string event_name(const event_object& object, std::uint64_t moment) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), moment, 16).ptr;
  return object.name + '.' + std::string{text.data(), end};
}

/// The namespace that an object's events stand in.
std::string name_space_of(const event_object& object) {
  return object.name_space.empty() ? "default" : object.name_space;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json reference(const event_object& object) {
  json fields{{"apiVersion", object.api_version},
              {"kind", object.kind},
              {"name", object.name},
              {"uid", object.uid}};
  if (!object.name_space.empty())
    fields["namespace"] = object.name_space;
  if (!object.resource_version.empty())
    fields["resourceVersion"] = object.resource_version;
  return fields;
}

std::string collection(event_api api, const std::string& name_space) {
  return (api == event_api::events_v1 ? "/apis/events.k8s.io/v1/namespaces/"
                                      : "/api/v1/namespaces/")
         + name_space + "/events";
}

/// All of an Event but its metadata.
json new_event(const event_settings& settings, const event_note& what, micro_time wall) {
  const auto& action = what.action.empty() ? what.reason : what.action;
  const auto note = domain::visible(what.note, longest_note);
  json event{{"kind", "Event"},
             {"type", type_name(what.type)},
             {"reason", domain::visible(what.reason, longest_reason)},
             {"action", domain::visible(action, longest_reason)},
             {"reportingInstance", domain::visible(settings.instance, longest_reason)}};
  if (settings.api == event_api::events_v1)
    event.update(json{{"apiVersion", "events.k8s.io/v1"},
                      {"regarding", reference(what.about)},
                      {"note", note},
                      {"eventTime", format_micro_time(wall)},
                      {"reportingController", controller}});
  else
    event.update(json{{"apiVersion", "v1"},
                      {"involvedObject", reference(what.about)},
                      {"message", note},
                      {"firstTimestamp", format_time(wall)},
                      {"lastTimestamp", format_time(wall)},
                      {"count", 1},
                      {"reportingComponent", controller},
                      {"source", {{"component", controller}}}});
  return event;
}

} // namespace

void find_event_api(client& client, reply<event_api> done) {
  call what;
  what.path = "/apis/events.k8s.io/v1";
  client.request(std::move(what), [done = std::move(done)](domain::result<json> answer) {
    if (answer)
      return done(event_api::events_v1);
    if (answer.failure().code == domain::error_code::not_found)
      return done(event_api::core_v1);
    done(std::move(answer.failure()));
  });
}

std::optional<event_write> event_series::record(const event_note& what, micro_time wall,
                                                std::chrono::milliseconds now) {
  forget_what_is_over(now);
  if (!spend(what.about.uid, now))
    return std::nullopt;
  const auto key = key_of(what);
  auto position = entries_.find(key);
  if (position != entries_.end()) {
    auto& kept = position->second;
    kept.last = now;
    ++kept.count;
    entry_order_.splice(entry_order_.end(), entry_order_, kept.order);
    return repeat(what, kept, key, wall);
  }
  if (entries_.size() >= settings_.most_remembered) {
    entries_.erase(entry_order_.front());
    entry_order_.pop_front();
  }
  auto& kept = entries_[key];
  kept = {moment_of(wall, created_++), 1, now, entry_order_.insert(entry_order_.end(), key)};
  return create(what, kept, key, wall);
}

void event_series::forget_what_is_over(std::chrono::milliseconds now) {
  while (!entry_order_.empty()) {
    const auto oldest = entries_.find(entry_order_.front());
    if (now - oldest->second.last < settings_.series_gap)
      break;
    entries_.erase(oldest);
    entry_order_.pop_front();
  }
  while (!budget_order_.empty()) {
    const auto oldest = budgets_.find(budget_order_.front());
    if (left_of(oldest->second, now) < settings_.burst)
      break;
    budgets_.erase(oldest);
    budget_order_.pop_front();
  }
}

void event_series::failed(std::uint64_t key, const domain::error& failure) {
  const auto position = entries_.find(key);
  // Any other failure of a repeat leaves the Event there to be counted up later; a create whose
  // outcome is unknown is answered by the next repeat.
  if (position == entries_.end() || failure.code != domain::error_code::not_found)
    return;
  entry_order_.erase(position->second.order);
  entries_.erase(position);
}

double event_series::left_of(const budget& purse, std::chrono::milliseconds now) const {
  const auto earned =
    static_cast<double>((now - purse.at).count()) / static_cast<double>(settings_.refill.count());
  return std::min(purse.left + earned, static_cast<double>(settings_.burst));
}

bool event_series::spend(const std::string& uid, std::chrono::milliseconds now) {
  const auto key = std::hash<std::string>{}(uid);
  auto position = budgets_.find(key);
  if (position == budgets_.end()) {
    if (budgets_.size() >= settings_.most_remembered) {
      budgets_.erase(budget_order_.front());
      budget_order_.pop_front();
    }
    position = budgets_.try_emplace(key).first;
    position->second = {static_cast<double>(settings_.burst), now,
                        budget_order_.insert(budget_order_.end(), key)};
  }
  auto& purse = position->second;
  budget_order_.splice(budget_order_.end(), budget_order_, purse.order);
  purse.left = left_of(purse, now);
  purse.at = now;
  if (purse.left < 1)
    return false;
  purse.left -= 1;
  return true;
}

event_write event_series::create(const event_note& what, const entry& kept, std::uint64_t key,
                                 micro_time wall) const {
  event_write write;
  write.key = key;
  write.request.method = "POST";
  const auto name_space = name_space_of(what.about);
  write.request.path = collection(settings_.api, name_space);
  write.request.priority = priority::low;
  auto event = new_event(settings_, what, wall);
  event["metadata"] = {{"name", event_name(what.about, kept.moment)}, {"namespace", name_space}};
  write.request.body = text_of(event);
  return write;
}

event_write event_series::repeat(const event_note& what, const entry& kept, std::uint64_t key,
                                 micro_time wall) const {
  event_write write;
  write.key = key;
  write.request.method = "PATCH";
  write.request.path = collection(settings_.api, name_space_of(what.about)) + '/'
                       + event_name(what.about, kept.moment);
  write.request.priority = priority::low;
  write.request.content_type = content_type_of(patch_type::merge);
  json change{{"count", kept.count}};
  if (settings_.api == event_api::events_v1) {
    change["lastObservedTime"] = format_micro_time(wall);
    change = json{{"series", std::move(change)}};
  } else {
    change["lastTimestamp"] = format_time(wall);
  }
  write.request.body = text_of(change);
  return write;
}

} // namespace dklb::http::kube
