#include "domain/base/echo_guard.hpp"
#include "domain/base/host_header.hpp"
#include "domain/pool/pool_inventory.hpp"
#include "domain/service/service_phase.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dklb::domain {
namespace {

using std::chrono::milliseconds;

TEST(HostHeader, OurOwnAreAddressesLocalhostAndTheNamesGiven) {
  const std::vector<std::string> names{"dklb-7f9c", "dklb.dklb-system.svc"};
  for (const auto* own :
       {"", "10.1.2.3", "10.1.2.3:8080", "[fd00::7]:8080", "[::1]", "localhost", "localhost:8080",
        "LocalHost.:8080", "dklb-7f9c:8080", "DKLB.dklb-system.SVC", "dklb.dklb-system.svc."})
    EXPECT_TRUE(is_own_host(own, names)) << own;
  for (const auto* foreign :
       {"evil.example", "evil.example:8080", "10.1.2.3.evil.example", "localhost.evil.example",
        "[evil.example]", "[::1", ":8080", "0x7f000001", "10.1.2", "dklb", ".", "svc"})
    EXPECT_FALSE(is_own_host(foreign, names)) << foreign;
  EXPECT_FALSE(is_own_host(":8080", {""})) << "no name is no name";
}

using guard_type = echo_guard<service>;
using verdict = guard_type::verdict;

std::shared_ptr<const service> version(const char* what) {
  service out;
  out.resource_version = what;
  return std::make_shared<const service>(std::move(out));
}

/// A guard whose write was answered with this version at the start of time.
guard_type waiting_for(const char* what) {
  guard_type guard;
  guard.begin();
  (void)guard.answered(what, milliseconds{0});
  return guard;
}

TEST(EchoGuard, HoldsOlderSnapshotsBackUntilTheEcho) {
  auto guard = waiting_for("7");
  EXPECT_EQ(guard.accept(version("5"), milliseconds{10}), verdict::first_held);
  EXPECT_EQ(guard.accept(version("6"), milliseconds{15}), verdict::held);
  EXPECT_EQ(guard.accept(version("7"), milliseconds{20}), verdict::newest);
  EXPECT_EQ(guard.take_held(), nullptr) << "what is older than the echo is of no use";
  EXPECT_EQ(guard.accept(version("9"), milliseconds{30}), verdict::newest);
}

TEST(EchoGuard, GivesUpWaitingAtTheDeadline) {
  auto guard = waiting_for("7");
  EXPECT_EQ(guard.accept(version("9"), echo_timeout - milliseconds{1}), verdict::first_held);
  const auto held = guard.take_held();
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(guard.accept(held, echo_timeout), verdict::newest);
  EXPECT_TRUE(guard.idle());
}

TEST(EchoGuard, HoldsTheNewestOfSeveralOlderSnapshots) {
  auto guard = waiting_for("7");
  (void)guard.accept(version("8"), milliseconds{1});
  (void)guard.accept(version("9"), milliseconds{2});
  EXPECT_EQ(guard.take_held()->resource_version, "9");
  EXPECT_EQ(guard.take_held(), nullptr);
}

TEST(EchoGuard, AFailedWriteHasNoEcho) {
  guard_type guard;
  guard.begin();
  EXPECT_FALSE(guard.idle());
  guard.failed();
  EXPECT_TRUE(guard.idle());
  EXPECT_EQ(guard.accept(version("9"), milliseconds{0}), verdict::newest);
}

TEST(EchoGuard, TakesAPointersRoom) {
  EXPECT_LE(sizeof(guard_type), sizeof(void*));
}

TEST(EchoGuard, SaysWhatWasToldBeforeTheAnswer) {
  struct example {
    std::vector<const char*> told;
    bool news, more, waiting;
  };
  const std::vector<example> examples{
    {{}, true, false, true},          // the answer first
    {{"7"}, false, false, false},     // the echo first
    {{"5"}, true, true, true},        // somebody else's change before our write
    {{"5", "7"}, false, true, false}, // and its echo
    {{"7", "9"}, false, true, false}, // the echo, and somebody else's change after it
  };
  for (const auto& each : examples) {
    guard_type guard;
    // Before the write: does not count.
    EXPECT_EQ(guard.accept(version("4"), milliseconds{0}), verdict::newest);
    guard.begin();
    for (const auto* told : each.told)
      EXPECT_EQ(guard.accept(version(told), milliseconds{1}), verdict::newest);
    const auto found = guard.answered("7", milliseconds{2});
    EXPECT_EQ(found.news, each.news) << ::testing::PrintToString(each.told);
    EXPECT_EQ(found.more, each.more) << ::testing::PrintToString(each.told);
    EXPECT_EQ(guard.waiting(), each.waiting) << ::testing::PrintToString(each.told);
    EXPECT_EQ(guard.accept(version("10"), milliseconds{3}) == verdict::newest, !each.waiting)
      << ::testing::PrintToString(each.told);
  }
}

listed_pool listed(const std::string& name, std::uint64_t digest,
                   std::vector<bound_port> ports = {}, std::vector<service_key> owners = {}) {
  return {name, digest, std::move(owners), "slave_public", std::move(ports)};
}

TEST(PoolInventory, PoolsThatNobodyWatchesNeverDrift) {
  pool_inventory inventory;
  EXPECT_TRUE(inventory.update({listed("a", 1), listed("b", 2)}).drifted.empty());
  EXPECT_TRUE(inventory.update({listed("a", 9)}).drifted.empty());
  EXPECT_TRUE(inventory.exists("a"));
  EXPECT_FALSE(inventory.exists("b"));
}

TEST(PoolInventory, ChangedAndVanishedPoolsAreNamed) {
  pool_inventory inventory;
  inventory.update({listed("a", 1), listed("b", 2), listed("c", 3)});
  EXPECT_TRUE(inventory.seen_again("a", 1));
  EXPECT_TRUE(inventory.seen_again("b", 2));
  inventory.seen(listed("c", 3));
  EXPECT_EQ(inventory.update({listed("a", 1), listed("b", 7)}).drifted,
            (std::vector<std::string>{"b", "c"}));
}

TEST(PoolInventory, PoolThatCameBackAfterOurDeleteIsNamed) {
  pool_inventory inventory;
  inventory.update({listed("a", 1)});
  EXPECT_TRUE(inventory.seen_absent("a"));
  EXPECT_FALSE(inventory.exists("a"));
  EXPECT_EQ(inventory.update({listed("a", 1)}).drifted, std::vector<std::string>{"a"});
}

TEST(PoolInventory, PoolThatSomebodyWaitsForIsNamedOnceItIsThere) {
  pool_inventory inventory;
  inventory.update({});
  EXPECT_FALSE(inventory.seen_absent("a"));
  for (int quiet = 0; quiet < 3; ++quiet)
    EXPECT_TRUE(inventory.update({}).drifted.empty());
  EXPECT_EQ(inventory.update({listed("a", 1)}).drifted, std::vector<std::string>{"a"});
}

TEST(PoolInventory, PoolThatNobodyFollowsAnyMoreIsForgotten) {
  pool_inventory inventory;
  inventory.update({});
  inventory.seen_absent("a");
  inventory.closed("a");
  EXPECT_FALSE(inventory.known_to_actor("a"));
  EXPECT_TRUE(inventory.update({listed("a", 1)}).drifted.empty());
  inventory.closed("a");
  EXPECT_TRUE(inventory.exists("a"));
}

TEST(PoolInventory, KnowsAStateThatItHasLookedInto) {
  pool_inventory inventory;
  EXPECT_FALSE(inventory.seen_again("a", 1));
  inventory.seen(listed("a", 1, {}, {{"n", "s"}}));
  ASSERT_NE(inventory.known("a", 1), nullptr);
  EXPECT_EQ(inventory.known("a", 2), nullptr);
  EXPECT_FALSE(inventory.seen_again("a", 2));
  EXPECT_EQ(inventory.pools_of({"n", "s"}), std::vector<std::string>{"a"})
    << "also before the next inventory";
}

TEST(PoolInventory, FindsOwners) {
  pool_inventory inventory;
  inventory.update(
    {listed("b", 1, {}, {{"n", "s"}}), listed("a", 2, {}, {{"n", "s"}, {"n", "t"}})});
  EXPECT_EQ(inventory.pools_of({"n", "s"}), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(inventory.pools_of({"n", "x"}).empty());
  EXPECT_EQ(inventory.owners().size(), 3U);
}

TEST(PoolInventory, RoomIsMadeByAPoolThatGoesOrGivesAPortUp) {
  pool_inventory inventory;
  EXPECT_FALSE(inventory.update({listed("a", 1, {{80, "x"}, {81, "y"}})}).room) << "all is new";
  EXPECT_FALSE(inventory.update({listed("a", 2, {{80, "x"}, {81, "y"}})}).room);
  EXPECT_TRUE(inventory.update({listed("a", 3, {{80, "x"}})}).room);
  EXPECT_TRUE(inventory.update({}).room);
  EXPECT_FALSE(inventory.update({}).room);
  EXPECT_FALSE(inventory.seen(listed("b", 1, {{80, "x"}})));
  EXPECT_FALSE(inventory.seen(listed("b", 2, {{80, "z"}, {90, "x"}}))) << "the port is still bound";
  EXPECT_TRUE(inventory.seen(listed("b", 3, {{90, "x"}})));
  EXPECT_TRUE(inventory.seen_absent("b"));
  EXPECT_FALSE(inventory.seen_absent("b"));
}

TEST(PoolInventory, FindsWhoBindsAPortOnTheSameAgents) {
  pool_inventory inventory;
  auto inside = listed("inside", 4, {{80, "w"}});
  inside.role = "*";
  inventory.update({listed("b", 1, {{80, "x"}, {81, "y"}}), listed("a", 2, {{80, "z"}}),
                    listed("own", 3, {{80, "v"}}), inside});
  EXPECT_EQ(inventory.users_of({80, 82}, "slave_public", "own"),
            (std::vector<port_user>{{80, "a", "z"}, {80, "b", "x"}}));
}

TEST(ListedPool, HoldsOwnersRoleAndThePortsOnTheAgents) {
  const std::string objects =
    R"("haproxy": {"stats": {"bindPort": 9090}, "backends": [], "frontends": [
       {"name": "dev.kubernetes01:default:a:80", "bindPort": 80}, {"bindPort": -1}, 7]})";
  const auto host = list_pool("dev/kubernetes01", "p", {"{" + objects + "}", 5});
  EXPECT_EQ(host.name, "p");
  EXPECT_EQ(host.digest, 5U);
  EXPECT_EQ(host.owners, (std::vector<service_key>{{"default", "a"}}));
  EXPECT_EQ(host.role, "slave_public");
  EXPECT_EQ(host.ports,
            (std::vector<bound_port>{{80, "dev.kubernetes01:default:a:80"}, {9090, ""}}));
  const auto joined =
    list_pool("dev/kubernetes01", "p",
              {R"({"role": "*", "virtualNetworks": [{"name": "dcos"}], )" + objects + "}", 5});
  EXPECT_EQ(joined.role, "*");
  EXPECT_TRUE(joined.ports.empty()) << "they are the containers' own";
}

