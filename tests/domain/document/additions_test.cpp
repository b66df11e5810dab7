// What dklb adds to its frontends and backends comes and goes with the wish for it, and leaves what
// people added. docs/decisions/own-lines-are-marked.md
#include "domain/document/additions.hpp"

#include "domain/document/own_lines.hpp"
#include "domain/document/pool_document.hpp"
#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

namespace dklb::domain::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

traffic_wishes everything() {
  traffic_wishes wishes;
  wishes.proxy = proxy_protocol::v2;
  wishes.balance = balance_rule::source;
  wishes.health_check = {health_check_type::http, "/ok", std::nullopt, 2s, 2, 3};
  wishes.timeouts = {1s, 2s, 3s};
  wishes.max_connections = 100;
  wishes.drain = 30s;
  return wishes;
}

pool_claim asking(traffic_wishes wishes, claimed_fields fields = {}) {
  auto made = claim("a1", {80});
  made.traffic = std::move(wishes);
  made.fields = std::move(fields);
  return made;
}

pool_claim asking_for_nothing() {
  return claim("a1", {80});
}

const auto settings = nodes_mode({"10.0.0.1", "10.0.0.2"});

pool_document made_of(const pool_claim& claim) {
  return checked_plan(input(pool(), {claim}), settings).document;
}

/// The pool after a plan of this claim alone; the same one where there is nothing to do.
pool_document planned(const pool_document& before, const pool_claim& claim,
                      const pool_settings& with = settings) {
  const auto given = input(before, {claim});
  return *carried_out(given, checked_plan(given, with));
}

pool_document& part(pool_document& pool, const char* list) {
  return pool["haproxy"][list][0];
}

TEST(Additions, GoWithTheWishForThem) {
  const claimed_fields limited{{true, {"10.0.0.0/8"}, {}}, true, 32000};
  for (const auto& full :
       {asking(everything()), asking({}, limited), asking(everything(), limited)}) {
    const auto dressed = made_of(full);
    EXPECT_NE(dressed, made_of(asking_for_nothing()));
    auto bare = planned(dressed, asking_for_nothing());
    // An empty list is what a server answers with, and all that is left.
    EXPECT_EQ(part(bare, "backends").value("miscStrs", pool_document::array()),
              pool_document::array());
    part(bare, "backends").erase("miscStrs");
    part(bare, "frontends").erase("miscStrs");
    EXPECT_EQ(bare, made_of(asking_for_nothing()));
    auto again = planned(bare, full);
    EXPECT_EQ(again, dressed);
  }
}

TEST(Additions, OfPeopleStayWithoutAnyWish) {
  auto actual = made_of(asking_for_nothing());
  part(actual, "frontends")["miscStrs"] = {"acl dklb_sources src 10.0.0.0/8", "maxconn 5"};
  auto& backend = part(actual, "backends");
  backend["miscStrs"] = {"timeout server 5s", "# a note"};
  backend["customCheck"] = {{"httpchk", true}, {"httpchkMiscStr", "GET /theirs"}};
  backend["services"][0]["endpoint"]["miscStr"] = "send-proxy";
  backend["services"][1]["endpoint"]["check"]["customStr"] = "inter 5s";
  const auto plan = checked_plan(input(actual, {asking_for_nothing()}), settings);
  EXPECT_EQ(plan.action, pool_action::none);
}

TEST(Additions, OfPeopleStayBesideThoseOfDklb) {
  auto actual = made_of(asking_for_nothing());
  part(actual, "frontends")["miscStrs"] = {"timeout client 9s"};
  auto& backend = part(actual, "backends");
  backend["miscStrs"] = {"option tcp-check"};
  backend["customCheck"] = {{"miscStr", "tcp-check connect"}};
  backend["services"][0]["endpoint"]["miscStr"] = "weight 5";
  backend["services"][1]["endpoint"]["check"]["customStr"] = "slowstart 9s";
  const auto before = actual;

  auto dressed = planned(actual, asking(everything()));
  EXPECT_THAT(part(dressed, "frontends")["miscStrs"].get<std::vector<std::string>>(),
              ElementsAre("timeout client 2s # dklb", "maxconn 100 # dklb", "timeout client 9s"));
  auto& servers = part(dressed, "backends")["services"];
  EXPECT_EQ(servers[0]["endpoint"]["miscStr"], "weight 5 send-proxy-v2");
  EXPECT_EQ(servers[1]["endpoint"]["miscStr"], "send-proxy-v2");
  EXPECT_EQ(servers[1]["endpoint"]["check"]["customStr"],
            "slowstart 9s inter 2s rise 2 fall 3 check-send-proxy");
  EXPECT_EQ(part(dressed, "backends")["customCheck"]["miscStr"], "tcp-check connect");

  EXPECT_EQ(planned(dressed, asking_for_nothing()), before);
}

