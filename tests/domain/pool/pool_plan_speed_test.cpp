#include "tests/domain/support/plan_support.hpp"

#include <algorithm>
#include <ctime>

namespace dklb::domain::testing {
namespace {

using claim_maker = pool_claim (*)(int);

std::vector<pool_claim> many(int count, claim_maker make) {
  std::vector<pool_claim> claims;
  for (int number = 0; number < count; ++number)
    claims.push_back(make(number));
  return claims;
}

pool_claim numbered(int number, int bind_port) {
  auto each = claim("s" + std::to_string(number), {});
  each.ports.push_back({80, 30000, bind_port});
  return each;
}

/// Processor time of one plan, the least of three: other programs on the machine do not count.
double seconds(const pool_plan_input& given) {
  double least = 1e9;
  for (int run = 0; run < 3; ++run) {
    const auto start = std::clock();
    const auto plan = plan_pool(mesos_mode(), given);
    least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    EXPECT_LE(plan.refusals.size(), given.claims.size());
  }
  return least;
}

#ifdef NDEBUG
constexpr int few = 500;
#else
constexpr int few = 125; // sanitizers make every plan some thirty times slower
#endif

struct speed_case {
  const char* name;
  bool into_settled_pool; ///< the pool already holds what `before` wants
  claim_maker before;
  claim_maker wanted;
};

class PoolPlanSpeed : public ::testing::TestWithParam<speed_case> {};

TEST_P(PoolPlanSpeed, GrowsWithTheClaimsAndNotWithTheirSquare) {
  const auto given = [](int count) {
    const auto wanted = many(count, GetParam().wanted);
    return GetParam().into_settled_pool ? input(settled(many(count, GetParam().before)), wanted)
                                        : input(pool(), wanted);
  };
  // Four times the claims: 4 where it is linear, 16 where it is quadratic.
  const auto less = seconds(given(few));
  const auto more = seconds(given(4 * few));
  EXPECT_LT(more, 9 * less + 0.002);
  RecordProperty("microseconds_per_claim", std::to_string(more * 1e6 / (4 * few)));
}

pool_claim own_port(int number) {
  return numbered(number, 1000 + number);
}

/// Younger than any `own_port`, on the same ports.
pool_claim incumbent(int number) {
  return numbered(5000 + number, 1000 + number);
}

/// Half of the incumbents, each with an older newcomer that wants its port.
pool_claim incumbent_or_rival(int number) {
  return number % 2 == 0 ? incumbent(number) : numbered(number, 1000 + number - 1);
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolPlanSpeed,
  ::testing::Values(speed_case{"AllJoinAtOnce", false, own_port, own_port},
                    speed_case{"NothingChanges", true, own_port, own_port},
                    speed_case{"AllWantOnePort", false, own_port,
                               [](int number) { return numbered(number, 80); }},
                    speed_case{"AllMoveUpByOne", true, own_port,
                               [](int number) { return numbered(number, 1001 + number); }},
                    speed_case{"TheYoungestBlocksTheWholeRow", true, own_port,
                               [](int number) {
                                 return numbered(number,
                                                 number % few == few - 1 ? 0 : 1001 + number);
                               }},
                    speed_case{"OlderNewcomersWantPortsInUse", true, incumbent, incumbent_or_rival},
                    speed_case{"SizesDiffer", true, own_port,
                               [](int number) {
                                 auto each = own_port(number);
                                 each.size = number;
                                 return each;
                               }}),
  [](const auto& param) { return param.param.name; });

} // namespace
} // namespace dklb::domain::testing
