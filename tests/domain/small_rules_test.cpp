#include "domain/echo_guard.hpp"
#include "domain/host_header.hpp"
#include "domain/pool_inventory.hpp"
#include "domain/rare.hpp"
#include "domain/service_phase.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
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

/// A guard whose write was answered with this version at the start of time.
echo_guard waiting_for(const char* version) {
  echo_guard guard;
  guard.begin();
  (void)guard.answered(version, milliseconds{0});
  return guard;
}

TEST(EchoGuard, HoldsOlderSnapshotsBackUntilTheEcho) {
  auto guard = waiting_for("7");
  EXPECT_FALSE(guard.accept("5", milliseconds{10}));
  EXPECT_TRUE(guard.accept("7", milliseconds{20}));
  EXPECT_TRUE(guard.accept("9", milliseconds{30}));
}

TEST(EchoGuard, GivesUpWaitingAtTheDeadline) {
  auto guard = waiting_for("7");
  EXPECT_FALSE(guard.accept("9", echo_guard::patience - milliseconds{1}));
  EXPECT_TRUE(guard.accept("9", echo_guard::patience));
  EXPECT_TRUE(guard.idle());
}

TEST(EchoGuard, AFailedWriteHasNoEcho) {
  echo_guard guard;
  guard.begin();
  EXPECT_FALSE(guard.idle());
  guard.failed();
  EXPECT_TRUE(guard.idle());
  EXPECT_TRUE(guard.accept("9", milliseconds{0}));
}

TEST(EchoGuard, SaysWhatWasToldBeforeTheAnswer) {
  struct example {
    std::vector<std::string> told;
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
    echo_guard guard;
    EXPECT_TRUE(guard.accept("4", milliseconds{0})); // before the write: does not count
    guard.begin();
    for (const auto& version : each.told)
      EXPECT_TRUE(guard.accept(version, milliseconds{1}));
    const auto found = guard.answered("7", milliseconds{2});
    EXPECT_EQ(found.news, each.news) << ::testing::PrintToString(each.told);
    EXPECT_EQ(found.more, each.more) << ::testing::PrintToString(each.told);
    EXPECT_EQ(guard.waiting(), each.waiting) << ::testing::PrintToString(each.told);
    EXPECT_EQ(guard.accept("10", milliseconds{3}), !each.waiting)
      << ::testing::PrintToString(each.told);
  }
}

TEST(Rare, ReadsAsADefaultOneUntilItIsEditedAndOnceItIsReset) {
  rare<std::vector<int>> numbers;
  EXPECT_TRUE(numbers->empty());
  numbers.edit().push_back(7);
  EXPECT_EQ(*numbers, std::vector{7});
  numbers.reset();
  EXPECT_TRUE(numbers->empty());
  EXPECT_LE(sizeof(numbers), sizeof(void*));
}

TEST(PoolInventory, PoolsThatNobodyWatchesNeverDrift) {
  pool_inventory inventory;
  EXPECT_TRUE(inventory.update({{"a", 1, {}}, {"b", 2, {}}}).empty());
  EXPECT_TRUE(inventory.update({{"a", 9, {}}}).empty());
  EXPECT_TRUE(inventory.exists("a"));
  EXPECT_FALSE(inventory.exists("b"));
}

TEST(PoolInventory, ChangedAndVanishedPoolsAreNamed) {
  pool_inventory inventory;
  inventory.update({{"a", 1, {}}, {"b", 2, {}}, {"c", 3, {}}});
  inventory.seen("a", 1);
  inventory.seen("b", 2);
  inventory.seen("c", 3);
  EXPECT_EQ(inventory.update({{"a", 1, {}}, {"b", 7, {}}}), (std::vector<std::string>{"b", "c"}));
}

TEST(PoolInventory, PoolThatCameBackAfterOurDeleteIsNamed) {
  pool_inventory inventory;
  inventory.update({{"a", 1, {}}});
  inventory.seen("a", std::nullopt);
  EXPECT_FALSE(inventory.exists("a"));
  EXPECT_EQ(inventory.update({{"a", 1, {}}}), std::vector<std::string>{"a"});
}

TEST(PoolInventory, FindsOwners) {
  pool_inventory inventory;
  inventory.update({{"b", 1, {{"n", "s"}}}, {"a", 2, {{"n", "s"}, {"n", "t"}}}});
  EXPECT_EQ(inventory.pools_of({"n", "s"}), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(inventory.pools_of({"n", "x"}).empty());
  EXPECT_EQ(inventory.owners().size(), 3U);
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
