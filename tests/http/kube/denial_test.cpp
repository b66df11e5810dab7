// Which failures are about access, and what is said of them.
#include "http/kube/denial.hpp"

#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using domain::error_code;
using http::kube::denial_of;

constexpr const char* rbac =
  R"(User "system:serviceaccount:dklb-system:dklb" cannot patch resource "services" in API group ")"
  R"(" in the namespace "default")";

TEST(Denial, NamesTheRightAndNotTheObject) {
  const auto of = [](const std::string& name) {
    return denial_of(
      {error_code::forbidden, "PATCH: services \"" + name + "\" is forbidden: " + rbac, {}, 403});
  };
  ASSERT_TRUE(of("web"));
  EXPECT_TRUE(of("web")->starts_with(rbac)) << *of("web");
  EXPECT_EQ(of("web"), of("other"));
}

TEST(Denial, CredentialsThatAreNotAcceptedAreOne) {
  const auto denial = denial_of({error_code::unauthorized, "GET /x: Unauthorized", {}, 401});
  ASSERT_TRUE(denial);
  EXPECT_EQ(denial, denial_of({error_code::unauthorized, "GET /y: Unauthorized", {}, 401}));
}

TEST(Denial, OtherFailuresAreNone) {
  EXPECT_FALSE(
    denial_of({error_code::forbidden, "admission webhook \"x\" denied the request: no", {}, 403}));
  EXPECT_FALSE(denial_of({error_code::forbidden, "exceeded quota", {}, 403}));
  EXPECT_FALSE(denial_of({error_code::transport, rbac, {}, 0}));
}

TEST(AnotherObject, IsToldFromTheUidThatDoesNotFit) {
  using http::kube::is_another_object;
  EXPECT_TRUE(is_another_object({error_code::rejected,
                                 "PATCH /x: Service \"web\" is invalid: metadata.uid: Invalid "
                                 "value: \"u1\": field is immutable",
                                 {},
                                 422}));
  EXPECT_FALSE(is_another_object(
    {error_code::rejected, "Service \"web\" is invalid: spec.ports: Required value", {}, 422}));
  EXPECT_FALSE(is_another_object({error_code::unavailable, "busy", {}, 503}));
}

} // namespace
} // namespace dklb::tests