service with_condition(const std::string& status, const std::string& reason,
                       const std::string& message) {
  service out;
  out.own_condition =
    condition{.status = status, .reason = reason, .message = message, .last_transition_time = {}};
  return out;
}

TEST(ConditionSays, ComparesStatusReasonAndMessage) {
  const condition_update update{"False", "PortConflict", "taken", 0};
  EXPECT_TRUE(condition_says(with_condition("False", "PortConflict", "taken"), update));
  EXPECT_FALSE(condition_says(with_condition("True", "PortConflict", "taken"), update));
  EXPECT_FALSE(condition_says(with_condition("False", "Other", "taken"), update));
  EXPECT_FALSE(condition_says(with_condition("False", "PortConflict", "free"), update));
  EXPECT_FALSE(condition_says(service{}, update));
}

TEST(ComposeStatus, MissingAddressesNeverTakeOldOnesAway) {
  const std::vector<ingress> none;
  status_inputs inputs;
  EXPECT_FALSE(compose_status({}, inputs).addresses);
  inputs.addresses = &none;
  EXPECT_FALSE(compose_status({}, inputs).addresses);
}

TEST(ComposeStatus, AddressesMakeItProvisionedUnlessSomethingBlocks) {
  const std::vector<ingress> addresses{{"10.0.0.1", ""}};
  const condition_update said{"False", "PortConflict", "taken", 0};
  status_inputs inputs;
  inputs.addresses = &addresses;
  inputs.pool = "p";
  EXPECT_EQ(compose_status({}, inputs).condition->status, "True");
  inputs.said = &said;
  EXPECT_EQ(compose_status({}, inputs).condition->reason, "EnsuredLoadBalancer");
  inputs.blocking = true;
  const auto blocked = compose_status({}, inputs);
  EXPECT_EQ(blocked.condition, said);
  EXPECT_EQ(blocked.addresses, addresses);
}

