// What the actors log: a line for each transition, and no flood.
#include "process/log_format.hpp"
#include "tests/actors/support/graph.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <sstream>
#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

class ActorLog : public ActorGraph {
protected:
  ActorLog() {
    shared->log = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(out_));
    shared->log->set_formatter(process::log_format(process::json_lines));
  }
  /// The lines since the last call.
  std::vector<nlohmann::json> lines() {
    std::vector<nlohmann::json> all;
    std::istringstream in{out_.str()};
    out_.str({});
    for (std::string line; std::getline(in, line);)
      all.push_back(nlohmann::json::parse(line));
    return all;
  }
  /// Those with this value of a key.
  static std::vector<nlohmann::json> among(const std::vector<nlohmann::json>& lines,
                                           const std::string& key, const std::string& value) {
    std::vector<nlohmann::json> found;
    for (const auto& line : lines)
      if (line.value(key, "") == value)
        found.push_back(line);
    return found;
  }

private:
  std::ostringstream out_;
};

TEST_F(ActorLog, EachTransitionIsALineWithItsKeys) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  echo("a");
  advance(milliseconds{3000});
  const auto all = lines();
  const auto served = among(all, "reason", "EnsuredLoadBalancer");
  ASSERT_EQ(served.size(), 1U);
  EXPECT_EQ(served[0].at("service"), "default/a");
  EXPECT_EQ(served[0].at("pool"), "p");
  EXPECT_EQ(served[0].at("level"), "info");
  const auto created = among(all, "reason", "create");
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].at("pool"), "p");
}

TEST_F(ActorLog, ResyncsOfASettledStateLogNothing) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  echo("a");
  advance(milliseconds{3000});
  lines();
  edgelb.log.clear();
  advance(5 * shared->concurrency().resync_period);
  ASSERT_GE(edgelb.count("inventory"), 4U);
  EXPECT_TRUE(lines().empty());
}

TEST_F(ActorLog, FailuresOfManyPoolsWithOneCauseAreTenLinesAMinute) {
  start();
  list({});
  lines();
  for (int number = 0; number < 50; ++number) {
    edgelb.write_failures.push_back({{domain::error_code::transport, "refused", {}, 0}, false});
    observe(make_service("s" + std::to_string(number), "p" + std::to_string(number)));
  }
  const auto first = among(lines(), "reason", "transport");
  ASSERT_EQ(first.size(), 10U);
  EXPECT_EQ(first[0].at("pool"), "p0");
  EXPECT_EQ(first[0].at("attempt"), 1);
  EXPECT_EQ(first[0].at("level"), "warning");
  edgelb.write_failures.push_back({{domain::error_code::timeout, "slow", {}, 0}, false});
  observe(make_service("other", "other"));
  EXPECT_EQ(among(lines(), "reason", "timeout").size(), 1U) << "another cause is not held back";
  advance(std::chrono::minutes{2});
  edgelb.write_failures.push_back({{domain::error_code::transport, "refused", {}, 0}, false});
  observe(make_service("late", "late"));
  const auto late = among(among(lines(), "pool", "late"), "reason", "transport");
  ASSERT_FALSE(late.empty());
  const auto said = late.back().at("message").get<std::string>();
  EXPECT_NE(said.find("(40 lines of this cause were left out)"), std::string::npos) << said;
}

TEST_F(ActorLog, FailedWritesOfServicesAndStatusesHaveTheirKeys) {
  place("a", "10.0.0.1");
  start();
  kube.patch_failures = {{domain::error_code::unavailable, "busy\nforged", {}, 503}};
  kube.status_failures = {{domain::error_code::unavailable, "busy", {}, 503}};
  list({make_service("a")});
  advance(milliseconds{30000});
  const auto failed = among(lines(), "reason", "unavailable");
  ASSERT_EQ(failed.size(), 2U);
  for (const auto& line : failed) {
    EXPECT_EQ(line.at("service"), "default/a");
    EXPECT_EQ(line.at("attempt"), 1);
  }
}

TEST_F(ActorLog, RestartedActorIsNamed) {
  start();
  list({make_service("a")});
  advance(milliseconds{3000});
  lines();
  fail(find("pool").at(0));
  const auto restarted = among(lines(), "reason", "restarted");
  ASSERT_EQ(restarted.size(), 1U);
  EXPECT_EQ(restarted[0].at("actor"), "pool p");
}

} // namespace
} // namespace dklb::actors::testing
