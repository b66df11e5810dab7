// What EdgeLB can do wrong, and what the user sees of it.
#include "tests/controller/controller_fixture.hpp"

#include <sstream>

namespace dklb::controller_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

struct outcome_case {
  const char* name;
  fault_kind kind;
  bool done; ///< the write happens although no success is seen
};

class EdgelbAmbiguity : public Controller, public ::testing::WithParamInterface<outcome_case> {
protected:
  /// True where no write to the pool follows another one without a read between them.
  bool reads_before_writing_again(const std::string& pool) const {
    bool fresh = true;
    for (const auto& entry : edgelb_.log()) {
      const bool about = entry.meaning.key == pool && entry.meaning.resource == "pools";
      if (about && entry.write() && !std::exchange(fresh, false))
        return false;
      // A definite success is as good as a read.
      if (entry.meaning.verb == "list" || (about && entry.meaning.verb == "get")
          || (about && entry.write() && entry.status / 100 == 2 && !faulty(entry)))
        fresh = true;
    }
    return true;
  }

  static bool faulty(const support::log_entry& entry) { return entry.exchange_id == first_fault; }

  void remember_faulty_write(const char* verb) {
    for (const auto& entry : edgelb_.log(verb, "pools"))
      first_fault = first_fault == 0 ? entry.exchange_id : first_fault;
  }

  void SetUp() override { first_fault = 0; }

  static inline std::uint64_t first_fault = 0;
};

TEST_P(EdgelbAmbiguity, OfACreationIsResolvedByReading) {
  edgelb_.inject({.kind = GetParam().kind, .method = "POST", .times = 1});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  remember_faulty_write("create");
  EXPECT_EQ(edgelb_.count("create", "pools"), GetParam().done ? 1U : 2U);
  EXPECT_EQ(edgelb_.count("update", "pools"), 0U) << "nothing differs";
  EXPECT_TRUE(reads_before_writing_again("app"));
}

TEST_P(EdgelbAmbiguity, OfAReplacementIsResolvedByReading) {
  create("one", "app", {80});
  start();
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  edgelb_.clear_log();
  edgelb_.inject({.kind = GetParam().kind, .method = "PUT", .times = 1});
  create("two", "app", {81});
  ASSERT_TRUE(eventually([&] { return served("two"); }));
  remember_faulty_write("update");
  EXPECT_EQ(edgelb_.count("update", "pools"), GetParam().done ? 1U : 2U);
  EXPECT_TRUE(reads_before_writing_again("app"));
}

TEST_P(EdgelbAmbiguity, OfARemovalIsResolvedByReading) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  edgelb_.clear_log();
  edgelb_.inject({.kind = GetParam().kind, .method = "DELETE", .times = 1});
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  remember_faulty_write("delete");
  EXPECT_FALSE(has_pool("app"));
  EXPECT_TRUE(reads_before_writing_again("app"));
}

