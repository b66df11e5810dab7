#include "http/edgelb/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using domain::error_code;
using testing::ElementsAre;
using testing::HasSubstr;

domain::result<std::size_t> visit(const std::string& body, std::vector<std::string>& names) {
  return http::edgelb::visit_pools(body, [&](std::string name, const domain::pool_snapshot&) {
    names.push_back(std::move(name));
  });
}

TEST(Inventory, IsVisitedInOrder) {
  std::vector<std::string> names;
  const auto answer =
    visit(R"( [{"name":"b","x":"]},{\"["}, {"name":"a","frontends":[{"n":[1,2]}]} ] )", names);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(*answer, 0U);
  EXPECT_THAT(names, ElementsAre("b", "a"));
}

TEST(Inventory, PoolsAreToldAsTheyCame) {
  const std::string pool = R"({"zebra":1,"name":"p","apple":{"z":null,"a":[]}})";
  domain::pool_snapshot seen;
  const auto answer = http::edgelb::visit_pools(
    "[" + pool + "]",
    [&](const std::string&, domain::pool_snapshot told) { seen = std::move(told); });
  EXPECT_TRUE(answer.has_value());
  EXPECT_EQ(seen.json, pool);
  EXPECT_EQ(domain::document_of(seen).dump(), pool) << "keys stay in their order";
}

TEST(Inventory, MayBeEmpty) {
  for (const char* const text : {"[]", "null", " [ ] ", " null\n"}) {
    SCOPED_TRACE(text);
    std::vector<std::string> names;
    const auto answer = visit(text, names);
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_EQ(*answer, 0U);
    EXPECT_TRUE(names.empty());
  }
}

TEST(Inventory, MorePoolsThanAnyEdgelbHasAreNotTakenIn) {
  std::string body = "[";
  for (std::size_t count = 0; count < http::edgelb::max_pools; ++count)
    body += R"({"name":"p"},)";
  std::vector<std::string> names;
  auto answer = visit(body + R"({"name":"p"}])", names);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::malformed);
  EXPECT_THAT(answer.failure().message, HasSubstr("EdgeLB's list has more than 100000 pools"));
  EXPECT_EQ(names.size(), http::edgelb::max_pools);
}

TEST(Inventory, APoolThatIsTooLongIsSkipped) {
  const std::string filler(http::edgelb::max_pool_bytes, 'x');
  std::vector<std::string> names;
  const auto answer = visit(R"([{"name":"long","x":")" + filler + R"("},{"name":"b"}])", names);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(*answer, 1U);
  EXPECT_THAT(names, ElementsAre("b"));
}

TEST(Inventory, MalformedPoolsAreSkippedAndCounted) {
  std::vector<std::string> names;
  const auto answer =
    visit(R"([{"name":"a"}, 5, null, "x", [{"name":"no"}], {"name":7}, {"name":""}, {},)"
          R"({"name":"b"}])",
          names);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(*answer, 7U);
  EXPECT_THAT(names, ElementsAre("a", "b"));
}

TEST(Inventory, APoolThatNestsTooDeeplyIsSkipped) {
  // The pool is the first bracket, so one level less fits below it.
  const auto pool = [](const std::string& name, std::size_t below) {
    return R"({"name":")" + name + R"(","x":)" + std::string(below, '[') + "1"
           + std::string(below, ']') + "}";
  };
  std::vector<std::string> names;
  const auto answer = visit("[" + pool("deep", 99) + "," + pool("deeper", 100) + ","
                              + pool("deepest", 100000) + "," + pool("b", 0) + "]",
                            names);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(*answer, 2U);
  EXPECT_THAT(names, ElementsAre("deep", "b"));
}

TEST(Inventory, WhatIsNoCompleteArrayIsMalformed) {
  for (const char* const text :
       {"", "{}", "[", "[{\"name\":\"a\"}", "[{\"name\":\"a\"},", "[1,]", "[,1]",
        "[{\"name\":\"a\"]", "[{\"name\": tru}]", "[{\"name\":\"\xff\"}]",
        "{\"x\":{\"name\":\"a\"}}", "[] x", "[{\"name\":\"a", "[{\"name\":\"\\", "nullx", "[1}"}) {
    SCOPED_TRACE(text);
    std::vector<std::string> names;
    const auto answer = visit(text, names);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::malformed);
  }
}

TEST(Inventory, APageInsteadOfPoolsIsShown) {
  std::vector<std::string> names;
  const auto answer = visit("<html><body>Please <b>sign in</b></body></html>", names);
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.failure().message, HasSubstr("\"Please sign in\""));
}

} // namespace
} // namespace dklb::tests
