// What plan_service is given and answers is obeyed: a test for each field that an actor could drop.
#include "domain/base/names.hpp"
#include "tests/actors/support/graph.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ServiceStep : public ActorGraph {
protected:
  /// The one Service, with this annotation, from the first list to its settled state.
  void begin(const domain::service& object) {
    place("a", "10.0.0.1");
    start();
    list({object});
    echo("a");
    advance(milliseconds{500});
  }

  void annotate(const std::string& annotation) {
    auto object = stored("a");
    object.config_annotation = annotation;
    object.resource_version = std::to_string(++kube.version);
    observe(object);
    advance(milliseconds{500});
  }

  auto told(bool warning, const char* reason, const char* part) const {
    return Contains(AllOf(Field(&record_event::warning, warning),
                          Field(&record_event::reason, reason),
                          Field(&record_event::message, HasSubstr(part))));
  }
};

domain::service annotated(const std::string& annotation) {
  auto object = make_service("a");
  object.config_annotation = annotation;
  return object;
}

TEST_F(ServiceStep, AcceptedIsWhatThePoolTookLast) {
  begin(annotated("{name: p, role: '*'}"));
  annotate("{name: p, role: slave_public}");
  EXPECT_THAT(kube.events, told(true, "TranslationError", "the role of the target edgelb pool"));
  EXPECT_EQ(edgelb.pools.at("p")["role"], "*");
}

/// What was refused binds nobody.
TEST_F(ServiceStep, AcceptedIsNotWhatWasRefused) {
  edgelb.pools["q"] = domain::pool_document::parse(
    R"({"name": "q", "haproxy": {"frontends": [{"name": "x", "bindPort": 80}], "backends": []}})");
  begin(annotated("name: q"));
  ASSERT_EQ(phase("a"), "Refused");
  annotate("name: p");
  EXPECT_TRUE(holds("a"));
}

TEST_F(ServiceStep, AcceptedStaysWhileALaterAnnotationIsRefused) {
  begin(annotated("name: p"));
  annotate("{name: p, size: none}");
  annotate("name: q");
  EXPECT_TRUE(holds("a"));
  EXPECT_FALSE(edgelb.pools.contains("q"));
}

TEST_F(ServiceStep, SuffixAndPoolExistsGiveAFreeName) {
  // A taken name comes first, whoever else asks for a random number.
  shared->random = [asked = std::make_shared<std::uint64_t>(0)] {
    return std::uint64_t{(*asked)++ < 5 ? 0U : 1U};
  };
  edgelb.pools["dev--kubernetes01--" + domain::name_suffix(0)] = {
    {"name", "dev--kubernetes01--" + domain::name_suffix(0)}};
  auto object = make_service("a");
  object.config_annotation.reset();
  begin(object);
  EXPECT_TRUE(holds("a", 80, "dev--kubernetes01--" + domain::name_suffix(1)));
}

TEST_F(ServiceStep, TheReasonToIgnoreIsShown) {
  auto object = make_service("a");
  object.load_balancer_class = "example.com/other";
  begin(object);
  EXPECT_EQ(phase("a"), "Ignored");
  EXPECT_THAT(explain("a").value("message", ""),
              HasSubstr("loadBalancerClass \"example.com/other\" belongs to another controller"));
  EXPECT_THAT(kube.log, IsEmpty());
}

TEST_F(ServiceStep, ARefusalIsEventConditionAndExplanation) {
  begin(annotated("{name: p, size: none}"));
  EXPECT_THAT(kube.events, told(true, "TranslationError", "size"));
  ASSERT_TRUE(stored("a").own_condition.has_value());
  EXPECT_EQ(stored("a").own_condition->reason, "TranslationError");
  EXPECT_THAT(stored("a").own_condition->message, HasSubstr("size"));
  EXPECT_EQ(explain("a").value("reason", ""), "TranslationError");
}