INSTANTIATE_TEST_SUITE_P(Faults, EdgelbAmbiguity,
                         ::testing::Values(outcome_case{"http_503", fault_kind::status, false},
                                           outcome_case{"html", fault_kind::html, false},
                                           outcome_case{"cut_before", fault_kind::cut_before,
                                                        false},
                                           outcome_case{"cut_after", fault_kind::cut_after, true}),
                         [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, HalfAnAnswerToACreationIsResolvedByReading) {
  edgelb_.inject({.kind = fault_kind::half_body, .method = "POST", .times = 1});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(edgelb_.count("create", "pools"), 1U);
  EXPECT_EQ(edgelb_.count("update", "pools"), 0U);
}

TEST_F(Controller, AnswerThatIsNoJsonIsResolvedByReading) {
  edgelb_.inject({.kind = fault_kind::malformed, .method = "POST", .times = 1});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(edgelb_.count("create", "pools"), 2U);
  EXPECT_GE(edgelb_.count("get", "pools"), 1U);
}

TEST_F(Controller, CreationThatLostARaceIsReadAndMerged) {
  edgelb_.hold_metadata();
  create("web", "app");
  edgelb_.inject({.kind = fault_kind::delay_only, .method = "POST", .times = 1, .delay = 150ms});
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") == 1; }));
  edgelb_.put_pool(foreign_pool("app"));
  edgelb_.release_metadata();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(frontends("app"), Contains("theirs"));
  EXPECT_THAT(frontends("app"), Contains(object_name("web", 80)));
}

TEST_F(Controller, PoolThatVanishedBeforeItsReplacementIsCreated) {
  create("one", "app", {80});
  start();
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  edgelb_.remove_pool("app");
  create("two", "app", {81});
  EXPECT_TRUE(eventually([&] { return served("two") && frontends("app").size() == 2; }));
}

TEST_F(Controller, RefusalReachesTheUserInEdgelbsWords) {
  edgelb_.refuse_when([](const pool_json& document) -> std::optional<std::string> {
    if (document["name"] == "bad")
      return "quota of the group is used up";
    return std::nullopt;
  });
  create("bad", "bad");
  create("good", "good");
  start();
  ASSERT_TRUE(eventually([&] { return served("good"); }));
  ASSERT_TRUE(eventually(
    [&] { return message("bad").find("quota of the group is used up") != std::string::npos; }));
  EXPECT_EQ(condition("bad")["status"], "False");
  EXPECT_EQ(explained("bad")["phase"], "Refused");
  edgelb_.refuse_when(nullptr);
  EXPECT_TRUE(eventually([&] { return served("bad"); })) << "tried again by itself";
}

TEST_F(Controller, SpoiledClaimDoesNotHoldThePoolHostage) {
  edgelb_.refuse_when([](const pool_json& document) -> std::optional<std::string> {
    for (const auto& frontend : document["haproxy"]["frontends"]) {
      if (frontend["bindPort"] == 6666)
        return "port 6666 is reserved";
    }
    return std::nullopt;
  });
  create("one", "app", {80});
  create("spoiled", "app", {6666});
  create("two", "app", {81});
  start();
  ASSERT_TRUE(eventually([&] { return served("one") && served("two"); }));
  ASSERT_TRUE(eventually([&] { return !message("spoiled").empty(); }));
  EXPECT_THAT(message("spoiled"), HasSubstr("port 6666 is reserved"));
  create("three", "app", {82});
  EXPECT_TRUE(eventually([&] { return served("three"); }));
  EXPECT_FALSE(served("spoiled"));
}

TEST_F(Controller, HtmlErrorIsToldWithoutItsTags) {
  edgelb_.inject({.kind = fault_kind::html, .method = "POST", .code = 502});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return reason("web") == "EdgeLBError"; }));
  EXPECT_THAT(message("web"), HasSubstr("Bad Gateway"));
  EXPECT_THAT(message("web"), Not(HasSubstr("<")));
}

TEST_F(Controller, RepeatedFailureIsOneEvent) {
  edgelb_.inject({.kind = fault_kind::status, .method = "POST", .text = "scheduler is away"});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") >= 5; }));
  const auto reasons = event_reasons("web");
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "EdgeLBError"), 1);
  EXPECT_THAT(message("web"), HasSubstr("scheduler is away"));
}

TEST_F(Controller, HangingPoolDelaysNoOther) {
  edgelb_.inject({.kind = fault_kind::hang, .path = "/v2/pools/slow*"});
  for (int i = 0; i < 3; ++i)
    edgelb_.put_pool(foreign_pool("slow-" + std::to_string(i)));
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  for (int i = 0; i < 3; ++i)
    create("slow-" + std::to_string(i), "slow-" + std::to_string(i));
  ASSERT_TRUE(eventually(
    [&] { return edgelb_.count("get", "pools") + edgelb_.count("update", "pools") == 3; }));
  for (int i = 0; i < 10; ++i)
    create("fast-" + std::to_string(i), "fast-" + std::to_string(i));
  EXPECT_TRUE(eventually(
    [&] {
      for (int i = 0; i < 10; ++i) {
        if (!served("fast-" + std::to_string(i)))
          return false;
      }
      return true;
    },
    4s))
    << "before the hanging requests time out";
}

