#include "domain/pool_status.hpp"

#include "domain/ip_address.hpp"
#include "domain/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
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

json addresses_as_json(const std::vector<ingress>& addresses) {
  auto list = json::array();
  for (const auto& address : addresses) {
    auto& entry = list.emplace_back(json::object());
    if (!address.ip.empty())
      entry["ip"] = address.ip;
    if (!address.hostname.empty())
      entry["hostname"] = address.hostname;
  }
  return list;
}

/// The conditions with dklb's own brought up to date; nothing where it says so already.
std::optional<json> updated_conditions(const std::string& current, const condition_update& update,
                                       std::string_view now) {
  // Most Services have none when they are provisioned, and an error to parse is made with care.
  auto conditions = current.empty() ? json::array() : json::parse(current, nullptr, false);
  if (!conditions.is_array())
    conditions = json::array();
  auto own = std::find_if(conditions.begin(), conditions.end(), [](const json& entry) {
    return text(member(entry, "type")) == condition_type;
  });
  const json& before = own == conditions.end() ? nothing : *own;
  auto after = json::object();
  after["type"] = condition_type;
  after["status"] = update.status;
  after["reason"] = update.reason;
  after["message"] = presentable(update.message);
  if (update.observed_generation != 0)
    after["observedGeneration"] = update.observed_generation;
  const auto same = [&](const auto& wanted) {
    return member(before, wanted.key().c_str()) == wanted.value();
  };
  const auto& since = text(member(before, "lastTransitionTime"));
  auto wanted = after.items();
  if (!since.empty() && std::all_of(wanted.begin(), wanted.end(), same))
    return std::nullopt;
  const bool transition = since.empty() || member(before, "status") != after["status"];
  after["lastTransitionTime"] = transition ? std::string(now) : since;
  if (own == conditions.end())
    conditions.push_back(std::move(after));
  else
    *own = std::move(after);
  return conditions;
}

} // namespace

metadata_index::metadata_index(std::string_view cluster, const json& metadata) {
  for (const auto& balancer : items(member(member(metadata, "aws"), "elbs"))) {
    const auto hostname = lower_case(text(member(balancer, "dns")));
    if (!valid_hostname(hostname))
      continue;
    for (const auto& listener : items(member(balancer, "listeners")))
      if (const auto owner = owner_of(cluster, text(member(listener, "linkFrontend"))))
        services_[owner->service].hostnames.insert(hostname);
  }
  const auto collect = [](const json& addresses, std::set<std::string>& into) {
    for (const auto& address : items(addresses))
      if (valid_ip(text(address)))
        into.insert(text(address));
  };
  for (const auto& frontend : items(member(metadata, "frontends"))) {
    const auto owner = owner_of(cluster, text(member(frontend, "name")));
    if (!owner)
      continue;
    auto& groups = services_[owner->service];
    for (const auto& endpoint : items(member(frontend, "endpoints"))) {
      collect(member(endpoint, "private"), groups.internal);
      collect(member(endpoint, "public"), groups.external);
    }
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
                                             const json& metadata) {
  return metadata_index{cluster, metadata}.addresses_of(service);
}

std::optional<json> status_patch(const service& current, const desired_status& desired,
                                 std::string_view now) {
  auto status = json::object();
  if (desired.addresses && *desired.addresses != current.addresses)
    status["loadBalancer"]["ingress"] = addresses_as_json(*desired.addresses);
  if (desired.condition) {
    if (auto conditions = updated_conditions(current.conditions, *desired.condition, now))
      status["conditions"] = std::move(*conditions);
  }
  if (status.empty())
    return std::nullopt;
  auto patch = json::object();
  patch["metadata"]["uid"] = current.uid;
  patch["status"] = std::move(status);
  return patch;
}

} // namespace dklb::domain
