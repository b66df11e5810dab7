#include "domain/text/utf8.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

namespace dklb::domain {
namespace {

struct shown_case {
  std::string text;
  std::string shown;
};

TEST(Visible, EscapesWhatSteersATerminal) {
  const shown_case table[] = {
    {"", ""},
    {"plain text, \"quoted\" \\n as it is", "plain text, \"quoted\" \\n as it is"},
    {"Grüße, 世界 🙂", "Grüße, 世界 🙂"},
    {"x\n2026-01-01T00:00:00.000Z error FORGED", "x\\n2026-01-01T00:00:00.000Z error FORGED"},
    {"\r\t", "\\r\\t"},
    {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
    {std::string{"a\0b", 3}, "a\\x00b"},
    {"\x7f\b\a", "\\x7f\\x08\\x07"},
    {"\xc2\x9b"
     "31m and \xc2\x85",
     "\\u009b31m and \\u0085"},
    {"\xe2\x80\xa8 \xe2\x80\xa9", "\\u2028 \\u2029"},
    {"\xe2\x80\xae"
     "txt.exe",
     "\\u202etxt.exe"},
    {"\xef\xbb\xbfmark", "\\ufeffmark"},
    {"\xff\xfe", "\\xff\\xfe"},
    {"cut \xe4\xb8", "cut \\xe4\\xb8"},
    {"\xc0\x8a overlong", "\\xc0\\x8a overlong"},
    {"\xed\xa0\x80 surrogate", "\\xed\\xa0\\x80 surrogate"},
    {"\xf4\x90\x80\x80 beyond", "\\xf4\\x90\\x80\\x80 beyond"},
  };
  for (const auto& [text, shown] : table)
    EXPECT_EQ(visible(text), shown);
}

TEST(Visible, CutsAtAWholeCharacter) {
  EXPECT_EQ(visible("abcdef", 6), "abcdef");
  EXPECT_EQ(visible("abcdefg", 6), "abc...");
  EXPECT_EQ(visible("äöü", 5), "ä...");
  EXPECT_EQ(visible("ab\x1b\x1b", 8), "ab...");
  EXPECT_EQ(visible("abcdef", 2), "..");
}

/// Any bytes, of which many are controls and broken sequences.
std::string any_bytes(std::mt19937& random) {
  const std::string_view parts[] = {"a",  "é",    "世",   "🙂", "\n",       "\x1b", "\xc2\x9b",
                                    "\\", "\x80", "\xff", "\xe4", "\xf0\x9f", "\"",   "\x7f"};
  std::string out;
  for (auto count = random() % 40; count > 0; --count)
    out += random() % 8 == 0 ? std::string(1, static_cast<char>(random() % 256))
                             : std::string{parts[random() % std::size(parts)]};
  return out;
}

TEST(Visible, HoldsForAnyBytes) {
  std::mt19937 random{20260101};
  for (int round = 0; round < 20000; ++round) {
    const auto text = any_bytes(random);
    const auto limit = random() % 60;
    const auto shown = visible(text, limit);
    ASSERT_LE(shown.size(), limit);
    ASSERT_EQ(find_invisible(shown), std::string_view::npos);
    ASSERT_NO_THROW((void)nlohmann::json(shown).dump());
    ASSERT_EQ(visible(shown, limit), shown);
    const auto whole = visible(text);
    ASSERT_EQ(find_invisible(text) == std::string_view::npos, whole == text);
    ASSERT_TRUE(std::ranges::none_of(whole, [](unsigned char byte) { return byte < 0x20; }));
  }
}

} // namespace
} // namespace dklb::domain
