// Which of the addresses that EdgeLB names a Service gets.
#include "domain/base/ip_address.hpp"
#include "domain/pool/pool_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const service_key redis{"default", "redis"};
constexpr const char* frontend = "prod:default:redis:6379";

pool_metadata named(std::vector<std::string> internal, std::vector<std::string> external = {},
                    std::vector<std::string> hosts = {}) {
  pool_metadata out;
  out.frontends.push_back({frontend, std::move(internal), std::move(external)});
  for (auto& host : hosts)
    out.balancers.push_back({std::move(host), {frontend}});
  return out;
}

service_addresses found(const pool_metadata& metadata, bool publish_local = false) {
  return metadata_index("prod", metadata, publish_local).addresses_of(redis);
}

service_addresses found(const pool_metadata& metadata, const publication& what) {
  return metadata_index("prod", metadata).addresses_of(redis, what);
}

std::vector<std::string> shown(const service_addresses& addresses) {
  std::vector<std::string> out;
  for (const auto& each : addresses.list)
    out.push_back(each.ip + each.hostname);
  return out;
}

struct scope_case {
  const char* address;
  address_scope scope;
};

TEST(AddressScope, SaysWhomAnAddressReaches) {
  using enum address_scope;
  const scope_case table[] = {
    {"10.0.0.1", anywhere},
    {"100.64.0.1", anywhere},
    {"203.0.113.9", anywhere},
    {"223.255.255.255", anywhere},
    {"169.253.0.1", anywhere},
    {"2001:db8::1", anywhere},
    {"fd00::1", anywhere},
    {"fec0::1", anywhere},
    {"64:ff9b::a00:1", anywhere},
    {"127.0.0.1", local},
    {"127.255.0.9", local},
    {"169.254.169.254", local},
    {"::1", local},
    {"fe80::1", local},
    {"febf::1", local},
    {"0.0.0.0", nobody},
    {"0.1.2.3", nobody},
    {"224.0.0.1", nobody},
    {"239.255.255.250", nobody},
    {"240.0.0.1", nobody},
    {"255.255.255.255", nobody},
    {"::", nobody},
    {"ff02::1", nobody},
    {"::ffff:10.0.0.1", nobody},
    {"::ffff:127.0.0.1", nobody},
    {"::10.0.0.1", nobody},
    {"", nobody},
    {"host", nobody},
    {"10.0.0.1/8", nobody},
    {"fe80::1%eth0", nobody},
  };
  for (const auto& [address, scope] : table)
    EXPECT_EQ(scope_of(address), scope) << address;
}

TEST(ServiceAddresses, WhatReachesNobodyElseIsToldAndNotPublished) {
  const auto addresses = found(named({"0.0.0.0", "127.0.0.1", "10.0.0.1", "169.254.169.254"},
                                     {"::1", "fe80::1", "203.0.113.9"}));
  EXPECT_THAT(shown(addresses), ElementsAre("10.0.0.1", "203.0.113.9"));
  EXPECT_THAT(addresses.left_out, HasSubstr("not published: 0.0.0.0, 127.0.0.1, 169.254.169.254"));
  EXPECT_THAT(addresses.left_out, HasSubstr("and 2 more"));
  EXPECT_THAT(addresses.left_out, HasSubstr("edgelb.publishLocalAddresses"));
}

TEST(ServiceAddresses, ASandboxPublishesLocalOnes) {
  const auto addresses =
    found(named({"127.101.64.16", "0.0.0.0", "224.0.0.1"}, {"169.254.1.1"}), true);
  EXPECT_THAT(shown(addresses), ElementsAre("127.101.64.16", "169.254.1.1"));
  EXPECT_THAT(addresses.left_out, HasSubstr("not published: 0.0.0.0, 224.0.0.1"));
}

struct publication_case {
  const char* name;
  publication what;
  std::vector<std::string> published;
};

TEST(ServiceAddresses, OnlyWhatTheServiceWantsIsPublished) {
  using enum ip_families;
  using enum publish_kind;
  const auto metadata =
    named({"10.0.0.1", "fd00::1", "192.0.2.1"}, {"203.0.113.9", "2001:db8::9", "192.0.2.1"});
  const publication_case cases[]{
    {"all", {}, {"10.0.0.1", "192.0.2.1", "fd00::1", "2001:db8::9", "203.0.113.9"}},
    {"public", {unknown, public_only, ""}, {"192.0.2.1", "2001:db8::9", "203.0.113.9"}},
    {"private", {unknown, private_only, ""}, {"10.0.0.1", "192.0.2.1", "fd00::1"}},
    {"IPv4", {ipv4, all, ""}, {"10.0.0.1", "192.0.2.1", "203.0.113.9"}},
    {"IPv6", {ipv6, all, ""}, {"fd00::1", "2001:db8::9"}},
    {"both", {ipv6_ipv4, public_only, ""}, {"192.0.2.1", "2001:db8::9", "203.0.113.9"}},
    {"public IPv6", {ipv6, public_only, ""}, {"2001:db8::9"}},
    {"one, whatever it is", {ipv4, public_only, "10.0.0.1"}, {"10.0.0.1"}},
  };
  for (const auto& row : cases) {
    const auto addresses = found(metadata, row.what);
    EXPECT_EQ(shown(addresses), row.published) << row.name;
    EXPECT_EQ(addresses.left_out, "") << row.name;
    EXPECT_TRUE(addresses.withheld.empty()) << row.name;
  }
}

