// RFC 3339 as the API server writes and reads it, and base64 as its files hold it.
#include "http/kube/timestamp.hpp"
#include "http/text/base64.hpp"

#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using namespace std::chrono_literals;
using http::kube::micro_time;
using std::chrono::sys_days;

const micro_time moment = sys_days{2024y / 2 / 29} + 23h + 59min + 58s + 1234us;

TEST(Timestamp, MicroTimeHasSixDecimalsAndTimeHasNone) {
  EXPECT_EQ(http::kube::format_micro_time(moment), "2024-02-29T23:59:58.001234Z");
  EXPECT_EQ(http::kube::format_time(moment), "2024-02-29T23:59:58Z");
  EXPECT_EQ(http::kube::format_micro_time(micro_time{}), "1970-01-01T00:00:00.000000Z");
}

TEST(Timestamp, EveryWayToWriteOneMomentIsRead) {
  for (const char* text : {"2024-02-29T23:59:58.001234Z", "2024-02-29T23:59:58.001234999Z",
                           "2024-03-01T01:29:58.001234+01:30", "2024-02-29T15:59:58.001234-08:00",
                           "2024-02-29t23:59:58.001234z"})
    EXPECT_EQ(http::kube::parse_time(text), moment) << text;
  EXPECT_EQ(http::kube::parse_time("2024-02-29T23:59:58.5Z"),
            micro_time{sys_days{2024y / 2 / 29} + 23h + 59min + 58s + 500ms});
}

TEST(Timestamp, WhatIsNoneIsNothing) {
  for (const char* text : {"", "2024-02-30T00:00:00Z", "2024-02-29", "2024-02-29T23:59:58",
                           "2024-02-29T24:00:00Z", "2024-02-29T23:60:00Z", "2024-02-29T23:59:58.Z",
                           "2024-02-29T23:59:58Zx", "2024-02-29T23:59:58+1:00", "now"})
    EXPECT_EQ(http::kube::parse_time(text), std::nullopt) << text;
}

TEST(Base64, TheStandardsExamplesGoBothWays) {
  const std::pair<const char*, const char*> table[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfd", "//79"},
  };
  for (const auto& [bytes, text] : table) {
    EXPECT_EQ(http::base64_encode(bytes), text);
    EXPECT_EQ(http::base64_decode(text), bytes);
  }
}

TEST(Base64, LineBreaksAreSkipped) {
  EXPECT_EQ(http::base64_decode("Zm9v\r\nYmFy\n"), "foobar");
}

TEST(Base64, WhatIsNoneIsNothing) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zm9v!", "=Zm9", "Zg==Zg==", "Zm-_"})
    EXPECT_EQ(http::base64_decode(text), std::nullopt) << text;
}

} // namespace
} // namespace dklb::tests
