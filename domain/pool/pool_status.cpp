#include "domain/pool/pool_status.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/base/names.hpp"
#include "domain/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <set>

namespace dklb::domain {

namespace {

using nlohmann::json;

bool alphanumeric(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

/// One label of a host name after RFC 1123, in lower case.
bool valid_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && alphanumeric(label.front())
         && alphanumeric(label.back()) && std::ranges::all_of(label, [](char letter) {
              return alphanumeric(letter) || letter == '-';
            });
}

/// A host name after RFC 1123 in lower case, as the API server demands of an ingress hostname.
bool valid_hostname(const std::string& candidate) {
  if (candidate.size() > 253 || is_ipv4(candidate))
    return false;
  std::string_view rest{candidate};
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    if (!valid_label(rest.substr(0, dot)))
      return false;
    rest.remove_prefix(dot + 1);
  }
  return valid_label(rest);
}

/// Which of a Service's addresses are not published, and why; "" where all are.
std::string left_out_text(const std::set<std::string>& unusable, std::size_t named) {
  constexpr std::size_t most_shown = 3;
  constexpr std::size_t longest_shown = 64;
  std::string out;
  if (named > most_addresses)
    out = "EdgeLB names " + std::to_string(named) + " addresses, of which the first "
          + std::to_string(most_addresses) + " are published";
  if (unusable.empty())
    return out;
  out += out.empty() ? "not published: " : "; not published: ";
  std::size_t shown = 0;
  for (auto item = unusable.begin(); item != unusable.end() && shown < most_shown; ++item)
    out.append(shown++ == 0 ? "" : ", ").append(visible(*item, longest_shown));
  if (unusable.size() > shown)
    out += " and " + std::to_string(unusable.size() - shown) + " more";
  return out
         + " (no host name, or no address that other machines reach; correct it in EdgeLB, or"
           " set edgelb.publishLocalAddresses where all is on one machine)";
}

/// The first few, with their number where there are more.
std::string first_addresses(const std::vector<ingress>& addresses) {
  constexpr std::size_t most_shown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(addresses.size(), most_shown); ++i)
    out.append(i == 0 ? "" : ", ").append(addresses[i].ip);
  if (addresses.size() > most_shown)
    out += " and " + std::to_string(addresses.size() - most_shown) + " more";
  return out;
}

/// A Service of both families whose pool has addresses of one only; "" otherwise.
std::string missing_family(const publication& what, const std::vector<ingress>& addresses) {
  const bool both =
    what.families == ip_families::ipv4_ipv6 || what.families == ip_families::ipv6_ipv4;
  const auto has = [&](bool (*is_of_family)(const std::string&)) {
    return std::ranges::any_of(addresses,
                               [&](const ingress& each) { return is_of_family(each.ip); });
  };
  const bool four = has(is_ipv4);
  const bool six = has(is_ipv6);
  if (!both || !what.address.empty() || four == six)
    return {};
  return std::string{"EdgeLB names no "} + (four ? "IPv6" : "IPv4")
         + " address for this Service of both families";
}

std::string lower_case(std::string value) {
  for (char& letter : value) {
    if (letter >= 'A' && letter <= 'Z')
      letter = static_cast<char>(letter - 'A' + 'a');
  }
  return value;
}

/// VIP is what the server fills in by itself.
json addresses_as_json(const std::vector<ingress>& addresses, ip_mode mode) {
  auto list = json::array();
  for (const auto& address : addresses) {
    auto entry = json::object();
    if (!address.ip.empty())
      entry["ip"] = address.ip;
    if (!address.ip.empty() && mode == ip_mode::proxy)
      entry["ipMode"] = "Proxy";
    if (!address.hostname.empty())
      entry["hostname"] = address.hostname;
    list.push_back(std::move(entry));
  }
  return list;
}

bool same_addresses(const service& current, const desired_status& desired) {
  return *desired.addresses == current.addresses
         && (current.address_mode == ip_mode::unknown || current.address_mode == desired.mode);
}

/// dklb's own condition as it is to be written.
json condition_as_json(const condition_update& update, const std::string& message,
                       std::string_view since) {
  json object{{"type", condition_type},
              {"status", update.status},
              {"reason", update.reason},
              {"message", message},
              {"lastTransitionTime", since}};
  if (update.observed_generation != 0)
    object["observedGeneration"] = update.observed_generation;
  return object;
}

