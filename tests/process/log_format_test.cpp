// What reaches the log, whatever is logged.
#include "process/log_fields.hpp"
#include "process/log_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <random>
#include <sstream>

namespace dklb::tests {
namespace {

/// The line that a logger of this format writes.
std::string logged(const std::string& pattern, const std::string& message) {
  std::ostringstream out;
  spdlog::logger logger{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(out)};
  logger.set_formatter(process::log_format(pattern));
  logger.warn("{}", message);
  return out.str();
}

constexpr const char* text_pattern = "%-7l %v";
constexpr const char* json_pattern = R"({"level":"%l","message":"%*"%&})";

TEST(LogFormat, OneMessageIsOneLine) {
  EXPECT_EQ(logged(text_pattern, "all is well"), "warning all is well\n");
  EXPECT_EQ(logged(text_pattern, "x\n2026-01-01T00:00:00.000Z error FORGED\x1b[31m"),
            "warning x\\n2026-01-01T00:00:00.000Z error FORGED\\x1b[31m\n");
  EXPECT_EQ(logged(json_pattern, "\"quoted\" \\ \n\x1b\xff"),
            R"({"level":"warning","message":"\"quoted\" \\ \\n\\x1b\\xff"})"
            "\n");
}

TEST(LogFormat, NoBytesForgeALineOrBreakTheJson) {
  std::mt19937 random{20260101};
  for (int round = 0; round < 2000; ++round) {
    std::string message(random() % 30, ' ');
    for (auto& letter : message)
      letter = static_cast<char>(random() % 2 == 0 ? random() % 256 : random() % 32);
    const auto text = logged(text_pattern, message);
    ASSERT_EQ(std::ranges::count(text, '\n'), 1);
    ASSERT_TRUE(text.ends_with('\n'));
    ASSERT_TRUE(std::ranges::none_of(text.substr(0, text.size() - 1), [](unsigned char byte) {
      return byte < 0x20 || byte == 0x7f;
    }));
    const auto json = logged(json_pattern, message);
    ASSERT_EQ(std::ranges::count(json, '\n'), 1);
    ASSERT_EQ(nlohmann::json::parse(json).at("level"), "warning");
  }
}

TEST(LogFormat, FieldsAreKeysOfTheJsonAndNotInTheText) {
  const process::log_context about{{.service = "default/web",
                                    .pool = "app",
                                    .actor = "pool app",
                                    .reason = "transport",
                                    .attempt = 3}};
  EXPECT_EQ(nlohmann::json::parse(logged(json_pattern, "pool app: away")),
            (nlohmann::json{{"level", "warning"},
                            {"message", "pool app: away"},
                            {"service", "default/web"},
                            {"pool", "app"},
                            {"actor", "pool app"},
                            {"reason", "transport"},
                            {"attempt", 3}}));
  EXPECT_EQ(logged(text_pattern, "pool app: away"), "warning pool app: away\n");
}

TEST(LogFormat, FieldsAreThoseOfTheInnermostContextAndEndWithIt) {
  {
    const process::log_context outer{{.pool = "outer"}};
    {
      const process::log_context inner{{.service = "a/b"}};
      EXPECT_EQ(logged(json_pattern, "x"), R"({"level":"warning","message":"x","service":"a/b"})"
                                           "\n");
    }
    EXPECT_EQ(nlohmann::json::parse(logged(json_pattern, "x")).at("pool"), "outer");
  }
  EXPECT_EQ(logged(json_pattern, "x"), "{\"level\":\"warning\",\"message\":\"x\"}\n");
}

TEST(LogFormat, NamesFromUsersForgeNoKeyAndNoLine) {
  const std::string name = "default/a\n\x1b[31m\",\"level\":\"error\xff";
  const process::log_context about{{.service = name, .pool = name, .actor = name, .reason = name}};
  const auto line = logged(json_pattern, name);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_TRUE(std::ranges::none_of(line.substr(0, line.size() - 1),
                                   [](unsigned char byte) { return byte < 0x20; }));
  const auto parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed.at("level"), "warning");
  for (const char* key : {"message", "service", "pool", "actor", "reason"})
    EXPECT_EQ(parsed.at(key), R"(default/a\n\x1b[31m","level":"error\xff)") << key;
}

TEST(LogFormat, ALineHasABound) {
  EXPECT_LT(logged(text_pattern, std::string(1U << 20U, 'x')).size(), 20000U);
}

} // namespace
} // namespace dklb::tests
