#include "sandbox/node/web_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

namespace dklb::sandbox {
namespace {

using testing::HasSubstr;

web_settings settings_for(const std::string& image) {
  return {"127.0.0.1", {0, 0}, image, "default/web", "n1"};
}

TEST(WebServer, NginxWelcomesOnEveryPort) {
  const auto listeners = open_web_server(settings_for("nginx"));
  ASSERT_TRUE(listeners);
  ASSERT_EQ(listeners->size(), 2U);
  for (const auto& each : *listeners) {
    const auto answer = httplib::Client("127.0.0.1", each->port()).Get("/any/path");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_THAT(answer->body, HasSubstr("Welcome to nginx!"));
    EXPECT_THAT(answer->body, HasSubstr("default/web on node n1"));
  }
}

TEST(WebServer, EchoSendsTheRequestBack) {
  const auto listeners = open_web_server(settings_for("echo"));
  ASSERT_TRUE(listeners);
  const auto answer =
    httplib::Client("127.0.0.1", listeners->front()->port()).Post("/path", "hello", "text/plain");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "pod: default/web\nnode: n1\nPOST /path\nhello");
}

TEST(WebServer, ATakenPortIsAnErrorThatNamesIt) {
  const auto first = open_web_server({"127.0.0.1", {0}, "echo", "", ""});
  ASSERT_TRUE(first);
  const int taken = first->front()->port();
  const auto second = open_web_server({"127.0.0.1", {taken}, "echo", "", ""});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.failure().message, HasSubstr(std::to_string(taken)));
}

} // namespace
} // namespace dklb::sandbox