/// dklb's condition brought up to date; nothing where it says so already.
std::optional<json> updated_condition(const std::optional<condition>& current,
                                      const condition_update& update, std::string_view now) {
  const auto message = visible(update.message, longest_message);
  const auto before = current.value_or(condition{});
  const auto& since = before.last_transition_time;
  const bool same_status = before.status == update.status;
  const bool says_so = same_status && before.reason == update.reason && before.message == message
                       && (update.observed_generation == 0
                           || before.observed_generation == update.observed_generation);
  if (!since.empty() && says_so)
    return std::nullopt;
  return condition_as_json(update, message, !since.empty() && same_status ? since : now);
}

} // namespace

metadata_index::metadata_index(std::string_view cluster, const pool_metadata& metadata,
                               bool publish_local) {
  for (const auto& balancer : metadata.balancers) {
    const auto hostname = lower_case(balancer.dns);
    if (hostname.empty())
      continue; // not known yet
    for (const auto& frontend : balancer.frontends)
      if (const auto owner = owner_of(cluster, frontend)) {
        auto& groups = services_[owner->service];
        (valid_hostname(hostname) ? groups.hostnames : groups.unusable).insert(hostname);
      }
  }
  const auto publishable = [=](const std::string& address) {
    const auto scope = scope_of(address);
    return scope == address_scope::anywhere || (publish_local && scope == address_scope::local);
  };
  for (const auto& frontend : metadata.frontends) {
    const auto owner = owner_of(cluster, frontend.name);
    if (!owner)
      continue;
    auto& groups = services_[owner->service];
    const auto sort = [&](const std::vector<std::string>& from, std::set<std::string>& usable) {
      for (const auto& address : from)
        if (!address.empty())
          (publishable(address) ? usable : groups.unusable).insert(address);
    };
    sort(frontend.internal, groups.internal);
    sort(frontend.external, groups.external);
  }
}

service_addresses metadata_index::addresses_of(const service_key& service,
                                               const publication& what) const {
  service_addresses out;
  const auto found = services_.find(service);
  if (found == services_.end())
    return out;
  auto& addresses = out.list;
  const auto& groups = found->second;
  for (const auto& hostname : groups.hostnames)
    addresses.push_back({.ip = "", .hostname = hostname});
  const auto sort = [&](const std::string& address, bool internal, bool external) {
    auto& into = what.wants(address, internal, external) ? addresses : out.withheld;
    into.push_back({.ip = address, .hostname = ""});
  };
  for (const auto& address : groups.internal)
    sort(address, true, groups.external.contains(address));
  for (const auto& address : groups.external)
    if (!groups.internal.contains(address))
      sort(address, false, true);
  out.left_out = left_out_text(groups.unusable, addresses.size());
  if (addresses.empty() && !out.withheld.empty())
    out.left_out += (out.left_out.empty() ? "" : "; ")
                    + nothing_published_text(what, first_addresses(out.withheld));
  else if (const auto missing = missing_family(what, addresses); !missing.empty())
    out.left_out += (out.left_out.empty() ? "" : "; ") + missing;
  if (!addresses.empty())
    out.withheld.clear();
  if (addresses.size() > most_addresses)
    addresses.resize(most_addresses);
  return out;
}

std::size_t digest_of(const desired_status& desired) {
  std::string text;
  const auto add = [&text](const std::string& part) { text.append(part).push_back('\0'); };
  if (desired.addresses) {
    text += desired.mode == ip_mode::proxy ? 'p' : 'a';
    for (const auto& address : *desired.addresses) {
      add(address.ip);
      add(address.hostname);
    }
  }
  if (desired.condition) {
    text += 'c';
    add(desired.condition->status);
    add(desired.condition->reason);
    add(desired.condition->message);
    add(std::to_string(desired.condition->observed_generation));
  }
  return std::max<std::size_t>(std::hash<std::string>{}(text), 1);
}

std::optional<std::string> status_patch(const service& current, const desired_status& desired,
                                        std::string_view now) {
  auto status = json::object();
  if (desired.condition) {
    if (auto own = updated_condition(current.own_condition, *desired.condition, now))
      status["conditions"].push_back(std::move(*own));
  }
  if (desired.addresses && !same_addresses(current, desired))
    status["loadBalancer"]["ingress"] = addresses_as_json(*desired.addresses, desired.mode);
  if (status.empty())
    return std::nullopt;
  const json patch{{"metadata", {{"uid", current.uid}}}, {"status", std::move(status)}};
  return patch.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace dklb::domain