TEST(ComposeStatus, TellsWhatIsNotPublished) {
  const std::vector<ingress> addresses{{"10.0.0.1", ""}};
  const condition_update awaited{"False", "EnsuringLoadBalancer", "not known yet", 0};
  const condition_update refused{"False", "PortConflict", "taken", 0};
  status_inputs inputs;
  inputs.pool = "p";
  inputs.left_out = "not published: 127.0.0.1";
  const auto alone = compose_status({}, inputs).condition;
  EXPECT_EQ(alone->reason, "EnsuringLoadBalancer");
  EXPECT_TRUE(alone->message.ends_with("; not published: 127.0.0.1"));
  inputs.said = &awaited;
  EXPECT_EQ(compose_status({}, inputs).condition->message,
            "not known yet; not published: 127.0.0.1");
  inputs.addresses = &addresses;
  const auto served = compose_status({}, inputs).condition;
  EXPECT_EQ(served->status, "True");
  EXPECT_TRUE(served->message.ends_with("10.0.0.1; not published: 127.0.0.1"));
  inputs.said = &refused;
  inputs.blocking = true;
  EXPECT_EQ(compose_status({}, inputs).condition, refused);
}

TEST(ComposeStatus, ARemarkStandsBesideTheAddressesAndNotBesideARefusal) {
  const std::vector<ingress> addresses{{"10.0.0.1", ""}};
  const condition_update refused{"False", "PortConflict", "taken", 0};
  status_inputs inputs;
  inputs.pool = "p";
  inputs.remark = "port 53/UDP is not served";
  EXPECT_FALSE(compose_status({}, inputs).condition) << "there is nothing to say it of";
  inputs.addresses = &addresses;
  inputs.left_out = "not published: 127.0.0.1";
  const auto served = compose_status({}, inputs).condition;
  EXPECT_EQ(served->status, "True");
  EXPECT_TRUE(
    served->message.ends_with("10.0.0.1; not published: 127.0.0.1; port 53/UDP is not served"));
  inputs.said = &refused;
  inputs.blocking = true;
  EXPECT_EQ(compose_status({}, inputs).condition, refused);
}

