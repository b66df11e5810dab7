#pragma once

#include <string>
#include <vector>

namespace dklb::domain {

/// The clients that `spec.loadBalancerSourceRanges` lets in, in one canonical form: each range is
/// `address/prefix` with the host's bits cleared, and each list is sorted and without duplicates.
/// So neither order nor spelling makes a difference. Once a range of any family is given, a family
/// without ranges has no client that is let in.
struct source_ranges {
  bool limited = false;          ///< false: every client is let in, the lists are empty
  std::vector<std::string> ipv4; ///< just `0.0.0.0/0` where the family has no limit
  std::vector<std::string> ipv6; ///< just `::/0` where the family has no limit

  friend bool operator==(const source_ranges&, const source_ranges&) = default;
};

/// The range of all addresses of a family.
inline constexpr const char* every_ipv4_address = "0.0.0.0/0";
inline constexpr const char* every_ipv6_address = "::/0";

/// More ranges of one Service are refused: each of its frontends carries all of them.
inline constexpr std::size_t source_range_limit = 4096;

struct parsed_source_ranges {
  source_ranges ranges;
  std::vector<std::string> unreadable; ///< as written
};

/// Reads what the Service asks for. An entry is a range as Kubernetes takes it: an address and the
/// length of its prefix. A bare address is none, and is refused there, too.
/// Source: Kubernetes' ValidateService and GetLoadBalancerSourceRanges.
parsed_source_ranges parse_source_ranges(const std::vector<std::string>& entries);

} // namespace dklb::domain
