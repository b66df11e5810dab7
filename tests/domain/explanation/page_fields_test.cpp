#include "domain/explanation/leader.hpp"
#include "domain/explanation/page_fields.hpp"
#include "domain/explanation/service_text.hpp"
#include "domain/text/text_table.hpp"

#include <gtest/gtest.h>

namespace dklb::domain {
namespace {

using namespace std::chrono_literals;

TEST(PageFields, LengthsHaveAtMostTwoUnitsThatFollowEachOther) {
  const std::pair<std::chrono::microseconds, const char*> table[] = {
    {-5s, "0s"},
    {0s, "0s"},
    {999ms, "0s"},
    {59s, "59s"},
    {60s, "1m"},
    {200s, "3m20s"},
    {1h, "1h"},
    {1h + 30s, "1h"},
    {2h + 5min + 9s, "2h5m"},
    {24h, "1d"},
    {76h + 59min, "3d4h"},
    {24h + 5min, "1d"},
    {24h * 29 + 3h, "29d3h"},
    {24h * 30 + 3h, "30d"},
    {24h * 400, "400d"},
  };
  for (const auto& [length, text] : table)
    EXPECT_EQ(page::length_of(length), text);
}

TEST(PageFields, RelativeTimesLookBothWays) {
  const page::moment now{1000s};
  EXPECT_EQ(page::relative(now - 200s, now), "3m20s ago");
  EXPECT_EQ(page::relative(now, now), "0s ago");
  EXPECT_EQ(page::relative(now + 12s, now), "in 12s");
}

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCellInCharacters) {
  text_table table;
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.text(), "");
  table.add({"NAME", "WHY", "REST"});
  table.add({"größe", "a", ""});
  table.add({"a", "long\nerr", "x"});
  EXPECT_EQ(table.text(), "NAME   WHY        REST\n"
                          "größe  a\n"
                          "a      long\\nerr  x\n");
}

TEST(Leader, HostOfTheHolderIsThePod) {
  const std::pair<const char*, std::optional<std::string>> table[] = {
    {"dklb-7d9f8c6b5d-abcde_0b54f2a1-1b1f-4c1c-9d3c-0123456789ab", "dklb-7d9f8c6b5d-abcde"},
    {"node.example.com_0b54f2a1", "node.example.com"},
    {"bare", "bare"},
    {"_0b54f2a1", std::nullopt},
    {"", std::nullopt},
    {"Node_1", std::nullopt},
    {"a/../b_1", std::nullopt},
    {"a?b_1", std::nullopt},
    {"a:8080_1", std::nullopt},
    {"..", std::nullopt},
    {"a_b_1", std::nullopt},
  };
  for (const auto& [holder, host] : table)
    EXPECT_EQ(host_of_holder(holder), host) << holder;
}

TEST(Leader, AnOldLeaseIsAWarningWithTheHolder) {
  lease_record record;
  record.holder = "dklb-1_uuid\x1b";
  record.duration = 15s;
  record.renewed = lease_record::wall_time{1000s};
  EXPECT_EQ(lease_warning(record, record.renewed + 15s), "");
  EXPECT_EQ(lease_warning(record, record.renewed - 5s), "");
  EXPECT_EQ(lease_warning(record, record.renewed + 200s),
            "the Lease says that dklb-1_uuid\\x1b leads, but it was last renewed 3m20s ago: that "
            "dklb has ended, or two clocks differ");
}

TEST(Leader, PagesStandBehindTheProxyOfThePod) {
  EXPECT_EQ(pod_proxy_path("dklb-system", "dklb-1", 8080, "/services/a/b"),
            "/api/v1/namespaces/dklb-system/pods/dklb-1:8080/proxy/services/a/b");
}

TEST(ServiceText, ServicesAreNamedWithOrWithoutTheirNamespace) {
  EXPECT_EQ(service_named("shop/web", "x"), (service_key{"shop", "web"}));
  EXPECT_EQ(service_named("web", "shop"), (service_key{"shop", "web"}));
  for (const char* text :
       {"", "/", "a/", "/a", "a/b/c", "A/b", "a/b?c", "a b", "../a", "a/..", "a/%2e%2e"})
    EXPECT_EQ(service_named(text, "shop"), std::nullopt) << text;
  EXPECT_EQ(service_named("web", ""), std::nullopt);
}

} // namespace
} // namespace dklb::domain