TEST_F(ServiceStep, AChangeOfAllThatConcernsItsTrafficIsOneWriteAndIsShown) {
  begin(annotated("name: p"));
  EXPECT_TRUE(explain("a").at("traffic").empty());
  const auto before = edgelb.writes();
  auto object = stored("a");
  object.config_annotation =
    "{name: p, proxyProtocol: v2, healthCheck: {type: http}, timeouts: {client: 5s}, drain: 9s}";
  object.traffic =
    domain::service_traffic{{"10.0.0.0/8", "fd00::/8", "192.0.2.1/32"}, "", 0, true, false, false};
  object.resource_version = std::to_string(++kube.version);
  observe(object);
  advance(milliseconds{500});
  EXPECT_EQ(edgelb.writes(), before + 1);
  EXPECT_EQ(explain("a").at("traffic"),
            (nlohmann::json{{"sourceRanges", {"10.0.0.0/8", "192.0.2.1/32", "fd00::/8"}},
                            {"sessionAffinity", "ClientIP"},
                            {"keys", "proxyProtocol: v2\nhealthCheck:\n  type: http\ntimeouts:\n"
                                     "  client: 5s\ndrain: 9s\n"}}));
  // Another order of the ranges is no difference.
  object.traffic =
    domain::service_traffic{{"192.0.2.1/32", "fd00::/8", "10.0.0.0/8"}, "", 0, true, false, false};
  object.resource_version = std::to_string(++kube.version);
  observe(object);
  advance(milliseconds{500});
  EXPECT_EQ(edgelb.writes(), before + 1);
}

TEST_F(ServiceStep, WarningsOfAClaimAreEvents) {
  begin(annotated("{name: p, contraints: x, frontends: [{servicePort: 9090}]}"));
  EXPECT_TRUE(holds("a"));
  EXPECT_THAT(kube.events, told(true, "TranslationWarning", "\"contraints\" is read as"));
  EXPECT_THAT(kube.events, told(true, "TranslationWarning", "service port 9090 is ignored"));
}

TEST_F(ServiceStep, ARefusedChangeIsAnEventWhileTheClaimGoesOn) {
  begin(annotated("name: p"));
  annotate("{name: q, size: 2}");
  EXPECT_THAT(kube.events, told(true, "TranslationError", "the name of the target edgelb pool"));
  EXPECT_TRUE(holds("a"));
  EXPECT_NE(edgelb.pools.at("p").value("count", 1), 2) << "nothing of the annotation is taken";
}

TEST_F(ServiceStep, FinalizersAndAnnotationAreWrittenInOnePatchBeforeTheClaim) {
  auto object = make_service("a");
  object.config_annotation.reset();
  object.finalizers = {"example.com/other"};
  edgelb.hold_writes = true;
  start();
  list({object});
  EXPECT_THAT(kube.log, ElementsAre("patch default/a"));
  EXPECT_THAT(stored("a").finalizers, ElementsAre("example.com/other", domain::finalizer_name));
  EXPECT_THAT(stored("a").config_annotation.value_or(""), StartsWith("name: dev--kubernetes01--"));
  edgelb.let_go();
}

TEST_F(ServiceStep, APauseIsShownWithItsReason) {
  auto object = make_service("a");
  object.paused = true;
  begin(object);
  EXPECT_EQ(phase("a"), "Paused");
  EXPECT_THAT(explain("a").value("message", ""), HasSubstr("kubernetes.dcos.io/dklb-paused"));
  EXPECT_EQ(edgelb.writes(), 0U);
}

TEST_F(ServiceStep, ACleanUpTakesOffOurFinalizerAlone) {
  auto object = make_service("a");
  object.finalizers = {"example.com/other"};
  begin(object);
  ASSERT_TRUE(holds("a"));
  auto deleting = stored("a");
  deleting.deleting = true;
  deleting.resource_version = "900";
  observe(deleting);
  advance(milliseconds{500});
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_THAT(stored("a").finalizers, ElementsAre("example.com/other"));
  EXPECT_THAT(kube.events, told(false, "DeletedLoadBalancer", "is removed"));
}

} // namespace
} // namespace dklb::actors::testing
