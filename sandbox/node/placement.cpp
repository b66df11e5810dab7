#include "sandbox/node/placement.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace dklb::sandbox {
namespace {

std::optional<std::uint32_t> parse_address(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return std::nullopt;
  }
  return ntohl(address.s_addr);
}

std::string to_text(std::uint32_t address) {
  const in_addr raw{htonl(address)};
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &raw, text.data(), text.size());
  return text.data();
}

} // namespace

label_map node_labels(const node& which) {
  return {{"kubernetes.io/hostname", which.name}, {"kubernetes.io/os", "linux"}};
}

const node* choose_node(const pod& which, const std::vector<node>& nodes,
                        const std::map<std::string, int>& load) {
  const node* best = nullptr;
  int least = 0;
  for (const node& candidate : nodes) {
    const auto found = load.find(candidate.name);
    const int pods = found == load.end() ? 0 : found->second;
    if (selects(which.node_selector, node_labels(candidate)) && (!best || pods < least)) {
      best = &candidate;
      least = pods;
    }
  }
  return best;
}

std::optional<address_pool> address_pool::parse(const std::string& range) {
  const auto slash = range.find('/');
  const auto base = parse_address(range.substr(0, slash));
  unsigned bits = 0;
  if (!base || slash == std::string::npos) {
    return std::nullopt;
  }
  const char* end = range.data() + range.size();
  const auto parsed = std::from_chars(range.data() + slash + 1, end, bits);
  if (parsed.ec != std::errc{} || parsed.ptr != end || bits < 8 || bits > 30
      || *base >> 24U != 127U) {
    return std::nullopt;
  }
  const std::uint32_t size = 1U << (32U - bits);
  const std::uint32_t first = *base & ~(size - 1U);
  return address_pool{first + 1, first + size - 2};
}

std::optional<std::string> address_pool::take() {
  for (std::uint32_t tried = first_; tried <= last_; ++tried) {
    const std::uint32_t candidate = next_;
    next_ = next_ == last_ ? first_ : next_ + 1;
    if (taken_.insert(candidate).second) {
      return to_text(candidate);
    }
  }
  return std::nullopt;
}

bool address_pool::take(const std::string& address) {
  const auto parsed = parse_address(address);
  return parsed && *parsed >= first_ && *parsed <= last_ && taken_.insert(*parsed).second;
}

void address_pool::give_back(const std::string& address) {
  if (const auto parsed = parse_address(address)) {
    taken_.erase(*parsed);
  }
}

} // namespace dklb::sandbox