TEST(ComposeStatus, AddressesThatTheServiceDoesNotWantGo) {
  service current;
  current.addresses = {{"10.0.0.1", ""}, {"203.0.113.9", ""}};
  const std::vector<ingress> unwanted{{"10.0.0.1", ""}, {"10.0.0.2", ""}};
  status_inputs inputs;
  inputs.withheld = &unwanted;
  inputs.left_out = "EdgeLB names only 10.0.0.1";
  const auto composed = compose_status(current, inputs);
  EXPECT_EQ(composed.addresses, (std::vector<ingress>{{"203.0.113.9", ""}}));
  EXPECT_EQ(composed.condition->status, "False");
  current.addresses = {{"203.0.113.9", ""}};
  EXPECT_FALSE(compose_status(current, inputs).addresses) << "what it shows may stay";
}

TEST(ComposeStatus, TellsOfAnotherProgramThatWritesTheStatus) {
  const std::vector<ingress> addresses{{"10.0.0.1", ""}};
  status_inputs inputs;
  inputs.addresses = &addresses;
  inputs.pool = "p";
  inputs.contested = true;
  const auto condition = compose_status({}, inputs).condition;
  EXPECT_EQ(condition->status, "False");
  EXPECT_EQ(condition->reason, "StatusContested");
  EXPECT_NE(condition->message.find("10.0.0.1, but another program keeps changing"),
            std::string::npos);
  EXPECT_NE(condition->message.find("--show-managed-fields"), std::string::npos);
}

TEST(WithdrawnStatus, TakesOnlyItsOwnAddressesOff) {
  const std::vector<ingress> ours{{"10.0.0.1", ""}};
  auto object = with_condition("True", "EnsuredLoadBalancer", "fine");
  object.addresses = ours;
  EXPECT_EQ(withdrawn_status(object, nullptr).addresses, std::vector<ingress>{});
  EXPECT_EQ(withdrawn_status(object, &ours).addresses, std::vector<ingress>{});
  object.addresses = {{"203.0.113.1", ""}};
  const auto others = withdrawn_status(object, &ours);
  EXPECT_FALSE(others.addresses);
  EXPECT_EQ(others.condition->reason, "NotManaged");
}

TEST(ConditionOf, CarriesNothingThatSteersATerminal) {
  const auto condition =
    condition_of({service_phase::refused, "PortConflict", "x\n\x1b[31m\xff"}, 1);
  EXPECT_EQ(condition.message, "x\\n\\x1b[31m\\xff");
  const auto longest =
    condition_of({service_phase::refused, "PortConflict", std::string(100000, 'x')}, 1);
  EXPECT_EQ(longest.message.size(), longest_message);
  auto object = with_condition(condition.status, condition.reason, condition.message);
  EXPECT_TRUE(condition_says(object, condition)) << "it is told once";
}

} // namespace
} // namespace dklb::domain