TEST(Additions, ANodeThatJoinsGetsThem) {
  auto pool = made_of(asking(everything()));
  pool = planned(pool, asking(everything()), nodes_mode({"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  for (const auto& server : items(part(pool, "backends")["services"])) {
    EXPECT_EQ(server["endpoint"]["miscStr"], "send-proxy-v2");
    EXPECT_EQ(server["endpoint"]["check"]["customStr"], "inter 2s rise 2 fall 3 check-send-proxy");
  }
}

TEST(Additions, TheServerThatAnswersNobodyHasNone) {
  const auto none = nodes_mode({});
  auto pool = planned(testing::pool(), asking(everything()), none);
  const auto& only = part(pool, "backends")["services"];
  ASSERT_EQ(only.size(), 1U);
  EXPECT_FALSE(only[0]["endpoint"].contains("miscStr"));
  pool = planned(pool, asking(everything()));
  EXPECT_EQ(pool, made_of(asking(everything())));
}

TEST(Additions, WhatIsSpoiledByHandIsPutRight) {
  const auto right = made_of(asking(everything()));
  auto spoiled = right;
  part(spoiled, "frontends")["miscStrs"].erase(0);
  auto& backend = part(spoiled, "backends");
  backend["balance"] = "roundrobin";
  backend["customCheck"]["httpchkMiscStr"] = "GET /other";
  backend["services"][0]["endpoint"].erase("miscStr");
  backend["services"][1]["endpoint"]["check"]["customStr"] = "";
  EXPECT_EQ(planned(spoiled, asking(everything())), right);
}

TEST(Additions, OfARefusedClaimStayAsTheyAreWhileItsServersFollow) {
  auto other = claim("b2", {81});
  const auto given = input(pool(), {asking(everything()), other});
  const auto before = checked_plan(given, settings).document;
  // It wants the other's port now, and other keys with it.
  auto changed = asking({});
  changed.ports[0].bind_port = 81;
  changed.ports[0].node_port = 30999;
  const auto plan = checked_plan(input(before, {changed, other}), nodes_mode({"10.0.0.3"}));
  ASSERT_TRUE(plan.refusals.contains(key("a1")));
  const auto& backend = find(plan.document, "backends", own("a1", 80));
  EXPECT_EQ(backend["balance"], "source");
  EXPECT_EQ(backend["miscStrs"], find(before, "backends", own("a1", 80))["miscStrs"]);
  EXPECT_EQ(backend["services"].dump(),
            R"([{"endpoint":{"type":"ADDRESS","address":"10.0.0.3","port":30999,)"
            R"("check":{"enabled":true,"customStr":"inter 2s rise 2 fall 3 check-send-proxy"},)"
            R"("miscStr":"send-proxy-v2"}}])");
  EXPECT_EQ(find(plan.document, "frontends", own("a1", 80)),
            find(before, "frontends", own("a1", 80)));
}

TEST(Additions, NoCheckIsKeptForARefusedClaim) {
  traffic_wishes unchecked;
  unchecked.health_check.type = health_check_type::none;
  auto other = claim("b2", {81});
  const auto before = checked_plan(input(pool(), {asking(unchecked), other}), settings).document;
  auto changed = asking(unchecked);
  changed.ports[0].bind_port = 81;
  const auto plan = checked_plan(input(before, {changed, other}), nodes_mode({"10.0.0.3"}));
  const auto& server = find(plan.document, "backends", own("a1", 80))["services"][0];
  EXPECT_EQ(server["endpoint"]["check"]["enabled"], false);
}

TEST(Additions, AreNoMatterBetweenServicesOfOnePool) {
  auto other = claim("b2", {81});
  other.traffic = [] {
    traffic_wishes wishes;
    wishes.proxy = proxy_protocol::v1;
    wishes.balance = balance_rule::roundrobin;
    return wishes;
  }();
  const auto plan = checked_plan(input(pool(), {asking(everything()), other}), settings);
  EXPECT_TRUE(plan.refusals.empty());
  EXPECT_EQ(find(plan.document, "backends", own("a1", 80))["balance"], "source");
  EXPECT_EQ(find(plan.document, "backends", own("b2", 81))["balance"], "roundrobin");
}

TEST(Additions, AThousandRangesAreOneWriteOfShortLines) {
  claimed_fields fields;
  fields.ranges.limited = true;
  for (int number = 0; number < 1000; ++number)
    fields.ranges.ipv4.push_back("10." + std::to_string(number / 250) + "."
                                 + std::to_string(number % 250) + ".0/24");
  std::size_t ranges = 0;
  for (const auto& line : frontend_lines(asking({}, fields))) {
    EXPECT_LT(line.size(), 2047U);
    const auto words = static_cast<std::size_t>(std::count(line.begin(), line.end(), ' ')) + 1;
    EXPECT_LE(words, 64U);
    ranges += line.starts_with("acl dklb_sources src ") ? words - 5 : 0;
  }
  EXPECT_EQ(ranges, 1000U);
  EXPECT_EQ(checked_plan(input(pool(), {asking({}, fields)}), settings).changes.size(), 2U);
}

TEST(Additions, AreInTheChangesOfAPlan) {
  const auto plan = checked_plan(input(pool(), {asking(everything())}), settings);
  EXPECT_THAT(plan.changes[0], HasSubstr("with miscStrs [\"timeout client 2s # dklb\""));
  EXPECT_THAT(plan.changes[1], HasSubstr("with balance \"source\", miscStrs ["));
  EXPECT_THAT(plan.changes[1], HasSubstr("customCheck {\"httpchk\":true"));
}

} // namespace
} // namespace dklb::domain::testing
