#include "sandbox/node/images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::sandbox {
namespace {

using testing::Contains;
using testing::HasSubstr;

pod owner() {
  pod result;
  result.name_space = "default";
  result.name = "p";
  result.node = "n1";
  return result;
}

domain::result<launch> launched(const container& what, const pod& of = owner()) {
  return launch_of(of, what, "127.0.2.1", "/bin/self", "/state/p");
}

TEST(Images, TheNameIsWhatIsLeftWithoutRegistryTagAndDigest) {
  for (const auto& [image, expected] : {std::pair{"redis", "redis"},
                                        {"redis:5.0.3", "redis"},
                                        {"docker.io/library/redis", "redis"},
                                        {"registry.example:5000/team/echo:1", "echo"},
                                        {"nginx@sha256:0123", "nginx"},
                                        {"a/nginx:1@sha256:0123", "nginx"}}) {
    EXPECT_EQ(image_name(image), expected) << image;
  }
}

TEST(Images, RedisRunsOnThePodsAddressWithTheContainersArguments) {
  const auto how = launched({"c", "redis:5.0.3", {"--maxmemory", "1mb"}, false, {}});
  ASSERT_TRUE(how);
  EXPECT_EQ(how->command[0], "redis-server");
  EXPECT_THAT(how->command, Contains("127.0.2.1"));
  EXPECT_EQ(how->command.back(), "1mb");
  EXPECT_EQ(how->ports, std::vector<int>{6379});
}

TEST(Images, TheWebServerListensOnTheContainersPortsElseOnTheUsualOne) {
  const auto declared = launched({"c", "nginx", {}, false, {{"a", 8001}, {"b", 8002}}});
  ASSERT_TRUE(declared);
  EXPECT_EQ(declared->ports, (std::vector<int>{8001, 8002}));
  EXPECT_EQ(declared->command[0], "/bin/self");
  EXPECT_EQ(declared->command[1], "web");
  EXPECT_EQ(launched({"c", "nginx", {}, false, {}})->ports, std::vector<int>{80});
  EXPECT_EQ(launched({"c", "echo", {}, false, {}})->ports, std::vector<int>{8080});
  const auto proxied = launched({"c", "echo-proxy", {}, false, {}});
  EXPECT_EQ(proxied->ports, std::vector<int>{8080});
  EXPECT_EQ(proxied->command[1], "echo-proxy");
}

TEST(Images, WhatCannotRunSaysWhyAndWhatCan) {
  pod with_init = owner();
  with_init.has_init_containers = true;
  for (const auto& [how, why] :
       {std::pair{launched({"c", "postgres:16", {}, false, {}}), "\"postgres:16\" is not known"},
        {launched({"c", "redis", {}, true, {}}), "\"c\" asks for a command of its own"},
        {launched({"c", "redis", {}, false, {}}, with_init), "init containers"}}) {
    ASSERT_FALSE(how);
    EXPECT_THAT(how.failure().message, HasSubstr(why));
    EXPECT_THAT(how.failure().message, HasSubstr("echo, echo-proxy, nginx, redis"));
  }
}

} // namespace
} // namespace dklb::sandbox
