#include "domain/claim_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace dklb::domain {
namespace {

claim_book::claim_ptr claim_of(const std::string& name, int port = 80) {
  pool_claim out;
  out.service = {"default", name};
  out.creation_timestamp = "2026-01-01T00:00:0" + name.substr(name.size() - 1) + "Z";
  out.pool = "p";
  out.ports = {{port, 30000, port}};
  return std::make_shared<const pool_claim>(out);
}

service_key key_of(const std::string& name) {
  return {"default", name};
}

/// Plays rounds against a server that refuses every write with a spoiled claim in it, until the
/// book has nothing more to try. Returns the number of writes.
int play(claim_book& book, const std::set<service_key>& spoiled) {
  int writes = 0;
  for (bool more = true; more && writes < 100;) {
    ++writes;
    const auto planned = book.version();
    const auto excluded = book.excluded();
    const auto refused =
      std::any_of(book.entries().begin(), book.entries().end(), [&](const auto& item) {
        return spoiled.contains(item.claim->service) && !excluded.contains(item.claim->service);
      });
    if (refused) {
      book.refused(planned, "no");
      more = true;
    } else {
      more = book.succeeded(planned);
    }
  }
  return writes;
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
  book.release(key_of("s1"));
  EXPECT_TRUE(book.entries().empty());
  EXPECT_TRUE(book.releases().contains(key_of("s1")));
  book.put(claim_of("s1"));
  EXPECT_TRUE(book.releases().empty());
  book.release(key_of("s1"));
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
    const auto writes = play(book, {culprit});
    EXPECT_EQ(book.excluded(), std::set{culprit}) << bad;
    EXPECT_EQ(book.guilty().at(culprit), "no");
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

TEST(ClaimBook, SettledClaimsAreNeverBlamed) {
  claim_book book;
  book.put(claim_of("s1"));
  book.succeeded(book.version());
  EXPECT_TRUE(book.refused(book.version(), "drift").empty());
  EXPECT_FALSE(book.blamed());
  book.put(claim_of("s2"));
  EXPECT_EQ(book.refused(book.version(), "no"), std::vector{key_of("s2")});
  EXPECT_TRUE(book.blamed());
}

TEST(ClaimBook, ClaimThatCameDuringTheWriteIsNotBlamedForIt) {
  claim_book book;
  book.put(claim_of("s1"));
  const auto planned = book.version();
  book.put(claim_of("s2"));
  EXPECT_EQ(book.refused(planned, "no"), std::vector{key_of("s1")});
}

TEST(ClaimBook, PardonTriesTheGuiltyAgain) {
  claim_book book;
  book.put(claim_of("s1"));
  book.refused(book.version(), "no");
  EXPECT_TRUE(book.pardon());
  EXPECT_TRUE(book.excluded().empty());
  EXPECT_EQ(book.refused(book.version(), "still no"), std::vector{key_of("s1")});
  EXPECT_FALSE(claim_book{}.pardon());
}

TEST(ClaimBook, GuiltyClaimThatChangesIsTriedAtOnce) {
  claim_book book;
  book.put(claim_of("s1"));
  book.refused(book.version(), "no");
  book.put(claim_of("s1", 81));
  EXPECT_TRUE(book.excluded().empty());
}

} // namespace
} // namespace dklb::domain
