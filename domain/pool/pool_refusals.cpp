#include "domain/pool/pool_refusals.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/base/names.hpp"
#include "domain/document/pool_section.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

namespace dklb::domain {

namespace {

/// How many pools that have a port one message names.
constexpr std::size_t most_holders = 2;

std::string described(const port_holder& holder) {
  if (holder.statistics)
    return "the pool's statistics page (haproxy.stats)";
  if (holder.service)
    return "service " + to_string(*holder.service);
  if (holder.frontend.empty())
    return "a frontend without a name, which dklb does not manage";
  return "frontend " + in_quotes(holder.frontend) + ", which dklb does not manage";
}

std::string described(std::string_view cluster, const port_user& user) {
  const auto owner = owner_of(cluster, user.frontend);
  const port_holder holder{.service = owner ? &owner->service : nullptr,
                           .frontend = user.frontend,
                           .statistics = user.frontend.empty()};
  return "port " + std::to_string(user.port) + " of the agents is bound by " + described(holder)
         + " in pool " + in_quotes(user.pool);
}

/// Whether the text has this word with nothing attached that could belong to it.
bool has_word(std::string_view text, std::string_view word) {
  const auto part_of_word = [](char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '-';
  };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !part_of_word(text[at - 1]))
        && (end == text.size() || !part_of_word(text[end])))
      return true;
  }
  return false;
}

/// The text without the words that are addresses, whose parts look like port numbers.
std::string without_addresses(std::string_view text) {
  constexpr std::string_view around = " ,;()\"'";
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(around), text.size());
    auto word = std::string{text.substr(0, end)};
    const auto last = word.find_last_not_of(".:");
    const auto bare = word.substr(0, last == std::string::npos ? 0 : last + 1);
    if (!canonical_ip(bare) && !canonical_ip(word))
      out += word;
    if (end < text.size())
      out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

claim_refusal invalid(std::string message) {
  return {refusal_reason::invalid, std::move(message)};
}

bool in_range(int port) {
  return port >= 1 && port <= 65535;
}

} // namespace

std::string in_quotes(std::string_view value) {
  return '"' + std::string(value) + '"';
}

claim_refusal port_conflict(const pool_claim& claim, int port, const port_holder& holder) {
  return {refusal_reason::port_conflict,
          "port " + std::to_string(port) + " of pool " + in_quotes(claim.pool)
            + " is already bound by " + described(holder)
            + "; map the service port to another port under \"frontends\", or name another pool. "
              "It is tried again when the port comes free"};
}

claim_refusal dedicated(const pool_claim& claim, const service_key& other) {
  return {refusal_reason::pool_conflict,
          "pool " + in_quotes(claim.pool) + " is dedicated to service " + to_string(other)
            + " by its cloud-provider configuration; name another pool"};
}

claim_refusal in_use(const pool_claim& claim, const std::string& user) {
  return {refusal_reason::pool_conflict,
          "a cloud-provider configuration needs a pool of its own, and pool "
            + in_quotes(claim.pool) + " is already used by " + user + "; name another pool"};
}

claim_refusal uneditable(const pool_claim& claim, const std::string& reason) {
  return {refusal_reason::pool_conflict, "pool " + in_quotes(claim.pool)
                                           + " cannot be edited: " + reason
                                           + "; put it right in EdgeLB, or name another pool"};
}

claim_refusal creation_forbidden(const pool_claim& claim) {
  const auto pool = "pool " + in_quotes(claim.pool) + " does not exist";
  if (claim.creation == creation_strategy::once)
    return {refusal_reason::creation_forbidden,
            pool
              + " any more, and strategies.creation is Once: the service already had an address,"
                " so the pool is not created again; create it, or use IfNotPresent"};
  return {refusal_reason::creation_forbidden,
          pool + " and strategies.creation is Never; create the pool, or use IfNotPresent"};
}

claim_refusal refused_by_edgelb(std::string_view cluster, const pool_claim& claim,
                                const std::string& words, const std::vector<port_user>& users) {
  const auto start =
    "EdgeLB refuses this Service's part of pool " + in_quotes(claim.pool) + ": " + words;
  auto named = users;
  std::erase_if(named, [&](const port_user& user) { return !has_word(words, user.pool); });
  if (named.empty()) {
    named = users;
    std::erase_if(named, [&, text = without_addresses(words)](const port_user& user) {
      return !has_word(text, std::to_string(user.port));
    });
  }
  if (named.empty())
    return invalid(start
                   + "; correct the Service or its annotation. dklb tries it again by itself");
  std::string holders;
  for (std::size_t i = 0; i < std::min(named.size(), most_holders); ++i)
    holders += "; " + described(cluster, named[i]);
  if (named.size() > most_holders)
    holders += " (and " + std::to_string(named.size() - most_holders) + " more)";
  return {
    refusal_reason::port_conflict,
    start + holders
      + "; map the service port to another port under \"frontends\", or name that pool as this "
        "Service's own with another port. It is tried again when the port comes free"};
}

std::optional<claim_refusal> invalid_claim(const pool_claim& claim) {
  if (claim.ports.empty())
    return invalid("the service has no port to expose");
  if (is_cloud(claim) && !pool_document::parse(claim.cloud_provider, nullptr, false).is_object())
    return invalid("cloudProviderConfiguration is not a JSON object");
  std::map<int, int> bound;
  std::vector<int> seen;
  for (const auto& port : claim.ports) {
    const auto shown = std::to_string(port.service_port);
    if (!in_range(port.service_port)
        || std::count(seen.begin(), seen.end(), port.service_port) != 0)
      return invalid("service port " + shown
                     + (in_range(port.service_port) ? " has been specified twice"
                                                    : " is not a valid port number"));
    seen.push_back(port.service_port);
    if (!in_range(port.node_port))
      return invalid(
        "service port " + shown
        + " has no nodePort, so EdgeLB cannot reach it; set allocateLoadBalancerNodePorts"
          " to true or give the port a nodePort");
    if (is_cloud(claim))
      continue;
    if (!in_range(port.bind_port))
      return invalid(std::to_string(port.bind_port) + " is not a valid port number");
    if (const auto [first, fresh] = bound.emplace(port.bind_port, port.service_port); !fresh)
      return invalid("frontend port " + std::to_string(port.bind_port)
                     + " has been specified twice: for the service ports "
                     + std::to_string(first->second) + " and " + shown);
  }
  return std::nullopt;
}

} // namespace dklb::domain
