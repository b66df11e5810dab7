#include "domain/service/source_ranges.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace dklb::domain {
namespace {

using texts = std::vector<std::string>;

TEST(SourceRanges, NoneIsNoLimit) {
  const auto none = parse_source_ranges({});
  EXPECT_FALSE(none.ranges.limited);
  EXPECT_TRUE(none.ranges.ipv4.empty() && none.ranges.ipv6.empty());
}

TEST(SourceRanges, AreBroughtToOneForm) {
  struct row {
    const char* written;
    const char* ipv4; ///< nullptr: not of this family
    const char* ipv6;
  };
  const row table[] = {
    {"10.0.0.0/8", "10.0.0.0/8", nullptr},
    {"10.1.2.3/8", "10.0.0.0/8", nullptr},
    {"192.0.2.129/25", "192.0.2.128/25", nullptr},
    {"192.0.2.7/32", "192.0.2.7/32", nullptr},
    {"0.0.0.0/0", "0.0.0.0/0", nullptr},
    {"1.2.3.4/0", "0.0.0.0/0", nullptr},
    {"010.0.0.0/08", "10.0.0.0/8", nullptr}, // decimal, as in Kubernetes
    {"2001:DB8:0:0::1/32", nullptr, "2001:db8::/32"},
    {"::1/128", nullptr, "::1/128"},
    {"fe80::ffff/121", nullptr, "fe80::ff80/121"},
    {"::/0", nullptr, "::/0"},
    {"::ffff:10.0.0.0/104", "10.0.0.0/8", nullptr},
    {"::ffff:0:0/96", "0.0.0.0/0", nullptr},
    {"::ffff:0:0/95", nullptr, "::fffe:0:0/95"},
  };
  for (const auto& [written, ipv4, ipv6] : table) {
    const auto parsed = parse_source_ranges({written});
    EXPECT_TRUE(parsed.unreadable.empty()) << written;
    EXPECT_TRUE(parsed.ranges.limited);
    EXPECT_EQ(parsed.ranges.ipv4, ipv4 ? texts{ipv4} : texts{}) << written;
    EXPECT_EQ(parsed.ranges.ipv6, ipv6 ? texts{ipv6} : texts{}) << written;
  }
}

TEST(SourceRanges, WhatIsNoRangeIsNamedAsWritten) {
  const texts wrong{"",
                    "office",
                    "192.0.2.7",
                    "::1",
                    "10.0.0.0/33",
                    "::/129",
                    "10.0.0.0/-1",
                    "10.0.0.0/+8",
                    "10.0.0.0/",
                    "10.0.0/8",
                    "10.0.0.0.0/8",
                    "10.0.0.256/8",
                    "10..0.0/8",
                    "/8",
                    "fe80::1%eth0/64",
                    "10.0.0.0/8/8",
                    "10.0.0.0 /8",
                    "10.0.0.0/8 ",
                    "10.0.0.0/99999999999999999999",
                    "99999999999.0.0.0/8",
                    std::string{"10.0.0.0\0/8", 11},
                    std::string{"::1\0/8", 6}};
  for (const auto& entry : wrong)
    EXPECT_EQ(parse_source_ranges({"10.0.0.0/8", entry}).unreadable, texts{entry}) << entry;
}

TEST(SourceRanges, ARangeOfAllAddressesMakesTheOthersOfItsFamilyNeedless) {
  const auto parsed = parse_source_ranges({"10.0.0.0/8", "0.0.0.0/0", "fd00::/8"});
  EXPECT_EQ(parsed.ranges.ipv4, texts{every_ipv4_address});
  EXPECT_EQ(parsed.ranges.ipv6, texts{"fd00::/8"});
}

RC_GTEST_PROP(SourceRangesProperty, OrderAndDuplicatesMakeNoDifference, ()) {
  auto entries = *rc::gen::container<texts>(
    rc::gen::element<std::string>("10.0.0.0/8", "10.9.0.0/8", "192.0.2.0/24", "::/0", "fd00::/8",
                                  "fd00::1/128", "9.0.0.0/8", "wrong"));
  const auto before = parse_source_ranges(entries).ranges;
  entries.insert(entries.end(), entries.begin(), entries.end());
  std::rotate(
    entries.begin(),
    entries.begin()
      + *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(entries.size()) + 1),
    entries.end());
  std::reverse(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2));
  RC_ASSERT(parse_source_ranges(entries).ranges == before);
}

RC_GTEST_PROP(SourceRangesProperty, TheirOwnFormIsReadAsItself, (const std::string& bytes)) {
  const auto parsed = parse_source_ranges({bytes, "10.1.0.0/8", "fd00::1/8"}).ranges;
  auto again = parsed.ipv4;
  again.insert(again.end(), parsed.ipv6.begin(), parsed.ipv6.end());
  RC_ASSERT(parse_source_ranges(again).ranges == parsed);
}

} // namespace
} // namespace dklb::domain
