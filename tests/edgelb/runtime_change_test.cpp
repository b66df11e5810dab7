#include "edgelb/haproxy/runtime_change.hpp"

#include "edgelb/haproxy/drains.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

using lines = std::vector<std::string>;

std::string with(const std::string& servers, const std::string& frame = "  balance leastconn\n") {
  return "defaults\n  mode tcp\n\nbackend web\n" + frame + servers;
}

constexpr const char* one = "  server a 10.0.0.1:80 check\n";
constexpr const char* two = "  server b 10.0.0.2:80 check\n";
const server_lines nothing_parked;
const server_lines two_parked{{"web/b", "10.0.0.2:80 check"}};

TEST(RuntimeChange, NothingToDoForEqualConfigurations) {
  const auto change = plan_runtime_change(with(one), with(one), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_TRUE(change->commands.empty());
}

TEST(RuntimeChange, ServerThatLeavesIsParked) {
  const auto change = plan_runtime_change(with(std::string(one) + two), with(one), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands, lines{"set server web/b state maint"});
  EXPECT_EQ(change->parked, two_parked);
}

TEST(RuntimeChange, ParkedServerThatComesBackIsReady) {
  const auto change = plan_runtime_change(with(one), with(std::string(one) + two), two_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands, lines{"set server web/b state ready"});
  EXPECT_TRUE(change->parked.empty());
}

TEST(RuntimeChange, NewServerIsAddedAndChecked) {
  const auto change = plan_runtime_change(with(one), with(std::string(one) + two), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands, (lines{"add server web/b 10.0.0.2:80 check", "enable health web/b",
                                     "set server web/b state ready"}));
}

TEST(RuntimeChange, NewServerWithoutACheckIsNotChecked) {
  const auto change = plan_runtime_change(
    with(one), with(std::string(one) + "  server c '[fd00::9]:8080' weight 10\n"), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands,
            (lines{"add server web/c [fd00::9]:8080 weight 10", "set server web/c state ready"}))
    << "the command line knows no quotes";
}

TEST(RuntimeChange, NewServersComeBeforeOldOnesLeave) {
  const auto change = plan_runtime_change(with(one), with(two), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands.back(), "set server web/a state maint");
  EXPECT_EQ(change->commands.front(), "add server web/b 10.0.0.2:80 check");
}

struct reload_case {
  const char* name;
  std::string running;
  std::string wanted;
};

class NeedsReload : public ::testing::TestWithParam<reload_case> {};

TEST_P(NeedsReload, HasNoRuntimeChange) {
  EXPECT_FALSE(plan_runtime_change(GetParam().running, GetParam().wanted, two_parked).has_value());
}

std::string added(const std::string& line) {
  return with(std::string(one) + "  server new " + line + "\n");
}

INSTANTIATE_TEST_SUITE_P(
  Table, NeedsReload,
  ::testing::Values(
    reload_case{"OtherBalance", with(one), with(one, "  balance roundrobin\n")},
    reload_case{"OtherOptions", with(one), with("  server a 10.0.0.1:80\n")},
    reload_case{"OtherAddress", with(one), with("  server a 10.0.0.9:80 check\n")},
    reload_case{"ParkedComesBackChanged", with(one),
                with(std::string(one) + "  server b 10.0.0.2:80\n")},
    reload_case{"NewBackend", with(one), with(one) + "\nbackend more\n" + one},
    reload_case{"NameThatNeedsDns", with(one), added("db.example.com:80 check")},
    reload_case{"Disabled", with(one), added("10.0.0.3:80 check disabled")},
    reload_case{"Tracking", with(one), added("10.0.0.3:80 track web/a")},
    reload_case{"AgentCheck", with(one), added("10.0.0.3:80 agent-check agent-port 1")},
    reload_case{"SecondCommandInALine", with(one), added("10.0.0.3:80 weight 1;shutdown")},
    reload_case{"Escape", with(one), added("10.0.0.3:80 sni str(a\\ b)")},
    reload_case{
      "DefaultServer", with(one, "  default-server inter 1s\n"),
      with(std::string(one) + "  server new 10.0.0.3:80\n", "  default-server inter 1s\n")}),
  [](const auto& given) { return std::string(given.param.name); });

TEST(RuntimeChange, ServersOfARawSectionBelongToIt) {
  const auto text = [](const std::string& servers) {
    return with(one, "  balance leastconn\n  backend raw\n") + servers;
  };
  const auto change = plan_runtime_change(text(two), text(""), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands, lines{"set server raw/b state maint"});
}

TEST(RuntimeChange, ManyParkedServersAreClearedAwayByAReload) {
  server_lines parked;
  for (int number = 0; number < 64; ++number)
    parked.emplace("web/gone-" + std::to_string(number), "10.0.1.1:80");
  EXPECT_FALSE(plan_runtime_change(with(std::string(one) + two), with(one), parked).has_value());
}

TEST(RuntimeChange, CommentsAreNoDifference) {
  const auto change =
    plan_runtime_change(with(one, "  # drain 30s\n"), with(one, "  # drain 1m\n"), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_TRUE(change->commands.empty());
}

TEST(RuntimeChange, NewServerKeepsItsOptions) {
  const std::string options = "10.0.0.3:80 id 42 check port 30123 inter 2s rise 1 fall 2 "
                              "send-proxy-v2 check-send-proxy";
  const auto change = plan_runtime_change(with(one), added(options), nothing_parked);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->commands.front(), "add server web/new " + options);
}

using leavers = std::map<std::string, std::chrono::milliseconds>;

TEST(LimitedLeavers, HaveTheTimeThatTheWantedBackendGives) {
  const auto before = with(std::string(one) + two, "  # drain 5s\n");
  EXPECT_EQ(limited_leavers(before, with(one, "  # drain 30s\n")),
            (leavers{{"web/b", std::chrono::seconds(30)}}));
  EXPECT_EQ(limited_leavers(before, with(one)), leavers{}) << "there is no limit any more";
  EXPECT_EQ(limited_leavers(before, with("", "  # drain 0s\n")),
            (leavers{{"web/a", std::chrono::seconds(0)}, {"web/b", std::chrono::seconds(0)}}));
}

TEST(LimitedLeavers, HaveTheTimeOfABackendThatGoesWithThem) {
  EXPECT_EQ(limited_leavers(with(one, "  # drain 5s\n"), "defaults\n  mode tcp\n"),
            (leavers{{"web/a", std::chrono::seconds(5)}}));
}

TEST(LimitedLeavers, AreOfOneBackendOnly) {
  const auto text = [](const std::string& servers) {
    return with(one, "  # drain 5s\n") + "\nbackend other\n" + servers;
  };
  EXPECT_EQ(limited_leavers(text(two), text("")), leavers{});
}

TEST(Sessions, AreListedByTheirServer) {
  const auto sessions = sessions_in(
    "0x55d5c9e0: proto=tcpv4 src=127.0.0.1:4096 fe=web be=web srv=a ts=00 epoch=0 age=1s\n"
    "0x55d5c9e8: proto=tcpv4 src=127.0.0.1:4097 fe=web be=web srv=a ts=00 epoch=0 age=1s\n"
    "0x55d5ca00: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00\n");
  EXPECT_EQ(sessions.count("web/a"), 2U);
  EXPECT_EQ(sessions.find("web/a")->second, "0x55d5c9e0");
}

TEST(ParkedServers, AreReadFromTheStates) {
  const std::string head = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state ...\n";
  const std::string up = "3 web 1 a 10.0.0.1 2 0 1 1 5 6 3 0 6 0 0 0 - 80 - 0 0 - - 0\n";
  const std::string parked = "3 web 2 b 10.0.0.2 0 1 1 1 5 6 3 0 6 0 0 0 - 80 - 0 0 - - 0\n";
  EXPECT_EQ(parked_in(head + up + parked), lines{"web/b"});
}

TEST(SurvivingState, KeepsServersThatStayAsTheyAre) {
  const std::string head = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state ...\n";
  const std::string state_of_a = "3 web 1 a 10.0.0.1 0 0 1 1 5 6 3 0 6 0 0 0 - 80 - 0 0 - - 0\n";
  const std::string state_of_b = "3 web 2 b 10.0.0.2 2 0 1 1 5 6 3 4 6 0 0 0 - 80 - 0 0 - - 0\n";
  const auto both = with(std::string(one) + two);
  EXPECT_EQ(surviving_state(head + state_of_a + state_of_b, both, both),
            head + state_of_a + state_of_b);
  EXPECT_EQ(surviving_state(head + state_of_a + state_of_b, both, with(two)), head + state_of_b);
  EXPECT_EQ(surviving_state(head + state_of_a, both, with("  server a 10.0.0.1:80\n")), head)
    << "without a check it would stay down for good";
}

TEST(SurvivingState, LeavesServersInMaintenanceOut) {
  const std::string parked = "3 web 1 a 10.0.0.1 0 1 1 1 5 6 3 0 6 0 0 0 - 80 - 0 0 - - 0\n";
  EXPECT_EQ(surviving_state(parked, with(one), with(one)), "");
}

} // namespace
} // namespace dklb::edgelb