TEST_F(Controller, AddressComesWhenTheMetadataDoes) {
  edgelb_.hold_metadata("app");
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 3; }));
  EXPECT_FALSE(served("web"));
  EXPECT_EQ(explained("web")["phase"], "AwaitingAddress");
  edgelb_.release_metadata("app");
  EXPECT_TRUE(eventually([&] { return served("web"); }));
}

struct metadata_case {
  const char* name;
  const char* body; ///< null: a 504
};

class ControllerKeepsAddresses : public Controller,
                                 public ::testing::WithParamInterface<metadata_case> {};

TEST_P(ControllerKeepsAddresses, WhileTheMetadataIsAway) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto before = addresses("web");
  wait_quiet();
  if (GetParam().body == nullptr)
    edgelb_.hold_metadata();
  else
    edgelb_.set_metadata("app", GetParam().body);
  clear_logs();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 3; }));
  EXPECT_EQ(addresses("web"), before);
  EXPECT_EQ(kube_.writes(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
  Table, ControllerKeepsAddresses,
  ::testing::Values(metadata_case{"gateway_timeout", nullptr}, metadata_case{"empty", "{}"},
                    metadata_case{"no_json", "<html>"}, metadata_case{"array", "[]"},
                    metadata_case{"null_parts", R"({"frontends": null, "aws": null})"},
                    metadata_case{"wrong_types",
                                  R"({"frontends": [{"name": 7, "endpoints": "x"}]})"}),
  [](const auto& entry) { return entry.param.name; });

struct malformed_case {
  const char* name;
  const char* body;
};

class ControllerSkips : public Controller, public ::testing::WithParamInterface<malformed_case> {};

TEST_P(ControllerSkips, AMalformedPool) {
  edgelb_.put_raw_pool("odd", GetParam().body);
  create("web", "app");
  start();
  EXPECT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_TRUE(dklb_->process().running());
}

INSTANTIATE_TEST_SUITE_P(
  Table, ControllerSkips,
  ::testing::Values(
    malformed_case{"number", "17"}, malformed_case{"null", "null"}, malformed_case{"no_name", "{}"},
    malformed_case{"name_of_another_type", R"({"name": 5})"},
    malformed_case{"count_null", R"({"name": "odd", "count": null})"},
    malformed_case{"haproxy_null", R"({"name": "odd", "haproxy": null})"},
    malformed_case{"frontends_object", R"({"name": "odd", "haproxy": {"frontends": {}}})"},
    malformed_case{"frontend_without_link",
                   R"({"name": "odd", "haproxy": {"frontends": [{"name": "f"}, 3, null]}})"}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, WaitsForAnEdgelbThatIsAwayAtTheStart) {
  edgelb_.go_away();
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return dklb_->get("/readyz").status == 503; }));
  ASSERT_TRUE(eventually(
    [&] { return dklb_->get("/readyz?verbose").body.find("[+] services") != std::string::npos; }));
  EXPECT_THAT(dklb_->get("/readyz?verbose").body, HasSubstr("[-] edgelb"));
  EXPECT_EQ(dklb_->get("/livez").status, 200);
  edgelb_.come_back();
  EXPECT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(dklb_->get("/readyz").status, 200);
}

TEST_F(Controller, CatchesUpAfterEdgelbWasAway) {
  create("one", "one");
  start();
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  edgelb_.go_away();
  create("two", "two");
  ASSERT_TRUE(eventually([&] { return reason("two") == "EdgeLBError"; }));
  EXPECT_TRUE(served("one"));
  edgelb_.come_back();
  EXPECT_TRUE(eventually([&] { return served("two"); }));
}

struct denial_case {
  const char* name;
  int code;
};

/// EdgeLB does not let dklb in.
class EdgelbDenial : public Controller, public ::testing::WithParamInterface<denial_case> {
protected:
  void deny() {
    denial_ = edgelb_.inject(
      {.path = "/v2/*", .code = GetParam().code, .text = "who sends first-secret is refused"});
  }

