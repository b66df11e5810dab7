// Who gives way, without a network: socket pairs stand for the connections.
#include "http/server/connection_table.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

namespace dklb::tests {
namespace {

using http::server::connection_table;
using waiting = connection_table::waiting;

class ConnectionTable : public testing::Test {
protected:
  ~ConnectionTable() override {
    for (const auto& pair : pairs_)
      for (const int end : pair)
        ::close(end);
  }
  int added() {
    auto& pair = pairs_.emplace_back();
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    table.add(pair[0]);
    return pair[0];
  }
  static connection_table::clock::time_point at(int second) {
    return connection_table::clock::time_point{std::chrono::seconds{second}};
  }
  /// Whether it was ended.
  static bool ended(int socket) {
    char letter = 0;
    return ::recv(socket, &letter, 1, MSG_DONTWAIT) == 0;
  }

  connection_table table;

private:
  std::vector<std::array<int, 2>> pairs_;
};

TEST_F(ConnectionTable, NobodyGivesWayWhereAllHaveAThread) {
  const int one = added();
  EXPECT_TRUE(table.begin_wait(one, waiting::request, at(1)));
  table.crowded(0);
  EXPECT_FALSE(ended(one));
}

TEST_F(ConnectionTable, AsManyGiveWayAsAreNeededAndNoMore) {
  const int oldest = added();
  const int middle = added();
  const int youngest = added();
  EXPECT_TRUE(table.begin_wait(middle, waiting::request, at(2)));
  EXPECT_TRUE(table.begin_wait(oldest, waiting::request, at(1)));
  EXPECT_TRUE(table.begin_wait(youngest, waiting::request, at(3)));
  table.crowded(1);
  table.crowded(1);
  EXPECT_TRUE(ended(oldest));
  EXPECT_FALSE(ended(middle));
  table.crowded(2);
  EXPECT_TRUE(ended(middle));
  EXPECT_FALSE(ended(youngest));
  EXPECT_FALSE(table.begin_wait(middle, waiting::request, at(4))) << "it is over";
}

TEST_F(ConnectionTable, AnAnswerOrHalfARequestGivesWayAfterThoseThatAreIdle) {
  const int half = added();
  const int idle = added();
  const int answered = added();
  EXPECT_TRUE(table.begin_wait(half, waiting::rest_of_request, at(1)));
  EXPECT_TRUE(table.begin_wait(answered, waiting::answer_taken, at(2)));
  EXPECT_TRUE(table.begin_wait(idle, waiting::request, at(3)));
  table.crowded(1);
  EXPECT_TRUE(ended(idle));
  EXPECT_FALSE(ended(half));
  table.crowded(2);
  EXPECT_TRUE(ended(half));
  EXPECT_FALSE(ended(answered));
  table.crowded(3);
  EXPECT_TRUE(ended(answered));
}

TEST_F(ConnectionTable, OneThatBeginsToWaitMakesTheRoomThatWasMissing) {
  const int busy = added();
  table.crowded(1);
  EXPECT_FALSE(ended(busy)) << "its handler runs";
  EXPECT_TRUE(table.begin_wait(busy, waiting::request, at(1)));
  EXPECT_TRUE(ended(busy));
  table.remove(busy);
  const int next = added();
  EXPECT_TRUE(table.begin_wait(next, waiting::request, at(2)));
  EXPECT_FALSE(ended(next)) << "there is a thread now";
}

TEST_F(ConnectionTable, ClosedItLetsAnswersOutAndWaitsForNoRequest) {
  const int idle = added();
  const int answered = added();
  EXPECT_TRUE(table.begin_wait(idle, waiting::request, at(1)));
  EXPECT_TRUE(table.begin_wait(answered, waiting::answer_taken, at(1)));
  table.close();
  EXPECT_TRUE(ended(idle));
  EXPECT_FALSE(ended(answered));
  table.end_wait(answered);
  EXPECT_TRUE(table.begin_wait(answered, waiting::answer_taken, at(1)));
  EXPECT_FALSE(table.begin_wait(answered, waiting::rest_of_request, at(1)));
}

} // namespace
} // namespace dklb::tests
