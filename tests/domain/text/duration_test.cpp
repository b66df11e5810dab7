#include "domain/text/duration.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <optional>
#include <string>

using namespace dklb::domain;
using namespace std::chrono_literals;

namespace {

struct duration_case {
  const char* text;
  std::optional<std::chrono::milliseconds> value;
  const char* written; ///< as format_duration writes it
};

TEST(Duration, IsReadAndWrittenInGoStyle) {
  const duration_case cases[]{
    {"0", 0ms, "0s"},
    {"0s", 0ms, "0s"},
    {"1ms", 1ms, "1ms"},
    {"250ms", 250ms, "250ms"},
    {"1s", 1s, "1s"},
    {"1.5s", 1500ms, "1.5s"},
    {"1500ms", 1500ms, "1.5s"},
    {".5s", 500ms, "500ms"},
    {"1.s", 1s, "1s"},
    {"2m", 2min, "2m"},
    {"2m0s", 2min, "2m"},
    {"90s", 90s, "1m30s"},
    {"1h30m", 90min, "1h30m"},
    {"1h5s", 1h + 5s, "1h5s"},
    {"0.1h", 6min, "6m"},
    {"1.123456789s", 1123ms, "1.123s"},
    {"1m0.05s", 60050ms, "1m0.05s"},
    {"1000us", 1ms, "1ms"},
    {"1000\u00b5s", 1ms, "1ms"},
    {"1000\u03bcs", 1ms, "1ms"},
    {"1000000ns", 1ms, "1ms"},
    {"2562047h", 2562047h, "2562047h"},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(parse_duration(row.text), row.value) << row.text;
    EXPECT_EQ(format_duration(row.value.value_or(-1ms)), row.written) << row.text;
  }
}

TEST(Duration, IsNothingElse) {
  for (const auto* text : {"",
                           " ",
                           "5",
                           "s",
                           "ms",
                           "-5s",
                           "-0s",
                           "+5s",
                           "5 s",
                           " 5s",
                           "5s ",
                           "1d",
                           "5S",
                           "5m5",
                           "1..5s",
                           ".s",
                           ".",
                           "1e3s",
                           "0x5s",
                           "five",
                           "1us",
                           "999999ns",
                           "0.5ms",
                           "2562048h",
                           "9223372036854775808ns",
                           "99999999999999999999h",
                           "2562047h2562047h"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

RC_GTEST_PROP(DurationProperty, AWrittenDurationReadsBack, ()) {
  const std::chrono::milliseconds duration{*rc::gen::inRange<std::int64_t>(0, 9000000000000)};
  RC_ASSERT(parse_duration(format_duration(duration)) == duration);
}

RC_GTEST_PROP(DurationProperty, NoTextMakesItThrow, (const std::string& text)) {
  const auto duration = parse_duration(text);
  RC_ASSERT((!duration || *duration >= 0ms));
}

} // namespace
