// Which nodes get traffic, and what is said where they do not.
#include "domain/cluster/node_list.hpp"

#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

#include <set>

namespace dklb::domain {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ready_node;

node made(const std::string& name, const std::string& ipv4, bool ready = true) {
  return {.name = name, .ipv4 = ipv4, .ready = ready};
}

listed_node edited(listed_node what, bool excluded, bool to_be_deleted = false) {
  what.excluded = excluded;
  what.to_be_deleted = to_be_deleted;
  return what;
}

listed_node unproven(listed_node what) {
  what.ready = what.proven = false;
  return what;
}

node_choice chosen(std::vector<listed_node> nodes, ip_families families = ip_families::ipv4,
                   const std::set<std::string>& in_pool = {}) {
  return choose_nodes({std::move(nodes)}, families,
                      [&](const std::string& address) { return in_pool.contains(address); });
}

// -- the book

TEST(NodeBook, ANewNodeCountsOnceItWasReadyAndStaysThen) {
  node_book book;
  EXPECT_TRUE(book.seen(made("n1", "10.0.0.1", false)));
  EXPECT_THAT(chosen(book.list().nodes).addresses, IsEmpty());
  EXPECT_TRUE(book.seen(made("n1", "10.0.0.1", true)));
  EXPECT_THAT(chosen(book.list().nodes).addresses, ElementsAre("10.0.0.1"));
  EXPECT_FALSE(book.seen(made("n1", "10.0.0.1", false))) << "its health check decides";
  EXPECT_THAT(chosen(book.list().nodes).addresses, ElementsAre("10.0.0.1"));
  EXPECT_TRUE(book.gone("n1"));
  EXPECT_FALSE(book.gone("n1"));
  EXPECT_TRUE(book.seen(made("n1", "10.0.0.1", false)));
  EXPECT_THAT(chosen(book.list().nodes).addresses, IsEmpty()) << "another node of that name";
}

TEST(NodeBook, OnlyWhatPoolsLookAtIsNews) {
  node_book book;
  auto one = made("n1", "10.0.0.1");
  EXPECT_TRUE(book.seen(one));
  EXPECT_FALSE(book.seen(one)) << "a heartbeat";
  one.excluded = true;
  EXPECT_TRUE(book.seen(one));
  one.to_be_deleted = true;
  EXPECT_TRUE(book.seen(one));
  one.ipv6 = "2001:db8::1";
  EXPECT_TRUE(book.seen(one));
  EXPECT_FALSE(book.seen(one));
}

// -- the choice

TEST(ChooseNodes, EachFamilyGetsItsOwnAddresses) {
  const std::vector<listed_node> nodes{
    ready_node("n1", {"2001:db8::1", "10.0.0.9"}), ready_node("n2", {"10.0.0.1"}),
    ready_node("n3", {"2001:db8::3"}), ready_node("n4", {"10.0.0.2", "2001:db8::2"})};
  using enum ip_families;
  const std::tuple<ip_families, std::vector<std::string>, std::vector<std::string>> cases[]{
    {ipv4, {"10.0.0.1", "10.0.0.2", "10.0.0.9"}, {"n3"}},
    {ipv6, {"2001:db8::1", "2001:db8::2", "2001:db8::3"}, {"n2"}},
    {ipv4_ipv6,
     {"10.0.0.1", "10.0.0.2", "10.0.0.9", "2001:db8::1", "2001:db8::2", "2001:db8::3"},
     {}},
    {ipv6_ipv4,
     {"2001:db8::1", "2001:db8::2", "2001:db8::3", "10.0.0.1", "10.0.0.2", "10.0.0.9"},
     {}},
    // As before there were families: the first address whatever it is.
    {unknown, {"10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::3"}, {}},
  };
  for (const auto& [families, addresses, left_out] : cases) {
    const auto choice = chosen(nodes, families);
    EXPECT_EQ(choice.addresses, addresses) << static_cast<int>(families);
    EXPECT_EQ(choice.left_out, left_out) << static_cast<int>(families);
  }
}

TEST(ChooseNodes, AnAddressOfTwoNodesIsOneServer) {
  EXPECT_THAT(chosen({ready_node("n1", {"10.0.0.1"}), ready_node("n2", {"10.0.0.1"})}).addresses,
              ElementsAre("10.0.0.1"));
}

TEST(ChooseNodes, TheLabelAndTheTaintMakeANodeLeave) {
  const auto stays = ready_node("n1", {"10.0.0.1"});
  const auto leaves = ready_node("n2", {"10.0.0.2"});
  const std::set<std::string> both{"10.0.0.1", "10.0.0.2"};
  for (const auto& other : {edited(leaves, true), edited(leaves, false, true)})
    EXPECT_THAT(chosen({stays, other}, ip_families::ipv4, both).addresses, ElementsAre("10.0.0.1"));
}

TEST(ChooseNodes, TheLastOneNeverLeaves) {
  const auto one = edited(ready_node("n1", {"10.0.0.1"}), true);
  const auto other = edited(ready_node("n2", {"10.0.0.2"}), false, true);
  // One left after the other: the pool has the one that was left.
  EXPECT_THAT(chosen({one, other}, ip_families::ipv4, {"10.0.0.2"}).addresses,
              ElementsAre("10.0.0.2"));
  // A new pool.
  EXPECT_THAT(chosen({one, other}).addresses, ElementsAre("10.0.0.1", "10.0.0.2"));
  // After a restart, with both NotReady.
  EXPECT_THAT(chosen({unproven(one), unproven(other)}, ip_families::ipv4, {"10.0.0.2"}).addresses,
              ElementsAre("10.0.0.2"));
  EXPECT_THAT(chosen({unproven(one)}).addresses, IsEmpty()) << "it was never Ready";
}

TEST(ChooseNodes, TheLastOneIsOneOfTheFamily) {
  const auto only_six = edited(ready_node("n1", {"2001:db8::1"}), true);
  const auto four = ready_node("n2", {"10.0.0.2"});
  EXPECT_THAT(chosen({only_six, four}, ip_families::ipv6).addresses, ElementsAre("2001:db8::1"));
  EXPECT_THAT(chosen({only_six, four}, ip_families::ipv4).addresses, ElementsAre("10.0.0.2"));
}

TEST(ChooseNodes, AfterARestartWhatThePoolHasStaysThoughItIsNotReady) {
  const std::vector<listed_node> nodes{ready_node("n1", {"10.0.0.1"}),
                                       unproven(ready_node("n2", {"10.0.0.2"})),
                                       unproven(ready_node("n3", {"10.0.0.3"}))};
  EXPECT_THAT(chosen(nodes, ip_families::ipv4, {"10.0.0.1", "10.0.0.2"}).addresses,
              ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_THAT(chosen(nodes).addresses, ElementsAre("10.0.0.1"));
}

// -- the words

TEST(NoNodes, SaysHowManyThereAreAndWhyEachIsOut) {
  EXPECT_THAT(no_nodes_text({}, ip_families::ipv4), HasSubstr("the cluster has no nodes"));
  const node_list nodes{{unproven(ready_node("n1", {"10.0.0.1"})),
                         unproven(ready_node("n2", {"2001:db8::2"})),
                         ready_node("n3", {"2001:db8::3"})}};
  EXPECT_THAT(no_nodes_text(nodes, ip_families::ipv4),
              AllOf(HasSubstr("the cluster has 3 nodes"), HasSubstr("not Ready yet: n1;"),
                    HasSubstr("without an IPv4 address: n2, n3;")));
}

TEST(NoNodes, TheTextIsBoundedAndDoesNotFollowEachNodeThatJoins) {
  node_list nodes;
  for (int number = 100; number < 1100; ++number)
    nodes.nodes.push_back(unproven(ready_node("n" + std::to_string(number), {"10.0.0.1"})));
  const auto text = no_nodes_text(nodes, ip_families::ipv4);
  EXPECT_LT(text.size(), 300U);
  EXPECT_THAT(text, AllOf(HasSubstr("n100, n101, n102 and more"), Not(HasSubstr("n103"))));
  nodes.nodes.push_back(unproven(ready_node("n2000", {"10.0.0.1"})));
  EXPECT_EQ(no_nodes_text(nodes, ip_families::ipv4), text);
}

TEST(LeftOutNodes, AreNamed) {
  EXPECT_EQ(left_out_text({"n1", "n2"}, ip_families::ipv6),
            "no traffic goes to the nodes without an IPv6 address: n1, n2");
}

TEST(NodeCounts, EachNodeCountsOnce) {
  const auto counts =
    count_nodes({{ready_node("n1", {"10.0.0.1"}), unproven(ready_node("n2", {"10.0.0.2"})),
                  edited(ready_node("n3", {"10.0.0.3"}), true),
                  edited(ready_node("n4", {"::4"}), false, true), ready_node("n5", {})}});
  EXPECT_EQ(counts.usable, 1U);
  EXPECT_EQ(counts.never_ready, 1U);
  EXPECT_EQ(counts.excluded, 2U);
  EXPECT_EQ(counts.no_address, 1U);
}

} // namespace
} // namespace dklb::domain
