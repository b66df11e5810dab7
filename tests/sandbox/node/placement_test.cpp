#include "sandbox/node/placement.hpp"

#include <gtest/gtest.h>

namespace dklb::sandbox {
namespace {

const std::vector<node> nodes{{"n1", {"127.0.1.1"}}, {"n2", {"127.0.1.2"}}};

TEST(Placement, TheNodeWithFewestPodsIsChosen) {
  EXPECT_EQ(choose_node({}, nodes, {})->name, "n1");
  EXPECT_EQ(choose_node({}, nodes, {{"n1", 1}})->name, "n2");
  EXPECT_EQ(choose_node({}, nodes, {{"n1", 2}, {"n2", 2}})->name, "n1");
}

TEST(Placement, ANodeSelectorIsHonoured) {
  pod picky;
  picky.node_selector = {{"kubernetes.io/hostname", "n2"}};
  EXPECT_EQ(choose_node(picky, nodes, {{"n2", 9}})->name, "n2");
  picky.node_selector = {{"disk", "ssd"}};
  EXPECT_EQ(choose_node(picky, nodes, {}), nullptr);
}

TEST(AddressPool, GivesEveryAddressOnceAndThenNone) {
  auto pool = address_pool::parse("127.0.2.0/30");
  ASSERT_TRUE(pool);
  EXPECT_EQ(pool->take(), "127.0.2.1");
  EXPECT_EQ(pool->take(), "127.0.2.2");
  EXPECT_EQ(pool->take(), std::nullopt);
}

TEST(AddressPool, TheOneGivenBackComesLast) {
  auto pool = address_pool::parse("127.0.2.0/29");
  ASSERT_EQ(pool->take(), "127.0.2.1");
  pool->give_back("127.0.2.1");
  EXPECT_EQ(pool->take(), "127.0.2.2");
}

TEST(AddressPool, TakesAWantedAddressOnlyWhereItIsFreeAndItsOwn) {
  auto pool = address_pool::parse("127.0.2.0/29");
  EXPECT_TRUE(pool->take("127.0.2.1"));
  EXPECT_FALSE(pool->take("127.0.2.1"));
  EXPECT_FALSE(pool->take("127.0.3.1"));
  EXPECT_FALSE(pool->take(""));
  EXPECT_EQ(pool->take(), "127.0.2.2");
}

TEST(AddressPool, OnlyLoopbackRanges) {
  for (const char* range : {"", "127.0.2.0", "127.0.2.0/", "127.0.2.0/31", "127.0.0.0/7",
                            "10.0.0.0/24", "127.0.2.0/24x", "::1/64"}) {
    EXPECT_FALSE(address_pool::parse(range)) << range;
  }
}

} // namespace
} // namespace dklb::sandbox
