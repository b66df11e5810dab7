// Who writes which annotation: the user the text, dklb the name of the pool that it chose.
#include "tests/controller/controller_fixture.hpp"

namespace dklb::controller_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* pool_annotation = "kubernetes.dcos.io/dklb-pool";

class Annotation : public Controller {
protected:
  /// A Service whose text names no pool, served in the pool that dklb chose.
  void serve(const std::string& text = "size: 2") {
    kube_.create_service(load_balancer("default", "web", {80}, text));
    start();
    ASSERT_TRUE(eventually([&] { return served("web"); }));
    wait_quiet();
    chosen_ = annotation_of("web", pool_annotation);
    ASSERT_THAT(chosen_, StartsWith("test-cluster--"));
    ASSERT_THAT(edgelb_.pool_names(), ElementsAre(chosen_));
  }
  std::string annotation_of(const std::string& name, const char* key) const {
    return service(name)["metadata"].value("annotations", json::object()).value(key, "");
  }
  void set(const char* key, const json& value) {
    patch("web", {{"metadata", {{"annotations", {{key, value}}}}}});
  }
  bool chosen_stands() const { return annotation_of("web", pool_annotation) == chosen_; }

  std::string chosen_;
};

TEST_F(Annotation, TextWithoutANameStaysByteForByteAndCostsOnePatch) {
  const std::string text = "# the team's\nsize:   2   # two\n";
  serve(text);
  EXPECT_EQ(annotation_of("web", annotation), text);
  EXPECT_EQ(kube_.count("patch", "services"), 1U) << "finalizer and pool in one";
  EXPECT_EQ((*edgelb_.pool(chosen_))["count"], 2);
  EXPECT_EQ(explained("web")["pool"], chosen_);
}

