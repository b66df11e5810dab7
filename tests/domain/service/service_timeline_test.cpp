#include "domain/service/service_timeline.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dklb::domain {
namespace {

using std::chrono::seconds;

class a_timeline : public ::testing::Test {
protected:
  static service_timeline::claim_ptr claim(const std::string& pool) {
    pool_claim out;
    out.pool = pool;
    return std::make_shared<const pool_claim>(out);
  }
  static service_timeline::addresses_ptr at(const std::string& ip) {
    return std::make_shared<const std::vector<ingress>>(std::vector<ingress>{{ip, ""}});
  }
  bool tell(const service_report& what) {
    now += seconds{1};
    return timeline.add(now, what, claimed, addresses);
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& item : timeline.entries())
      out.push_back(item.report.message);
    return out;
  }

  service_timeline timeline;
  service_timeline::time now;
  service_timeline::claim_ptr claimed;
  service_timeline::addresses_ptr addresses;
};

TEST_F(a_timeline, TellsEveryReportWithItsTimeAndReason) {
  EXPECT_TRUE(timeline.empty());
  const auto begin = now;
  claimed = claim("a");
  const auto provisioning = provisioning_report("a");
  EXPECT_TRUE(tell(provisioning));
  const auto refused = refused_report({refusal_reason::port_conflict, "port 80 is taken"});
  EXPECT_TRUE(tell(refused));

  const auto told = timeline.entries();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].at, begin + seconds{1});
  EXPECT_EQ(told[0].report, provisioning);
  EXPECT_EQ(told[1].at, begin + seconds{2});
  EXPECT_EQ(told[1].report, refused);
}

TEST_F(a_timeline, KeepsTheWordsOfAPoolAndOfAddressesThatAreLeft) {
  std::vector<std::string> expected;
  const auto say = [&](const service_report& what) {
    expected.push_back(what.message);
    EXPECT_TRUE(tell(what));
  };
  claimed = claim("first");
  say(provisioning_report("first"));
  say(awaiting_address_report("first"));
  addresses = at("10.0.0.1");
  say(provisioned_report("first", *addresses));
  addresses = at("10.0.0.2");
  say(provisioned_report("first", *addresses));
  addresses = nullptr;
  claimed = claim("second");
  say(provisioning_report("second"));
  addresses = at("10.0.0.3");
  say(provisioned_report("second", *addresses));
  claimed = nullptr;
  addresses = nullptr;
  say(deleting_report("second"));
  EXPECT_EQ(texts(), expected);
}

TEST_F(a_timeline, TakesWordsThatAreNotTheUsualOnesOfTheirPhase) {
  claimed = claim("a");
  const auto odd = provisioning_report("another pool");
  tell(odd);
  EXPECT_EQ(timeline.entries().back().report, odd);
}

TEST_F(a_timeline, DoesNotRepeatWhatTheLastReportSaid) {
  claimed = claim("a");
  EXPECT_TRUE(tell(provisioning_report("a")));
  EXPECT_FALSE(tell(provisioning_report("a")));
  addresses = at("10.0.0.1");
  EXPECT_TRUE(tell(provisioned_report("a", *addresses)));
  addresses = at("10.0.0.1");
  EXPECT_FALSE(tell(provisioned_report("a", *addresses)));
  EXPECT_TRUE(tell(provisioning_report("a")));
  EXPECT_EQ(timeline.entries().size(), 3U);
}

TEST_F(a_timeline, ForgetsTheOldestWhenItIsFull) {
  for (std::size_t i = 0; i <= service_timeline::limit; ++i)
    tell(ignored_report(std::to_string(i)));
  ASSERT_EQ(texts().size(), service_timeline::limit);
  EXPECT_EQ(texts().front(), "1");
  EXPECT_EQ(texts().back(), std::to_string(service_timeline::limit));
}

TEST_F(a_timeline, DoesNotHoldOnToAClaimThatWasReplacedByOneOnTheSamePool) {
  claimed = claim("a");
  tell(provisioning_report("a"));
  const std::weak_ptr<const pool_claim> before = claimed;
  claimed = claim("a");
  EXPECT_FALSE(tell(provisioning_report("a")));
  EXPECT_TRUE(before.expired());
}

} // namespace
} // namespace dklb::domain
