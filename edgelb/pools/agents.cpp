#include "edgelb/pools/agents.hpp"

#include "edgelb/api/document.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>
#include <set>

namespace dklb::edgelb {
namespace {

std::string address_text(std::uint32_t value) {
  in_addr address{};
  address.s_addr = htonl(value);
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

domain::result<agent> agent_from(const document& entry) {
  agent made;
  made.private_address = text_at(entry, "private");
  made.public_address = text_at(entry, "public");
  if (!is_address(made.private_address))
    return failure(400, "each agent needs an IP address under \"private\", not "
                          + member_at(entry, "private").dump());
  if (!made.public_address.empty() && !is_address(made.public_address))
    return failure(400, "the agent " + made.private_address
                          + " has no IP address under \"public\" but \"" + made.public_address
                          + "\"");
  made.role = text_at(entry, "role");
  if (made.role.empty())
    made.role = made.public_address.empty() ? "*" : public_role;
  return made;
}

} // namespace

std::string agent::statistics_address() const {
  if (private_address != public_address)
    return private_address;
  const auto dot = private_address.find('.');
  return dot == std::string::npos ? "::1" : "127" + private_address.substr(dot);
}

std::vector<std::string> agent::bound_addresses() const {
  std::vector<std::string> bound{private_address};
  if (binds_public && !public_address.empty() && public_address != private_address)
    bound.push_back(public_address);
  return bound;
}

bool is_address(const std::string& text) {
  in6_addr buffer{};
  return inet_pton(AF_INET, text.c_str(), &buffer) == 1
         || inet_pton(AF_INET6, text.c_str(), &buffer) == 1;
}

std::string socket_text(const std::string& address, int port) {
  const bool wide = address.find(':') != std::string::npos;
  return (wide ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

domain::result<std::vector<agent>> agents_from_range(std::string_view range) {
  const auto wrong = failure(400, "\"" + std::string(range)
                                    + "\" is no range of agents: give an IPv4 range of /16 to /29, "
                                      "such as 127.0.64.0/26");
  const auto slash = range.find('/');
  if (slash == std::string_view::npos)
    return wrong;
  unsigned bits = 0;
  const auto length = range.substr(slash + 1);
  const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), bits);
  in_addr parsed{};
  if (problem != std::errc{} || end != length.data() + length.size() || bits < 16 || bits > 29
      || inet_pton(AF_INET, std::string(range.substr(0, slash)).c_str(), &parsed) != 1)
    return wrong;
  const std::uint32_t size = 1U << (32U - bits);
  const std::uint32_t first = ntohl(parsed.s_addr) & ~(size - 1);
  const std::uint32_t half = size / 2;
  std::vector<agent> agents;
  for (std::uint32_t place = 1; place + 1 < half; ++place) {
    agent made;
    made.private_address = address_text(first + place);
    if (place >= half / 2) {
      made.public_address = address_text(first + half + place);
      made.role = public_role;
    }
    agents.push_back(made);
  }
  return agents;
}

domain::result<std::vector<agent>> agents_from_json(std::string_view text) {
  auto parsed = parse_document(text, "the agents file");
  if (!parsed)
    return parsed.failure();
  if (!parsed->is_array() || parsed->empty())
    return failure(400, "the agents file must hold a list with one object per agent");
  std::vector<agent> agents;
  std::set<std::string> seen;
  for (const auto& entry : *parsed) {
    auto made = agent_from(entry);
    if (!made)
      return made.failure();
    if (!seen.insert(made->private_address).second)
      return failure(400, "the agent " + made->private_address + " is listed twice");
    agents.push_back(*made);
  }
  return agents;
}

} // namespace dklb::edgelb
