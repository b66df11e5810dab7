#include "domain/pool_status.hpp"

#include "domain/ip_address.hpp"
#include "domain/json_text.hpp"
#include "domain/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <set>

namespace dklb::domain {

namespace {

using nlohmann::json;

const json nothing;

/// The member of an object; null where there is no such member or `value` is no object.
const json& member(const json& value, const char* key) {
  if (!value.is_object())
    return nothing;
  const auto found = value.find(key);
  return found == value.end() ? nothing : *found;
}

/// The items of an array; nothing where `value` is no array.
const json::array_t& items(const json& value) {
  static const json::array_t none;
  return value.is_array() ? value.get_ref<const json::array_t&>() : none;
}

/// The text of a string; empty where `value` is none.
const std::string& text(const json& value) {
  static const std::string none;
  return value.is_string() ? value.get_ref<const std::string&>() : none;
}

bool valid_ip(const std::string& candidate) {
  return is_ipv4(candidate) || is_ipv6(candidate);
}

bool alphanumeric(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

/// A DNS-1123 subdomain in lower case, as the API server demands of an ingress hostname.
bool valid_hostname(const std::string& candidate) {
  if (candidate.empty() || candidate.size() > 253 || valid_ip(candidate))
    return false;
  char before = '.';
  for (const char letter : candidate) {
    if (letter == '.' ? !alphanumeric(before)
                      : !alphanumeric(letter) && (letter != '-' || before == '.'))
      return false;
    before = letter;
  }
  return alphanumeric(before);
}

std::string lower_case(std::string value) {
  for (char& letter : value) {
    if (letter >= 'A' && letter <= 'Z')
      letter = static_cast<char>(letter - 'A' + 'a');
  }
  return value;
}

void append_member(std::string& object, std::string_view key, std::string_view value) {
  append_json(object, key);
  object += ':';
  append_json(object, value);
}

/// The API server refuses a longer message; cut short of it, because replacing a half character at
/// the end adds bytes.
constexpr std::size_t longest_message = 32768 - 8;

/// `message` as the API server takes it: not too long, and valid UTF-8 whatever EdgeLB had said.
std::string presentable(const std::string& message) {
  const bool plain =
    message.size() <= longest_message
    && std::ranges::all_of(message, [](unsigned char letter) { return letter < 0x80; });
  if (plain)
    return message;
  const json cut = message.substr(0, longest_message);
  return json::parse(cut.dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

std::string addresses_as_json(const std::vector<ingress>& addresses) {
  std::string list;
  for (const auto& address : addresses) {
    list += list.empty() ? "[{" : ",{";
    if (!address.ip.empty())
      append_member(list, "ip", address.ip);
    if (!address.ip.empty() && !address.hostname.empty())
      list += ',';
    if (!address.hostname.empty())
      append_member(list, "hostname", address.hostname);
    list += '}';
  }
  return list.empty() ? "[]" : list + "]";
}

/// dklb's own condition as it is to be written.
std::string condition_as_json(const condition_update& update, const std::string& message,
                              std::string_view since) {
  std::string object;
  object.reserve(256 + message.size());
  object += '{';
  append_member(object, "type", condition_type);
  append_member(object += ',', "status", update.status);
  append_member(object += ',', "reason", update.reason);
  append_member(object += ',', "message", message);
  if (update.observed_generation != 0)
    object += ",\"observedGeneration\":" + std::to_string(update.observed_generation);
  append_member(object += ',', "lastTransitionTime", since);
  return object + "}";
}

/// The list with dklb's own condition brought up to date; nothing where it says so already.
std::optional<std::string> updated_conditions(const std::string& current,
                                              const condition_update& update,
                                              std::string_view now) {
  const auto message = presentable(update.message);
  // Most Services have none when they are provisioned.
  if (current.empty())
    return "[" + condition_as_json(update, message, now) + "]";
  const auto conditions = json::parse(current, nullptr, false);
  const auto own = [](const json& entry) { return text(member(entry, "type")) == condition_type; };
  const auto& list = items(conditions);
  const auto place = std::ranges::find_if(list, own);
  const json& before = place == list.end() ? nothing : *place;
  const auto& since = text(member(before, "lastTransitionTime"));
  const bool same_status = text(member(before, "status")) == update.status;
  const bool says_so = same_status && text(member(before, "reason")) == update.reason
                       && text(member(before, "message")) == message
                       && (update.observed_generation == 0
                           || member(before, "observedGeneration") == update.observed_generation);
  if (!since.empty() && says_so)
    return std::nullopt;
  const auto written =
    condition_as_json(update, message, !since.empty() && same_status ? since : now);
  std::string out;
  for (auto entry = list.begin(); entry != list.end(); ++entry)
    out.append(out.empty() ? "[" : ",").append(entry == place ? written : json_text(*entry));
  if (place == list.end())
    out.append(out.empty() ? "[" : ",").append(written);
  return out + "]";
}

} // namespace

metadata_index::metadata_index(std::string_view cluster, const pool_metadata& metadata) {
  for (const auto& balancer : metadata.balancers) {
    const auto hostname = lower_case(balancer.dns);
    if (!valid_hostname(hostname))
      continue;
    for (const auto& frontend : balancer.frontends)
      if (const auto owner = owner_of(cluster, frontend))
        services_[owner->service].hostnames.insert(hostname);
  }
  for (const auto& frontend : metadata.frontends) {
    const auto owner = owner_of(cluster, frontend.name);
    if (!owner)
      continue;
    auto& groups = services_[owner->service];
    std::ranges::copy_if(frontend.internal, std::inserter(groups.internal, groups.internal.end()),
                         valid_ip);
    std::ranges::copy_if(frontend.external, std::inserter(groups.external, groups.external.end()),
                         valid_ip);
  }
}

std::vector<ingress> metadata_index::addresses_of(const service_key& service) const {
  std::vector<ingress> addresses;
  const auto found = services_.find(service);
  if (found == services_.end())
    return addresses;
  const auto& groups = found->second;
  for (const auto& hostname : groups.hostnames)
    addresses.push_back({.ip = "", .hostname = hostname});
  for (const auto& address : groups.internal)
    addresses.push_back({.ip = address, .hostname = ""});
  for (const auto& address : groups.external)
    if (!groups.internal.contains(address))
      addresses.push_back({.ip = address, .hostname = ""});
  return addresses;
}

std::vector<ingress> addresses_from_metadata(std::string_view cluster, const service_key& service,
                                             const pool_metadata& metadata) {
  return metadata_index{cluster, metadata}.addresses_of(service);
}

std::optional<std::string> status_patch(const service& current, const desired_status& desired,
                                        std::string_view now) {
  std::string status;
  status.reserve(512);
  if (desired.condition) {
    if (const auto conditions = updated_conditions(current.conditions, *desired.condition, now))
      status += "\"conditions\":" + *conditions;
  }
  if (desired.addresses && *desired.addresses != current.addresses) {
    status += status.empty() ? "" : ",";
    status += R"("loadBalancer":{"ingress":)" + addresses_as_json(*desired.addresses) + "}";
  }
  if (status.empty())
    return std::nullopt;
  std::string patch = "{\"metadata\":{";
  append_member(patch, "uid", current.uid);
  return patch + "},\"status\":{" + status + "}}";
}

} // namespace dklb::domain