TEST_F(Annotation, RestartOverASettledTextWithoutANameWritesNothing) {
  serve();
  stop();
  clear_logs();
  start({{"concurrency", {{"resyncPeriod", "100ms"}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  ASSERT_TRUE(eventually([&] {
    return edgelb_.count("list", "pools") >= 5 && edgelb_.count("get", "pools/metadata") >= 1;
  }));
  EXPECT_EQ(writes(), 0U) << json(kube_.counts());
}

/// What `kubectl apply` in a loop does, and every tool that keeps manifests in place.
TEST_F(Annotation, TextThatIsPutBackAgainAndAgainIsNothingToRestore) {
  serve();
  clear_logs();
  for (int round = 0; round < 3; ++round) {
    set(annotation, "size: 2");
    wait_quiet();
  }
  EXPECT_EQ(writes(), 0U) << json(kube_.counts());
  EXPECT_THAT(event_reasons("web"), Not(Contains("ConfigurationRestored")));
}

TEST_F(Annotation, TextOfBeforeOverACompletedOneKeepsThePoolAndSettles) {
  // As an earlier version left it.
  kube_.create_service(load_balancer("default", "web", {80},
                                     "name: test-cluster--old00\nrole: slave_public\n"
                                     "network: \"\"\nsize: 2\ncpus: 0.1\nmemory: 128\n"
                                     "strategies:\n  creation: IfNotPresent\n"));
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  wait_quiet();
  EXPECT_EQ(annotation_of("web", pool_annotation), "") << "the text names the pool";
  for (int round = 0; round < 2; ++round) {
    set(annotation, "size: 2");
    ASSERT_TRUE(
      eventually([&] { return annotation_of("web", pool_annotation) == "test-cluster--old00"; }));
    wait_quiet();
    EXPECT_EQ(annotation_of("web", annotation), "size: 2");
  }
  EXPECT_THAT(edgelb_.pool_names(), ElementsAre("test-cluster--old00"));
  EXPECT_THAT(event_reasons("web"), Not(Contains("ConfigurationRestored")));
}

TEST_F(Annotation, TextOfBeforePutBackWhileDklbWasAwayKeepsThePool) {
  create("web", "test-cluster--old00");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  stop();
  set(annotation, "size: 1");
  start();
  ASSERT_TRUE(
    eventually([&] { return annotation_of("web", pool_annotation) == "test-cluster--old00"; }));
  wait_quiet();
  EXPECT_EQ(annotation_of("web", annotation), "size: 1");
  EXPECT_THAT(edgelb_.pool_names(), ElementsAre("test-cluster--old00"));
}

struct edit_case {
  const char* name;
  json value; ///< of dklb-pool
  bool while_down;
};

class AnnotationEdit : public Annotation, public ::testing::WithParamInterface<edit_case> {};

TEST_P(AnnotationEdit, OfThePoolIsPutRight) {
  serve();
  if (GetParam().while_down)
    stop();
  set(pool_annotation, GetParam().value);
  if (GetParam().while_down)
    start();
  EXPECT_TRUE(eventually([&] { return chosen_stands(); }));
  wait_quiet();
  EXPECT_THAT(edgelb_.pool_names(), ElementsAre(chosen_));
  EXPECT_EQ(annotation_of("web", annotation), "size: 2");
  const auto reasons = event_reasons("web");
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "ConfigurationRestored"),
            GetParam().value.is_null() ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(Table, AnnotationEdit,
                         ::testing::Values(edit_case{"removed", nullptr, false},
                                           edit_case{"removed_while_down", nullptr, true},
                                           edit_case{"changed", "other", false},
                                           edit_case{"changed_while_down", "other", true},
                                           edit_case{"no_pools_name", "No\nPool", false},
                                           edit_case{"no_pools_name_while_down", "No Pool", true}),
                         [](const auto& entry) { return entry.param.name; });

TEST_F(Annotation, PoolOfARemovedAnnotationIsKnownBeforeEdgelbTakesTheClaim) {
  edgelb_.inject({.kind = fault_kind::status, .method = "POST"});
  kube_.create_service(load_balancer("default", "web", {80}, "size: 2"));
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") >= 1; }));
  chosen_ = annotation_of("web", pool_annotation);
  set(pool_annotation, nullptr);
  EXPECT_TRUE(eventually([&] { return chosen_stands(); }));
  edgelb_.clear_faults();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(edgelb_.pool_names(), ElementsAre(chosen_));
}

TEST_F(Annotation, NameIsTheSameAfterAnEndBetweenThePatchAndThePool) {
  edgelb_.inject({.kind = fault_kind::status, .method = "POST"});
  kube_.create_service(load_balancer("default", "web", {80}, "size: 2"));
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") >= 1; }));
  chosen_ = annotation_of("web", pool_annotation);
  dklb_->kill();
  edgelb_.clear_faults();
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(edgelb_.pool_names(), ElementsAre(chosen_));
  EXPECT_TRUE(chosen_stands());
}

TEST_F(Annotation, NameThatTheUserAddsIsFineWhereItIsThePoolsAndRefusedWhereNot) {
  serve();
  annotate("web", "size: 2\nname: " + chosen_);
  wait_quiet();
  EXPECT_TRUE(chosen_stands());
  EXPECT_THAT(event_reasons("web"), Not(Contains("TranslationError")));
  annotate("web", "size: 2\nname: other");
  EXPECT_TRUE(eventually([&] {
    const auto reasons = event_reasons("web");
    return std::count(reasons.begin(), reasons.end(), "TranslationError") == 1;
  }));
  stop();
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 1; }));
  wait_quiet();
  EXPECT_THAT(edgelb_.pool_names(), ElementsAre(chosen_)) << "also after a restart";
}

TEST_F(Annotation, CopiedManifestGetsAPoolOfItsOwn) {
  serve();
  auto copy = service("web");
  copy["metadata"] = {{"name", "copy"},
                      {"namespace", "default"},
                      {"annotations", copy["metadata"]["annotations"]},
                      {"finalizers", copy["metadata"]["finalizers"]}};
  copy["spec"]["ports"] = load_balancer("default", "copy")["spec"]["ports"];
  copy.erase("status");
  stop(); // dklb knows at its start whose objects the pool holds
  kube_.create_service(copy);
  start();
  ASSERT_TRUE(eventually([&] { return served("copy"); }));
  EXPECT_TRUE(chosen_stands());
  EXPECT_NE(annotation_of("copy", pool_annotation), chosen_);
  EXPECT_EQ(frontends(chosen_).size(), 1U);
  EXPECT_EQ(edgelb_.pool_count(), 2U);
}

TEST_F(Annotation, EmptiedTextStaysEmptyAndThePoolIsNamedBesideIt) {
  kube_.create_service(load_balancer("default", "web"));
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  for (int round = 0; round < 2; ++round) {
    set(annotation, "");
    EXPECT_TRUE(eventually(
      [&] { return edgelb_.pool_names().front() == annotation_of("web", pool_annotation); }));
    wait_quiet();
    EXPECT_EQ(annotation_of("web", annotation), "");
  }
  EXPECT_EQ(edgelb_.pool_count(), 1U);
}

} // namespace
} // namespace dklb::controller_test
