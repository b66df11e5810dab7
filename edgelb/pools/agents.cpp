#include "edgelb/pools/agents.hpp"

#include "edgelb/api/document.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>

namespace dklb::edgelb {
namespace {

/// A range of addresses of one family, of at most 65536 addresses.
class address_range {
public:
  /// Empty if the text is no range from /16 to /29, or /112 to /125.
  static std::optional<address_range> parse(std::string_view text);

  std::uint32_t size() const { return size_; }
  /// The address at this place, counted from the first.
  std::string at(std::uint32_t place) const;

private:
  int family_ = AF_INET;
  std::array<unsigned char, sizeof(in6_addr)> first_{}; ///< in network order
  std::uint32_t size_ = 0;
};

/// The last two bytes of an address of this family.
std::size_t tail_of(int family) {
  return (family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr)) - 2;
}

std::optional<address_range> address_range::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return {};
  const auto length = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), bits);
  address_range made;
  const std::string address(text.substr(0, slash));
  made.family_ = is_ipv6(address) ? AF_INET6 : AF_INET;
  const unsigned width = made.family_ == AF_INET ? 32 : 128;
  if (problem != std::errc{} || end != length.data() + length.size() || bits > width - 3
      || bits < width - 16 || inet_pton(made.family_, address.c_str(), made.first_.data()) != 1)
    return {};
  made.size_ = 1U << (width - bits);
  const auto tail = tail_of(made.family_);
  const unsigned start = (made.first_[tail] * 256U + made.first_[tail + 1]) & ~(made.size_ - 1);
  made.first_[tail] = static_cast<unsigned char>(start / 256U);
  made.first_[tail + 1] = static_cast<unsigned char>(start % 256U);
  return made;
}

std::string address_range::at(std::uint32_t place) const {
  auto raw = first_;
  const auto tail = tail_of(family_);
  const unsigned number = raw[tail] * 256U + raw[tail + 1] + place;
  raw[tail] = static_cast<unsigned char>(number / 256U);
  raw[tail + 1] = static_cast<unsigned char>(number % 256U);
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family_, raw.data(), text.data(), text.size());
  return text.data();
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// The addresses under a key: a text, or a list of texts. Empty if there are none, or others.
std::optional<std::vector<std::string>> addresses_at(const document& entry, const char* key) {
  const auto& given = member_at(entry, key);
  auto list = document::array();
  if (given.is_array())
    list = given;
  else
    list.push_back(given);
  std::vector<std::string> addresses;
  for (const auto& one : list) {
    if (!one.is_string() || !is_address(one.get<std::string>()))
      return {};
    addresses.push_back(canonical_address(one.get<std::string>()));
  }
  if (addresses.empty())
    return {};
  return addresses;
}

domain::result<agent> agent_from(const document& entry) {
  agent made;
  auto inside = addresses_at(entry, "private");
  if (!inside)
    return failure(400, "each agent needs an IP address under \"private\", or a list of them, not "
                          + member_at(entry, "private").dump());
  made.private_addresses = std::move(*inside);
  // An empty text means none, as it always did.
  const auto& given = member_at(entry, "public");
  if (!given.is_null() && given != "") {
    auto outside = addresses_at(entry, "public");
    if (!outside)
      return failure(400, "the agent " + made.name()
                            + " needs an IP address under \"public\", or a list of them, not "
                            + given.dump() + "; leave \"public\" out for a private agent");
    made.public_addresses = std::move(*outside);
  }
  made.role = text_at(entry, "role");
  if (made.role.empty())
    made.role = made.public_addresses.empty() ? "*" : public_role;
  return made;
}

} // namespace

bool agent::is_private(const std::string& address) const {
  return contains(private_addresses, address);
}

bool agent::is_public(const std::string& address) const {
  return contains(public_addresses, address);
}

bool agent::is_translated(const std::string& address) const {
  return contains(translated, address);
}

std::string agent::statistics_address() const {
  if (!is_public(name()))
    return name();
  const auto dot = name().find('.');
  return dot == std::string::npos ? "::1" : "127" + name().substr(dot);
}

std::vector<std::string> agent::bound_addresses() const {
  auto bound = private_addresses;
  for (const auto& address : public_addresses) {
    if (!is_translated(address) && !contains(bound, address))
      bound.push_back(address);
  }
  return bound;
}

bool is_address(const std::string& text) {
  in6_addr buffer{};
  return inet_pton(AF_INET, text.c_str(), &buffer) == 1
         || inet_pton(AF_INET6, text.c_str(), &buffer) == 1;
}

bool is_ipv6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

std::string canonical_address(const std::string& text) {
  in6_addr raw{};
  const int family = is_ipv6(text) ? AF_INET6 : AF_INET;
  if (inet_pton(family, text.c_str(), &raw) != 1)
    return text;
  std::array<char, INET6_ADDRSTRLEN> made{};
  inet_ntop(family, &raw, made.data(), made.size());
  return made.data();
}

std::string socket_text(const std::string& address, int port) {
  return (is_ipv6(address) ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

domain::result<std::vector<agent>> agents_from_range(std::string_view text) {
  const auto comma = text.find(',');
  const auto first = address_range::parse(text.substr(0, comma));
  std::vector<address_range> ranges;
  if (first)
    ranges.push_back(*first);
  bool good = first.has_value();
  if (comma != std::string_view::npos) {
    const auto second = address_range::parse(text.substr(comma + 1));
    good = good && second && second->size() == first->size()
           && is_ipv6(second->at(0)) != is_ipv6(first->at(0));
    if (good)
      ranges.push_back(*second);
  }
  if (!good)
    return failure(400, "\"" + std::string(text)
                          + "\" is no range of agents: give an IPv4 range of /16 to /29, an IPv6 "
                            "range of /112 to /125, or both of one size with a comma between them, "
                            "such as 127.0.64.0/26,fd00::/122");
  const std::uint32_t half = first->size() / 2;
  std::vector<agent> agents;
  for (std::uint32_t place = 1; place + 1 < half; ++place) {
    agent made;
    for (const auto& range : ranges) {
      made.private_addresses.push_back(range.at(place));
      if (place >= half / 2)
        made.public_addresses.push_back(range.at(half + place));
    }
    if (!made.public_addresses.empty())
      made.role = public_role;
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
    for (const auto& address : made->private_addresses) {
      if (!seen.insert(address).second)
        return failure(400, "the private address " + address + " is listed twice; remove one");
    }
    agents.push_back(*made);
  }
  return agents;
}

} // namespace dklb::edgelb
