// An answer that never comes costs a time-out, not the work of those who wait for it.
#include "tests/actors/support/graph.hpp"

#include <string>

namespace dklb::actors::testing {
namespace {

class LostAnswer : public ActorGraph {
protected:
  /// Longer than any deadline and the back-off after it.
  void wait_for_deadlines() {
    advance(gateway_deadline(shared->concurrency().edgelb_timeout) + milliseconds{10000});
  }
};

TEST_F(LostAnswer, OfEdgelbToAWriteIsFollowedByARead) {
  edgelb.lose = "write";
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  advance(milliseconds{10000});
  EXPECT_EQ(phase("a"), "Provisioning");
  wait_for_deadlines();
  EXPECT_EQ(edgelb.writes(), 1U);
  EXPECT_EQ(edgelb.count("read p"), 1U);
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(LostAnswer, OfEdgelbToAReadOfAPoolIsAskedForAgain) {
  start();
  list({make_service("a")});
  advance(milliseconds{20000}); // what is known of the pool is no longer fresh
  edgelb.lose = "read";
  observe(make_service("b", "p", 81));
  wait_for_deadlines();
  EXPECT_TRUE(holds("b", 81));
}

TEST_F(LostAnswer, OfEdgelbAboutMetadataIsAskedForAgain) {
  edgelb.lose = "metadata";
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  wait_for_deadlines();
  EXPECT_EQ(stored("a").addresses.size(), 1U);
}

TEST_F(LostAnswer, OfEdgelbAboutTheInventoryIsAskedForAgain) {
  edgelb.lose = "inventory";
  start();
  list({make_service("a")});
  EXPECT_FALSE(holds("a"));
  wait_for_deadlines();
  EXPECT_TRUE(holds("a"));
}

TEST_F(LostAnswer, OfTheApiServerToAPatchOfTheServiceIsAskedForAgain) {
  kube.lose_answer = true;
  start();
  list({make_service("a")});
  wait_for_deadlines();
  EXPECT_TRUE(holds("a"));
}

TEST_F(LostAnswer, OfTheApiServerToAStatusIsAskedForAgain) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  echo("a");
  advance(milliseconds{100});
  ASSERT_EQ(stored("a").addresses.size(), 1U);
  kube.lose_answer = true;
  edgelb.metadata.clear();
  place("a", "10.0.0.2");
  advance(milliseconds{200000}); // polled, and the answer lost
  ASSERT_EQ(stored("a").addresses.at(0).ip, "10.0.0.2");
  edgelb.metadata.clear();
  place("a", "10.0.0.3");
  wait_for_deadlines();
  EXPECT_EQ(stored("a").addresses.at(0).ip, "10.0.0.3");
}

TEST_F(LostAnswer, OfThePoolToAReleaseIsAskedForAgain) {
  start();
  list({make_service("a")});
  echo("a");
  advance(milliseconds{1000});
  edgelb.lose = "write";
  auto object = stored("a");
  object.deleting = true;
  object.resource_version = "900";
  observe(object);
  advance(milliseconds{10000});
  EXPECT_FALSE(stored("a").finalizers.empty());
  wait_for_deadlines();
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_TRUE(stored("a").finalizers.empty());
}

} // namespace
} // namespace dklb::actors::testing
