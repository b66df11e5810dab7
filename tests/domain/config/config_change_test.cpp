#include "domain/config/config_change.hpp"

#include "domain/config/config_fields.hpp"
#include "tests/domain/support/changed_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace dklb::domain;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

config defaults() {
  config out;
  out.cluster_name = "dev/kubernetes01";
  return out;
}

std::set<std::string> keys(const std::vector<changed_key>& changes) {
  std::set<std::string> out;
  for (const auto& change : changes)
    out.insert(change.key);
  return out;
}

TEST(ConfigChange, SaysOfEveryKeyWhetherItAppliesLive) {
  const auto change = plan_change(defaults(), *parse_config(changed_everywhere).value);
  EXPECT_EQ(keys(change.live),
            (std::set<std::string>{
              "kubernetes.qps", "kubernetes.burst", "concurrency.edgelbInFlight",
              "concurrency.kubernetesInFlight", "concurrency.poolWriteGap",
              "concurrency.mailboxLimit", "concurrency.resyncPeriod", "concurrency.poll.min",
              "concurrency.poll.max", "concurrency.retry.base", "concurrency.retry.max",
              "concurrency.retry.edgelbTimeout", "concurrency.retry.kubernetesTimeout",
              "concurrency.supervisor.maxRestarts", "concurrency.supervisor.window",
              "webhook.failurePolicy", "orphans.mode", "log.level", "log.format"}));
  auto both = keys(change.live);
  both.merge(keys(change.need_restart));
  auto any = defaults();
  EXPECT_EQ(both.size(), fields_of(any).size()) << "every key was changed";
}

TEST(ConfigChange, TakesTheWrittenValuesOfLiveKeysAndKeepsTheOthers) {
  auto running = defaults();
  auto written = *parse_config(changed_everywhere).value;
  auto merged = plan_change(running, written).merged;
  const auto before = fields_of(running);
  const auto wanted = fields_of(written);
  const auto after = fields_of(merged);
  for (std::size_t index = 0; index < after.size(); ++index)
    EXPECT_EQ(after[index].write(), (after[index].live ? wanted : before)[index].write())
      << after[index].key;
}

TEST(ConfigChange, NamesBothValues) {
  auto written = defaults();
  written.concurrency.poll_max = 30s;
  written.http.listen = "127.0.0.1:9090";
  const auto change = plan_change(defaults(), written);
  EXPECT_THAT(change.live, ElementsAre(changed_key{"concurrency.poll.max", "2m", "30s"}));
  EXPECT_THAT(change.need_restart, ElementsAre(changed_key{"http.listen", R"("127.0.0.1:8080")",
                                                           R"("127.0.0.1:9090")"}));
}

TEST(ConfigChange, IsNothingWhereTheFileSaysTheSame) {
  const auto change = plan_change(defaults(), defaults());
  EXPECT_THAT(change.live, IsEmpty());
  EXPECT_THAT(change.need_restart, IsEmpty());
}

TEST(ConfigChange, NeedsTheRestartUntilTheFileAgreesAgain) {
  auto written = defaults();
  written.pools.default_size = 2;
  const auto first = plan_change(defaults(), written);
  EXPECT_EQ(keys(first.need_restart), std::set<std::string>{"pools.defaultSize"});
  const auto second = plan_change(first.merged, written);
  EXPECT_EQ(second.need_restart, first.need_restart);
  EXPECT_THAT(plan_change(first.merged, defaults()).need_restart, IsEmpty());
}

TEST(ConfigChange, KeepsFractionsExactly) {
  auto written = defaults();
  written.kubernetes.qps = 0.1 + 0.2;
  EXPECT_EQ(plan_change(defaults(), written).merged.kubernetes.qps, 0.1 + 0.2);
}

} // namespace
