#include "domain/document/own_lines.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace dklb::domain {
namespace {

using texts = std::vector<std::string>;

pool_document with_lines(const char* lines) {
  return {{"name", "a"}, {"miscStrs", pool_document::parse(lines)}};
}

TEST(OwnLines, AreKnownByTheirForm) {
  EXPECT_TRUE(is_own_line(marked("timeout client 5s")));
  EXPECT_TRUE(is_own_line(drain_line("30s")));
  EXPECT_EQ(drain_line("30s"), "# drain 30s");
  for (const char* line : {"", "# dklb", "timeout client 5s", "#drain 5s", "# drained", "a #dklb",
                           "a # dklb.", "a # dklb "})
    EXPECT_FALSE(is_own_line(line)) << line;
}

TEST(OwnLines, ComeBeforeThoseOfOthersAndStayWhereTheyAre) {
  struct row {
    const char* present;
    texts wanted;
    const char* result;
  };
  const row table[] = {
    {R"([])", {}, R"([])"},
    {R"(["theirs"])", {}, R"(["theirs"])"},
    {R"([])", {"one # dklb"}, R"(["one # dklb"])"},
    {R"(["theirs"])", {"one # dklb"}, R"(["one # dklb", "theirs"])"},
    {R"(["a", "one # dklb", "b", "two # dklb", 7])",
     {"two # dklb", "three # dklb"},
     R"(["a", "two # dklb", "three # dklb", "b", 7])"},
    {R"(["a", "one # dklb", "# drain 5s", "b"])", {}, R"(["a", "b"])"},
    {R"(["one # dklb"])", {}, R"([])"},
    {R"({"odd": 1})", {}, R"({"odd": 1})"},
    {R"(5)", {"one # dklb"}, R"(["one # dklb"])"},
    {R"(null)", {}, R"(null)"},
  };
  for (const auto& [present, wanted, result] : table) {
    auto object = with_lines(present);
    const auto before = object;
    const bool changed = set_own_lines(object, wanted);
    EXPECT_EQ(changed, object != before) << present;
    EXPECT_EQ(object, with_lines(result)) << present;
    EXPECT_FALSE(set_own_lines(object, wanted)) << present;
  }
}

TEST(OwnLines, NoLineAndNoListIsNoDifference) {
  pool_document object{{"name", "a"}};
  EXPECT_FALSE(set_own_lines(object, {}));
  EXPECT_FALSE(object.contains("miscStrs"));
}

TEST(OwnWords, AreReplacedAmongThoseOfOthers) {
  struct row {
    const char* present;
    const char* before;
    const char* wanted;
    const char* result;
  };
  const row table[] = {
    {"", "", "send-proxy", "send-proxy"},
    {"send-proxy", "send-proxy", "send-proxy-v2", "send-proxy-v2"},
    {"send-proxy", "send-proxy", "", ""},
    {"weight 5", "", "send-proxy", "weight 5 send-proxy"},
    {"a send-proxy b", "send-proxy", "send-proxy-v2", "a send-proxy-v2 b"},
    {"a port 1 fall 1 b", "port 1 fall 1", "", "a b"},
    {"port 10", "port 1", "port 2", "port 10 port 2"},
    {"send-proxy", "", "send-proxy", "send-proxy"}, // somebody wrote it before the key came
    {"weight 5", "send-proxy", "", "weight 5"},     // somebody removed it
    {"weight 5", "send-proxy", "send-proxy", "weight 5 send-proxy"},
  };
  for (const auto& [present, before, wanted, result] : table) {
    EXPECT_EQ(replace_words(present, before, wanted), result) << present;
    EXPECT_EQ(replace_words(result, wanted, wanted), result) << present;
  }
}

TEST(OwnWords, AMemberThatHoldsNothingGoes) {
  pool_document object{{"miscStr", "send-proxy"}};
  EXPECT_TRUE(set_own_words(object, "miscStr", "send-proxy", ""));
  EXPECT_TRUE(object.empty());
  EXPECT_FALSE(set_own_words(object, "miscStr", "", ""));
  object["miscStr"] = "  weight  5 ";
  EXPECT_FALSE(set_own_words(object, "miscStr", "", ""));
  EXPECT_EQ(object["miscStr"], "  weight  5 ");
}

RC_GTEST_PROP(OwnWordsProperty, ASecondTimeChangesNothing, ()) {
  const auto words =
    rc::gen::map(rc::gen::container<texts>(rc::gen::element<std::string>("a", "b", "c", "", "a b")),
                 [](const texts& parts) {
                   std::string text;
                   for (const auto& part : parts)
                     text += part + " ";
                   return text;
                 });
  pool_document object;
  object["miscStr"] = *words;
  const auto wanted = *words;
  set_own_words(object, "miscStr", *words, wanted);
  const auto once = object;
  RC_ASSERT(!set_own_words(object, "miscStr", wanted, wanted));
  RC_ASSERT(object == once);
}

} // namespace
} // namespace dklb::domain
