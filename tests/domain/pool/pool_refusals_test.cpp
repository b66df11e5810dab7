#include "domain/pool/pool_refusals.hpp"
#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

namespace dklb::domain::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto port = refusal_reason::port_conflict;

struct words_case {
  const char* name;
  const char* words;
  std::vector<port_user> users;
  refusal_reason reason;
  std::vector<const char*> told;
};

class RefusedByEdgelb : public ::testing::TestWithParam<words_case> {};

TEST_P(RefusedByEdgelb, NamesWhoHasThePortWhereTheWordsAreAboutIt) {
  const auto& param = GetParam();
  const auto refusal = refused_by_edgelb(cluster, claim("b2", {80}), param.words, param.users);
  EXPECT_EQ(refusal.reason, param.reason);
  EXPECT_THAT(refusal.message,
              AllOf(HasSubstr("EdgeLB refuses"), HasSubstr("\"shared\""), HasSubstr(param.words)));
  for (const auto* each : param.told)
    EXPECT_THAT(refusal.message, HasSubstr(each));
  if (param.reason == refusal_reason::invalid) {
    EXPECT_THAT(refusal.message, ::testing::Not(HasSubstr("is bound by")));
  }
}

const std::vector<port_user> two_pools{{80, "dev--1", "dev.kubernetes01:default:a1:80"},
                                       {80, "dev--2", "theirs"}};
INSTANTIATE_TEST_SUITE_P(
  Table, RefusedByEdgelb,
  ::testing::Values(
    words_case{"OfThePoolThatTheyName",
               "port 80 on 10.0.0.1 belongs to the pool dev--1",
               two_pools,
               port,
               {"port 80 of the agents is bound by service default/a1 in pool \"dev--1\"",
                "tried again when the port comes free"}},
    words_case{"OfThePortThatTheyName",
               "cannot bind 0.0.0.0:80",
               two_pools,
               port,
               {"default/a1 in pool \"dev--1\"", "frontend \"theirs\"", "\"dev--2\""}},
    words_case{"NobodyForAnotherNumber",
               "quota of 8080 MB is used up",
               two_pools,
               refusal_reason::invalid,
               {"correct the Service or its annotation"}},
    words_case{"NobodyForANumberInAnAddress",
               "no machine of role \"slave_public\" has the address 10.0.0.80; free are: 80.0.0.1, "
               "2001:db8::80",
               two_pools,
               refusal_reason::invalid,
               {"free are: 80.0.0.1, 2001:db8::80", "correct the Service or its annotation"}},
    words_case{"NobodyForOtherWords", "quota is used up", two_pools, refusal_reason::invalid, {}},
    words_case{"NobodyWhereNobodyIs", "port 80 is taken", {}, refusal_reason::invalid, {}},
    words_case{"AFewOfMany",
               "port 80 is taken",
               {{80, "a", "x"}, {80, "b", "x"}, {80, "c", "x"}, {80, "d", ""}},
               port,
               {"in pool \"b\" (and 2 more)"}},
    words_case{
      "TheStatisticsOfAnother", "port 80 is taken", {{80, "a", ""}}, port, {"statistics page"}}),
  [](const auto& param) { return param.param.name; });

} // namespace
} // namespace dklb::domain::testing
