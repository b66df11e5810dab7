#include "domain/pool/claim_book.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::domain {
namespace {

claim_book::claim_ptr claim_of(const std::string& name, int port = 80,
                               std::optional<creation_strategy> creation = {}) {
  pool_claim out;
  out.creation = creation;
  out.service = {"default", name};
  out.creation_timestamp = "2026-01-01T00:00:0" + name.substr(name.size() - 1) + "Z";
  out.pool = "p";
  out.ports = {{port, 30000, port}};
  return std::make_shared<const pool_claim>(out);
}

service_key key_of(const std::string& name) {
  return {"default", name};
}

/// Plays rounds against a server that refuses every write with the claim or the release of one of
/// `spoiled` in it, until the book has nothing more to try. The server names whom it refuses where
/// `named`. Returns the Services found faulty, in that order.
std::vector<service_key> play(claim_book& book, const std::set<service_key>& spoiled,
                              bool named = false, int* writes = nullptr) {
  std::vector<service_key> faulty;
  bool more = true;
  for (int round = 0; more && round < 100; ++round) {
    const auto planned = book.version();
    const auto input = book.plan_input();
    std::set<service_key> refused;
    for (const auto& claim : input.claims)
      if (spoiled.contains(claim->service) && !input.excluded.contains(claim->service))
        refused.insert(claim->service);
    for (const auto& service : input.releases)
      if (spoiled.contains(service))
        refused.insert(service);
    if (writes != nullptr)
      ++*writes;
    if (refused.empty()) {
      more = book.succeeded(planned);
      for (const auto& service : input.releases)
        book.released(service);
      continue;
    }
    for (const auto& service : book.refused(planned, named ? refused : std::set<service_key>{}))
      faulty.push_back(service);
  }
  return faulty;
}

TEST(ClaimBook, SameClaimAgainIsNoChange) {
  claim_book book;
  EXPECT_TRUE(book.put(claim_of("s1")));
  EXPECT_FALSE(book.put(claim_of("s1")));
  EXPECT_TRUE(book.put(claim_of("s1", 81)));
}

TEST(ClaimBook, VerdictIsNewsOnce) {
  claim_book book;
  book.put(claim_of("s1"));
  EXPECT_TRUE(book.settle(key_of("s1"), std::nullopt));
  EXPECT_FALSE(book.settle(key_of("s1"), std::nullopt));
  EXPECT_TRUE(book.settle(key_of("s1"), claim_refusal{refusal_reason::port_conflict, "taken"}));
  EXPECT_FALSE(book.find(key_of("s1"))->served());
}

TEST(ClaimBook, ChangedClaimHasNoVerdictYet) {
  claim_book book;
  book.put(claim_of("s1"));
  book.settle(key_of("s1"), std::nullopt);
  book.put(claim_of("s1", 81));
  EXPECT_FALSE(book.find(key_of("s1"))->told);
}

TEST(ClaimBook, ReleaseReplacesClaimAndClaimReplacesRelease) {
  claim_book book;
  book.put(claim_of("s1"));
  book.release(key_of("s1"), {});
  EXPECT_TRUE(book.entries().empty());
  EXPECT_TRUE(book.releasing(key_of("s1")));
  EXPECT_EQ(book.plan_input().releases, std::set{key_of("s1")});
  book.put(claim_of("s1"));
  EXPECT_FALSE(book.releasing(key_of("s1")));
  EXPECT_TRUE(book.plan_input().releases.empty());
  book.release(key_of("s1"), {});
  book.released(key_of("s1"));
  EXPECT_TRUE(book.empty());
}

TEST(ClaimBook, OneSpoiledClaimIsFoundAmongManyInFewWrites) {
  constexpr int many = 128;
  for (int bad = 0; bad < many; ++bad) {
    claim_book book;
    for (int i = 0; i < many; ++i)
      book.put(claim_of("s" + std::to_string(i)));
    const auto culprit = key_of("s" + std::to_string(bad));
    int writes = 0;
    EXPECT_EQ(play(book, {culprit}, false, &writes), std::vector{culprit});
    EXPECT_EQ(book.excluded(), std::set{culprit}) << bad;
    // Halving 128 takes seven steps of two writes at most, then the rest goes out together.
    EXPECT_LE(writes, 2 * 7 + 3) << bad;
  }
}

TEST(ClaimBook, SeveralSpoiledClaimsAreFound) {
  claim_book book;
  for (int i = 0; i < 10; ++i)
    book.put(claim_of("s" + std::to_string(i)));
  const std::set spoiled{key_of("s0"), key_of("s3"), key_of("s9")};
  play(book, spoiled);
  EXPECT_EQ(book.excluded(), spoiled);
}

TEST(ClaimBook, ClaimThatEdgelbsWordsNameIsFoundAtOnceAmongThoseThatChanged) {
  claim_book book;
  for (int i = 0; i < 10; ++i)
    book.put(claim_of("s" + std::to_string(i)));
  int writes = 0;
  EXPECT_EQ(play(book, {key_of("s3")}, true, &writes), std::vector{key_of("s3")});
  EXPECT_EQ(writes, 2);
}

TEST(ClaimBook, OfSeveralThatAreNamedOnlyTheSpoiledOneIsFaulty) {
  claim_book book;
  for (int i = 0; i < 10; ++i)
    book.put(claim_of("s" + std::to_string(i)));
  // Words about two ports that collide name both, whichever of them is wrong.
  const std::set both{key_of("s3"), key_of("s7")};
  EXPECT_TRUE(book.refused(book.version(), both).empty());
  EXPECT_EQ(book.excluded(), std::set{key_of("s7")}) << "the others are in nobody's way";
  EXPECT_TRUE(book.succeeded(book.version()));
  EXPECT_EQ(book.refused(book.version(), both), std::vector{key_of("s7")});
  EXPECT_EQ(book.excluded(), std::set{key_of("s7")});
}

TEST(ClaimBook, ServiceThatIsNamedIsFaultyAlthoughAnotherOneChangedLast) {
  claim_book book;
  book.put(claim_of("s1"));
  book.succeeded(book.version());
  book.put(claim_of("s2"));
  EXPECT_EQ(book.refused(book.version(), {key_of("s1")}), std::vector{key_of("s1")});
  EXPECT_EQ(book.excluded(), std::set{key_of("s1")});
}

TEST(ClaimBook, ReleaseThatIsRefusedMakesNoOtherServiceFaulty) {
  for (const bool named : {true, false}) {
    SCOPED_TRACE(named);
    claim_book book;
    book.put(claim_of("s1"));
    book.succeeded(book.version());
    book.release(key_of("s1"), {});
    book.put(claim_of("s2"));
    book.put(claim_of("s3"));
    EXPECT_EQ(play(book, {key_of("s1")}, named), std::vector{key_of("s1")});
    EXPECT_TRUE(book.plan_input().releases.empty()) << "the pool goes on without it";
    EXPECT_TRUE(book.releasing(key_of("s1"))) << "and is tried again";
    EXPECT_TRUE(book.retry_faulty());
    EXPECT_EQ(book.plan_input().releases, std::set{key_of("s1")});
  }
}

TEST(ClaimBook, UnchangedClaimsThatNobodyNamesAreNeverFaulty) {
  claim_book book;
  book.put(claim_of("s1"));
  book.succeeded(book.version());
  EXPECT_TRUE(book.refused(book.version(), {}).empty());
  EXPECT_FALSE(book.explained());
  book.put(claim_of("s2"));
  EXPECT_EQ(book.refused(book.version(), {}), std::vector{key_of("s2")});
  EXPECT_TRUE(book.explained());
}

TEST(ClaimBook, ClaimThatCameDuringTheWriteIsNotFaultyForIt) {
  claim_book book;
  book.put(claim_of("s1"));
  const auto planned = book.version();
  book.put(claim_of("s2"));
  EXPECT_EQ(book.refused(planned, {}), std::vector{key_of("s1")});
}

TEST(ClaimBook, PausedClaimIsNeverFaulty) {
  claim_book book;
  auto paused = *claim_of("s1");
  paused.paused = true;
  book.put(std::make_shared<const pool_claim>(paused));
  EXPECT_TRUE(book.refused(book.version(), {key_of("s1")}).empty());
  EXPECT_FALSE(book.explained());
}

TEST(ClaimBook, FaultyOnesAreTriedAgainWhenThatIsAskedFor) {
  claim_book book;
  book.put(claim_of("s1"));
  book.refused(book.version(), {});
  EXPECT_TRUE(book.retry_faulty());
  EXPECT_TRUE(book.excluded().empty());
  EXPECT_EQ(book.refused(book.version(), {}), std::vector{key_of("s1")});
  EXPECT_FALSE(claim_book{}.retry_faulty());
}

TEST(ClaimBook, FaultyClaimThatChangesIsTriedAtOnce) {
  claim_book book;
  book.put(claim_of("s1"));
  book.refused(book.version(), {});
  book.put(claim_of("s1", 81));
  EXPECT_TRUE(book.excluded().empty());
}

struct room_case {
  const char* name;
  std::function<void(claim_book&)> change;
  bool room;
};

class ClaimBookRoom : public ::testing::TestWithParam<room_case> {};

TEST_P(ClaimBookRoom, IsReasonToTryAFaultyOneAgainOnceItIsWritten) {
  claim_book book;
  book.put(claim_of("s1"));
  book.succeeded(book.version());
  book.put(claim_of("s2"));
  book.refused(book.version(), {});
  EXPECT_FALSE(book.succeeded(book.version()));
  GetParam().change(book);
  EXPECT_EQ(book.excluded(), std::set{key_of("s2")}) << "the change goes out by itself";
  EXPECT_EQ(book.succeeded(book.version()), GetParam().room);
  EXPECT_EQ(book.excluded().empty(), GetParam().room);
  EXPECT_FALSE(book.succeeded(book.version())) << "once";
}

INSTANTIATE_TEST_SUITE_P(
  Table, ClaimBookRoom,
  ::testing::Values(
    room_case{"ARelease", [](claim_book& book) { book.release(key_of("s1"), {}); }, true},
    room_case{"AChangedClaim", [](claim_book& book) { book.put(claim_of("s1", 81)); }, true},
    room_case{"NotANewClaim", [](claim_book& book) { book.put(claim_of("s3")); }, false}),
  [](const auto& param) { return param.param.name; });

using enum creation_strategy;

TEST(ClaimBook, PoolStaysOnceAServiceThatSaidNeverHasLeft) {
  claim_book book;
  book.put(claim_of("s1", 80, never));
  book.put(claim_of("s2", 81));
  book.release(key_of("s1"), {});
  EXPECT_TRUE(book.plan_input().keep_when_empty);
  book.released(key_of("s1"));
  book.release(key_of("s2"), {});
  EXPECT_TRUE(book.plan_input().keep_when_empty) << "another one's leaving does not change that";
  book.made_anew();
  EXPECT_FALSE(book.plan_input().keep_when_empty);
}

TEST(ClaimBook, ServiceThatCameBackHasNotLeft) {
  claim_book book;
  book.release(key_of("s1"), never);
  book.put(claim_of("s1", 80, if_not_present));
  book.release(key_of("s1"), {});
  EXPECT_FALSE(book.plan_input().keep_when_empty);
}

struct strategy_case {
  const char* name;
  bool claimed;
  std::optional<creation_strategy> by_claim;
  std::optional<creation_strategy> by_release;
  bool keep;
  bool unknown;
};

class ClaimBookStrategy : public ::testing::TestWithParam<strategy_case> {};

TEST_P(ClaimBookStrategy, ComesFromTheReleaseOrFromTheClaim) {
  const auto& param = GetParam();
  claim_book book;
  if (param.claimed)
    book.put(claim_of("s1", 80, param.by_claim));
  book.release(key_of("s1"), param.by_release);
  EXPECT_EQ(book.plan_input().keep_when_empty, param.keep);
  EXPECT_EQ(book.plan_input().strategy_unknown, param.unknown);
}

INSTANTIATE_TEST_SUITE_P(
  Table, ClaimBookStrategy,
  ::testing::Values(
    strategy_case{"ClaimWithoutOne", true, {}, {}, false, false},
    strategy_case{"ClaimSaysNever", true, never, {}, true, false},
    strategy_case{"ClaimSaysNeverAndTheReleaseDoesNot", true, never, once, true, false},
    strategy_case{"ReleaseSaysNeverAndTheClaimDoesNot", true, once, never, true, false},
    strategy_case{"ReleaseAlone", false, {}, if_not_present, false, false},
    strategy_case{"ReleaseAloneSaysNever", false, {}, never, true, false},
    strategy_case{"NobodyKnows", false, {}, {}, false, true}),
  [](const auto& param) { return param.param.name; });

} // namespace
} // namespace dklb::domain