  /// The user and the operator know, and nobody has seen the token.
  void expect_told(const std::string& name) {
    ASSERT_TRUE(eventually([&] { return reason(name) == "EdgeLBError"; }));
    EXPECT_EQ(condition(name)["status"], "False");
    EXPECT_THAT(message(name), HasSubstr("check the credentials"));
    EXPECT_TRUE(eventually([&] {
      const auto reasons = event_reasons(name);
      return std::count(reasons.begin(), reasons.end(), "EdgeLBError") == 1;
    }));
    EXPECT_THAT(dklb_->get("/readyz?verbose").body, HasSubstr("check the credentials"));
  }

  void expect_logged_once_and_the_token_nowhere() {
    const auto said = dklb_->output();
    // The operator is warned once. That each Service waits, and why, is a line of its own.
    std::istringstream all_lines{said};
    std::size_t warnings = 0;
    for (std::string line; std::getline(all_lines, line);)
      warnings += line.find(" warning ") != std::string::npos
                  && line.find("check the credentials") != std::string::npos;
    EXPECT_EQ(warnings, 1U) << said;
    std::string all = said;
    for (const char* page : {"/config", "/actors", "/services", "/pools", "/readyz?verbose"})
      all += dklb_->get(page).body;
    for (const auto& event : kube_.events())
      all += event.dump();
    EXPECT_THAT(all, Not(HasSubstr("-secret")));
  }

  support::temporary_folder folder_;
  std::string token_ = folder_.write("token", "first-secret\n");
  json settings_{{"edgelb", {{"bearerTokenFile", token_}}},
                 {"concurrency", {{"resyncPeriod", "100ms"}}}};
  std::size_t denial_ = 0;
};

TEST_P(EdgelbDenial, FromTheStartIsToldToTheUserAndTheOperator) {
  deny();
  create("web", "app");
  start(settings_);
  expect_told("web");
  create("later", "later");
  expect_told("later");
  EXPECT_NE(dklb_->get("/readyz").status, 200);
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 5; }));
  EXPECT_EQ(edgelb_.writes(), 0U);
  expect_logged_once_and_the_token_nowhere();
  edgelb_.remove_fault(denial_);
  EXPECT_TRUE(eventually([&] { return served("web") && served("later"); }));
  EXPECT_EQ(condition("web")["status"], "True");
  EXPECT_THAT(dklb_->get("/readyz?verbose").body, Not(HasSubstr("credentials")));
}

TEST_P(EdgelbDenial, WhileRunningIsToldForWhatItHitsAndLeavesTheRest) {
  create("before", "before");
  start(settings_);
  ASSERT_TRUE(eventually([&] { return served("before"); }));
  deny();
  ASSERT_TRUE(eventually(
    [&] { return dklb_->get("/readyz?verbose").body.find("credentials") != std::string::npos; }));
  create("one", "one");
  create("two", "two");
  expect_told("one");
  expect_told("two");
  expect_logged_once_and_the_token_nowhere();
  EXPECT_TRUE(served("before"));
  EXPECT_EQ(condition("before")["status"], "True");
  edgelb_.remove_fault(denial_);
  EXPECT_TRUE(eventually([&] { return served("one") && served("two"); }));
}

INSTANTIATE_TEST_SUITE_P(Table, EdgelbDenial,
                         ::testing::Values(denial_case{"unauthorized", 401},
                                           denial_case{"forbidden", 403}),
                         [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, ATokenThatIsReplacedWhileRunningIsTakenUp) {
  support::temporary_folder folder;
  const auto file = folder.write("token", "first-secret\n");
  edgelb_.require_authorization("Bearer first-secret");
  create("one", "one");
  start({{"edgelb", {{"bearerTokenFile", file}}}});
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  edgelb_.require_authorization("Bearer second-secret");
  folder.write("token", "second-secret\n");
  create("two", "two");
  EXPECT_TRUE(eventually([&] { return served("two"); }));
  EXPECT_THAT(dklb_->output(), Not(HasSubstr("-secret")));
  EXPECT_THAT(dklb_->output(), Not(HasSubstr("check the credentials"))) << "nobody had to know";
}

} // namespace
} // namespace dklb::controller_test
