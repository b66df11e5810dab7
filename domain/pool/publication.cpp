#include "domain/pool/publication.hpp"

#include "domain/base/ip_address.hpp"

namespace dklb::domain {

bool publication::wants_family(const std::string& ip) const {
  switch (families) {
  case ip_families::ipv4:
    return is_ipv4(ip);
  case ip_families::ipv6:
    return is_ipv6(ip);
  case ip_families::unknown:
  case ip_families::ipv4_ipv6:
  case ip_families::ipv6_ipv4:
    return true;
  }
  return true;
}

bool publication::wants(const std::string& ip, bool is_private, bool is_public) const {
  if (!wants_family(ip))
    return false;
  if (!address.empty())
    return canonical_ip(ip) == address;
  switch (kind) {
  case publish_kind::all:
    return true;
  case publish_kind::public_only:
    return is_public;
  case publish_kind::private_only:
    return is_private;
  }
  return true;
}

publication publication_of(const pool_claim& claim, publish_kind fallback) {
  return {claim.families, claim.publish.value_or(fallback), claim.bind_address};
}

bool same_publication(const pool_claim& left, const pool_claim& right) {
  return left.families == right.families && left.publish == right.publish
         && left.bind_address == right.bind_address;
}

std::string nothing_published_text(const publication& what, const std::string& named) {
  const auto start = "EdgeLB names only " + named + ", and this Service publishes ";
  if (!what.address.empty())
    return start + "only " + what.address
           + ", the address that it asks for: look at the pool in EdgeLB, or ask for another one";
  const std::string family = what.families == ip_families::ipv4   ? "IPv4 "
                             : what.families == ip_families::ipv6 ? "IPv6 "
                                                                  : "";
  switch (what.kind) {
  case publish_kind::all:
    return start + family
           + "addresses: give the pool's machines one, or change the Service's ipFamilies";
  case publish_kind::public_only:
    return start + "public " + family
           + R"(addresses: set "publish" in the annotation to private or all, or give the pool's)"
             " machines a public address";
  case publish_kind::private_only:
    return start + "private " + family
           + R"(addresses: set "publish" in the annotation to public or all)";
  }
  return start + "none of them";
}

} // namespace dklb::domain
