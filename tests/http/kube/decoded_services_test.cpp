// Services that are told twice are decoded once.
#include "http/kube/decoded_services.hpp"

#include "tests/http/kube/json_views.hpp"

#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using nlohmann::json;

json service_of(const std::string& uid, const std::string& version,
                const std::string& type = "LoadBalancer") {
  return {{"metadata",
           {{"namespace", "shop"}, {"name", "web"}, {"uid", uid}, {"resourceVersion", version}}},
          {"spec", {{"type", type}}}};
}

class DecodedServices : public testing::Test {
protected:
  http::kube::decoded_services::pointer read(const json& object) {
    return *services.read(view_of(object));
  }

  http::kube::decoded_services services;
};

TEST_F(DecodedServices, OneThatIsToldTwiceIsTheSame) {
  const auto first = read(service_of("u1", "7"));
  EXPECT_EQ(first->key.name, "web");
  EXPECT_EQ(first->resource_version, "7");
  EXPECT_EQ(read(service_of("u1", "7")), first);
}

TEST_F(DecodedServices, WhatWasToldTwiceIsNotKept) {
  const auto first = read(service_of("u1", "7"));
  const auto second = read(service_of("u1", "7"));
  EXPECT_EQ(first.use_count(), 2) << "the two here";
  EXPECT_NE(read(service_of("u1", "7")), first);
}

TEST_F(DecodedServices, AnotherVersionOrUidIsDecoded) {
  (void)read(service_of("u1", "7", "LoadBalancer"));
  EXPECT_EQ(read(service_of("u1", "8", "ClusterIP"))->type, "ClusterIP");
  (void)read(service_of("u1", "9", "LoadBalancer"));
  EXPECT_EQ(read(service_of("u2", "9", "ClusterIP"))->type, "ClusterIP");
}

TEST_F(DecodedServices, OneWithoutAVersionIsAlwaysDecoded) {
  (void)read(service_of("u1", "", "LoadBalancer"));
  EXPECT_EQ(read(service_of("u1", "", "ClusterIP"))->type, "ClusterIP");
}

TEST_F(DecodedServices, TellsWhatIsWrongEachTime) {
  auto broken = service_of("u1", "7");
  broken["spec"]["type"] = 5;
  for (int time = 0; time < 2; ++time) {
    const auto answer = services.read(view_of(broken));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.failure().message, "Service shop/web: spec.type is no string");
  }
  EXPECT_FALSE(services.read(view_of(json(7))));
}

TEST_F(DecodedServices, MoreThanAreKeptAreAllRight) {
  for (int round = 0; round < 2; ++round)
    for (int number = 0; number < 1000; ++number) {
      const auto version = std::to_string(number);
      EXPECT_EQ(read(service_of("u" + version, version))->uid, "u" + version);
    }
}

} // namespace
} // namespace dklb::tests