TEST(ServiceAddresses, ItIsSaidWhereNothingIsLeftToPublish) {
  const auto inside = named({"10.0.0.1", "10.0.0.2"});
  const auto none = found(inside, {ip_families::ipv4, publish_kind::public_only, ""});
  EXPECT_TRUE(none.list.empty());
  EXPECT_EQ(none.left_out,
            "EdgeLB names only 10.0.0.1, 10.0.0.2, and this Service publishes public IPv4 "
            "addresses: set \"publish\" in the annotation to private or all, or give the pool's "
            "machines a public address");
  EXPECT_EQ(none.withheld.size(), 2U);
  EXPECT_THAT(found(inside, {ip_families::ipv6, publish_kind::all, ""}).left_out,
              HasSubstr("publishes IPv6 addresses"));
  EXPECT_THAT(found(inside, {ip_families::ipv4, publish_kind::all, "10.0.0.9"}).left_out,
              HasSubstr("only 10.0.0.9, the address that it asks for"));
  EXPECT_THAT(
    found(named({}, {"203.0.113.9"}), {ip_families::ipv4, publish_kind::private_only, ""}).left_out,
    HasSubstr("publishes private IPv4 addresses"));
  EXPECT_EQ(found(named({}), {ip_families::ipv4, publish_kind::public_only, ""}).left_out, "")
    << "nothing is known yet";
}

TEST(ServiceAddresses, AHostNameIsAnAddressOfEachKind) {
  const auto addresses = found(named({"10.0.0.1"}, {}, {"lb.example.com"}),
                               {ip_families::ipv4, publish_kind::public_only, ""});
  EXPECT_THAT(shown(addresses), ElementsAre("lb.example.com"));
  EXPECT_EQ(addresses.left_out, "");
}

TEST(ServiceAddresses, AFamilyThatIsMissingIsTold) {
  const auto addresses =
    found(named({"10.0.0.1"}), {ip_families::ipv4_ipv6, publish_kind::all, ""});
  EXPECT_THAT(shown(addresses), ElementsAre("10.0.0.1"));
  EXPECT_THAT(addresses.left_out, HasSubstr("EdgeLB names no IPv6 address"));
}

TEST(CanonicalIp, IsTheUsualFormOfAnAddress) {
  EXPECT_EQ(canonical_ip("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_ip("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(canonical_ip("::"), "::");
  for (const std::string text :
       {"", "1.2.3", "192.0.2.1 ", "[::1]", "192.0.2.1/32", "fe80::1%eth0"})
    EXPECT_EQ(canonical_ip(text), std::nullopt) << text;
  EXPECT_EQ(canonical_ip(std::string_view{"192.0.2.1\0", 10}), std::nullopt);
}

TEST(ServiceAddresses, AHostNameIsOneAfterRfc1123) {
  const std::string label(63, 'a');
  const auto addresses = found(named(
    {}, {},
    {"LB-1.example.com", label + ".example.com", label + "a.example.com", "under_score.example.com",
     "two words", "x\ny.example.com", "localhost-1", "1.2.3.4", std::string(254, 'a')}));
  EXPECT_THAT(shown(addresses),
              ElementsAre(label + ".example.com", "lb-1.example.com", "localhost-1"));
  EXPECT_THAT(addresses.left_out, Not(HasSubstr("\n")));
}

TEST(ServiceAddresses, NoMoreThanHelpAnybodyArePublished) {
  std::vector<std::string> many;
  for (int number = 0; number < 100000; ++number)
    many.push_back("10." + std::to_string(number / 65536) + "." + std::to_string(number / 256 % 256)
                   + "." + std::to_string(number % 256));
  const auto addresses = found(named(many, {}, {"lb.example.com"}));
  EXPECT_EQ(addresses.list.size(), most_addresses);
  EXPECT_EQ(addresses.list.front().hostname, "lb.example.com");
  EXPECT_THAT(addresses.left_out,
              HasSubstr("EdgeLB names 100001 addresses, of which the first 64 are published"));
  many.resize(most_addresses);
  EXPECT_EQ(found(named(many)).left_out, "");
}

} // namespace
} // namespace dklb::domain
