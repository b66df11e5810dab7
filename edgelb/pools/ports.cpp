#include "edgelb/pools/ports.hpp"

#include "edgelb/haproxy/descriptor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <sstream>

namespace dklb::edgelb {
namespace {

constexpr int lowest_port = 10000;
constexpr int highest_port = 29999;

bool is_wildcard(const std::string& address) {
  return address == "0.0.0.0" || address == "::";
}

std::vector<std::string> of_family(const std::vector<std::string>& addresses, bool ipv6) {
  std::vector<std::string> found;
  std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(found),
               [&](const std::string& address) { return is_ipv6(address) == ipv6; });
  return found;
}

/// The addresses that the wildcard of a frontend means.
std::vector<std::string> fitting(const listener& what, const std::vector<std::string>& addresses) {
  if (what.both_families)
    return addresses;
  const bool ipv6 = is_ipv6(what.bind_address);
  auto found = of_family(addresses, ipv6);
  // 0.0.0.0 is the default of the API. A machine with IPv6 addresses alone serves it all the same.
  return found.empty() && !ipv6 ? addresses : found;
}

/// True for a modifier of `::` that makes it bind IPv4 addresses, too. HAProxy gives v6only
/// precedence.
bool takes_ipv4(const std::string& modifier) {
  std::istringstream whole(modifier);
  bool both = false;
  for (std::string word; whole >> word;) {
    if (word == "v6only")
      return false;
    both |= word == "v4v6";
  }
  return both;
}

/// Fills in a socket address and returns its length. 0 if the text is not an address.
socklen_t fill(sockaddr_storage& storage, const socket_address& where) {
  auto* narrow = reinterpret_cast<sockaddr_in*>(&storage);
  if (inet_pton(AF_INET, where.first.c_str(), &narrow->sin_addr) == 1) {
    narrow->sin_family = AF_INET;
    narrow->sin_port = htons(static_cast<std::uint16_t>(where.second));
    return sizeof(sockaddr_in);
  }
  auto* wide = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET6, where.first.c_str(), &wide->sin6_addr) == 1) {
    wide->sin6_family = AF_INET6;
    wide->sin6_port = htons(static_cast<std::uint16_t>(where.second));
    return sizeof(sockaddr_in6);
  }
  return 0;
}

} // namespace

bool listener::is_fixed() const {
  return !is_wildcard(bind_address) && key != stats_key;
}

std::vector<std::string> listener::addresses_on(const agent& where) const {
  if (key == stats_key)
    return {is_wildcard(bind_address) ? where.statistics_address() : bind_address};
  const auto bound = where.bound_addresses();
  if (!is_fixed())
    return fitting(*this, bound);
  // A translated address leads to the private ones of its family.
  if (where.is_translated(bind_address))
    return of_family(where.private_addresses, is_ipv6(bind_address));
  if (where.has(bind_address))
    return {bind_address};
  return {};
}

std::vector<std::string> listener::reached_on(const agent& where) const {
  auto reached = addresses_on(where);
  if (reached.empty() || key == stats_key)
    return reached;
  if (is_fixed())
    return {bind_address};
  for (const auto& address : where.translated) {
    if (!of_family(reached, is_ipv6(address)).empty())
      reached.push_back(address);
  }
  return reached;
}

std::string frontend_key(const std::string& name) {
  return "frontend/" + name;
}

std::vector<listener> listeners_of(const document& pool) {
  const auto& haproxy = pool["haproxy"];
  const auto listener_from = [](const document& source, std::string key) {
    const auto address = canonical_address(text_at(source, "bindAddress"));
    return listener{std::move(key), address, integer_at(source, "bindPort", 0),
                    address == "::" && takes_ipv4(text_at(source, "bindModifier"))};
  };
  std::vector<listener> found{listener_from(haproxy["stats"], stats_key)};
  for (const auto& frontend : haproxy["frontends"])
    found.push_back(listener_from(frontend, frontend_key(text_at(frontend, "name"))));
  return found;
}

std::optional<std::string> port_table::holder(const socket_address& where) const {
  const auto found = holders_.find(where);
  if (found == holders_.end())
    return {};
  return found->second;
}

bool port_table::assign(const std::string& pool, const std::set<socket_address>& held) {
  const auto freed = std::erase_if(holders_, [&](const auto& entry) {
    return entry.second == pool && held.count(entry.first) == 0;
  });
  for (const auto& where : held)
    holders_.emplace(where, pool);
  return freed > 0;
}

std::set<socket_address> sockets_of(const std::vector<listener>& listeners,
                                    const std::map<std::string, int>& ports,
                                    const std::vector<agent>& agents) {
  std::set<socket_address> sockets;
  for (const auto& one : listeners) {
    const auto port = ports.find(one.key);
    if (port == ports.end())
      continue;
    for (const auto& where : agents) {
      for (const auto& address : one.addresses_on(where))
        sockets.emplace(address, port->second);
    }
  }
  return sockets;
}

std::uint64_t stable_hash(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char letter : text)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
  return hash;
}

std::optional<int> choose_port(const std::string& seed, int preferred,
                               const std::function<bool(int)>& free) {
  if (preferred > 0 && free(preferred))
    return preferred;
  constexpr int count = highest_port - lowest_port + 1;
  const int start = static_cast<int>(stable_hash(seed) % count);
  for (int step = 0; step < count; ++step) {
    const int port = lowest_port + (start + step) % count;
    if (free(port))
      return port;
  }
  return {};
}

domain::result<std::vector<agent>> present_on_this_machine(std::vector<agent> agents) {
  for (auto& one : agents) {
    for (const auto& address : one.private_addresses) {
      if (const auto why = probe({address, 0}))
        return failure(400, "the agent " + address + " " + *why);
    }
    for (const auto& address : one.public_addresses) {
      if (probe({address, 0}))
        one.translated.push_back(address);
    }
  }
  return agents;
}

std::optional<std::string> probe(const socket_address& where) {
  sockaddr_storage storage{};
  const auto length = fill(storage, where);
  if (length == 0)
    return where.first + " is no address";
  const descriptor socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0)
    return {};
  switch (errno) {
  case EADDRINUSE:
    return "is taken by another program (see ss -ltnp)";
  case EADDRNOTAVAIL:
    return "is not an address of this machine";
  case EACCES:
    return "needs the right to bind ports below 1024 (CAP_NET_BIND_SERVICE)";
  default:
    return std::string("cannot be bound: ") + std::strerror(errno);
  }
}

} // namespace dklb::edgelb
