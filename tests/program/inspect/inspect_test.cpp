// What `dklb explain` and `kubectl dklb` ask, print and end with.
#include "program/inspect/inspect.hpp"

#include "program/console.hpp"
#include "tests/program/inspect/scripted_pages.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace dklb::tests {
namespace {

using namespace program;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* lease_path =
  "/apis/coordination.k8s.io/v1/namespaces/dklb-system/leases/dklb";
const std::string proxy = "/api/v1/namespaces/dklb-system/pods/dklb-1:8080/proxy";
const json refused{{"namespace", "shop"},
                   {"name", "web"},
                   {"phase", "Refused"},
                   {"reason", "PortConflict"},
                   {"message", "port 80 is taken"}};

class Inspect : public ::testing::Test {
protected:
  Inspect() { server_.set(lease_path, lease_of("dklb-1_uuid", "2026-12-01T09:59:55.000000Z")); }

  int run(inspect_command command, const std::string& subject = {}) {
    request_.command = command;
    request_.subject = subject;
    out_.str("");
    errors_.str("");
    return inspect(request_, {server_.environment(), out_, errors_,
                              [] { return *domain::parse_time("2026-12-01T10:00:00Z"); }});
  }
  std::string out() const { return out_.str(); }
  std::string errors() const { return errors_.str(); }

  scripted_pages server_;
  inspect_request request_;
  std::ostringstream out_;
  std::ostringstream errors_;
};

TEST_F(Inspect, ExplainAsksTheLeadersPodThroughTheProxyOfTheApiServer) {
  server_.set(proxy + "/services/shop/web", refused);
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_shown);
  EXPECT_THAT(out(), HasSubstr("Cause      port 80 is taken\n"));
  EXPECT_EQ(errors(), "");
  EXPECT_THAT(server_.requests(), ElementsAre(lease_path, proxy + "/services/shop/web"));
  EXPECT_EQ(server_.last_header("Authorization"), "Bearer secret");
}

TEST_F(Inspect, ABareNameIsInTheNamespaceOfTheContext) {
  server_.set(proxy + "/services/shop/web", refused);
  EXPECT_EQ(run(inspect_command::explain, "web"), exit_shown);
  EXPECT_EQ(run(inspect_command::explain, "a/b/c"), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("NAMESPACE/NAME"));
}

TEST_F(Inspect, AContextMayBeNamed) {
  request_.place.context = "test";
  server_.set(proxy + "/services", json::array());
  EXPECT_EQ(run(inspect_command::services), exit_shown);
  request_.place.context = "other";
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("--context names 'other'"));
}

TEST_F(Inspect, AsJsonIsThePageInAscii) {
  auto page = refused;
  page["message"] = "größe \xe2\x80\xae";
  server_.set(proxy + "/services/shop/web", page);
  request_.output = "json";
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_shown);
  EXPECT_EQ(json::parse(out()), page);
  EXPECT_THAT(out(), HasSubstr("gr\\u00f6\\u00dfe \\u202e"));
}

/// The API server hands on the name that it was asked under.
TEST_F(Inspect, ARefusedHostHeaderIsReplacedByOneThatDklbKnows) {
  server_.set(proxy + "/pools", json::array(), 200, "localhost");
  server_.set(proxy + "/services", json::array(), 200, "localhost");
  EXPECT_EQ(run(inspect_command::pools), exit_shown);
  EXPECT_EQ(out(), "dklb has no pool.\n");
  EXPECT_THAT(server_.requests(), ElementsAre(lease_path, proxy + "/pools", proxy + "/pools"));
  EXPECT_EQ(run(inspect_command::plan), exit_no_change);
  EXPECT_EQ(server_.requests().size(), 7U) << "it is asked once again, not for each page";
  server_.set(proxy + "/pools", json::array(), 200, "another");
  EXPECT_EQ(run(inspect_command::pools), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("Host header"));
}

TEST_F(Inspect, UnderAUrlNobodyElseIsAsked) {
  server_.set("/services/shop/web", refused);
  request_.place.url = server_.url() + "/";
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_shown);
  EXPECT_THAT(server_.requests(), ElementsAre("/services/shop/web"));
  EXPECT_EQ(server_.last_header("Authorization"), "") << "a token is for the API server alone";
  request_.place.url = "localhost:8080";
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("http://"));
  request_.place.url = "http://127.0.0.1:" + std::to_string(unused_port());
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("http.listen"));
}

TEST_F(Inspect, AServiceThatDklbDoesNotKnowIsStatusOne) {
  server_.set(proxy + "/services/shop/web", {{"error", "no service \"shop/web\" is known"}}, 404);
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_unknown);
  EXPECT_THAT(errors(), HasSubstr("kubectl -n shop get service web"));
  server_.set(proxy + "/pools/none", {{"error", "no pool \"none\" is known"}}, 404);
  EXPECT_EQ(run(inspect_command::pools, "none"), exit_unknown);
  EXPECT_EQ(out(), "");
}

TEST_F(Inspect, APodThatIsNotThereIsNoUnknownService) {
  server_.set(proxy + "/services/shop/web",
              {{"kind", "Status"}, {"message", "pods \"dklb-1\" not found"}}, 404);
  EXPECT_EQ(run(inspect_command::explain, "shop/web"), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("pods \"dklb-1\" not found"));
  EXPECT_THAT(errors(), HasSubstr("--url"));
}

TEST_F(Inspect, AMissingRightNamesTheRole) {
  server_.set(proxy + "/services",
              {{"kind", "Status"}, {"message", "User \"jane\" cannot get resource \"pods/proxy\""}},
              403);
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("User \"jane\" cannot get"));
  EXPECT_THAT(errors(), HasSubstr("dklb-viewer"));
  server_.set(lease_path, {{"kind", "Status"}, {"message", "cannot get leases"}}, 403);
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("cannot get leases"));
  EXPECT_THAT(errors(), HasSubstr("dklb-viewer"));
}

TEST_F(Inspect, APodThatTheApiServerCannotReachComesWithTheWaysAroundIt) {
  server_.set(proxy + "/services",
              {{"kind", "Status"}, {"message", "error trying to reach service: dial tcp: timeout"}},
              503);
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  for (const char* part : {"dial tcp", "NetworkPolicy", "http.listen", "port-forward"})
    EXPECT_THAT(errors(), HasSubstr(part));
}

TEST_F(Inspect, LeadersThatCannotBeFoundComeWithTheNextStep) {
  server_.set(lease_path, {{"kind", "Status"}, {"message", "not found"}}, 404);
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("there is no Lease dklb-system/dklb"));
  server_.set(lease_path, lease_of("", "2026-12-01T09:59:55Z"));
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("no dklb leads now"));
  server_.set(lease_path, lease_of("../secrets_uuid", "2026-12-01T09:59:55Z"));
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("is no pod"));
  for (const auto& path : server_.requests())
    EXPECT_EQ(path, lease_path);
}

TEST_F(Inspect, AnOldLeaseIsAWarningAndTheAnswerIsShown) {
  server_.set(lease_path, lease_of("dklb-1_uuid", "2026-12-01T09:50:00Z"));
  server_.set(proxy + "/services", json::array());
  EXPECT_EQ(run(inspect_command::services), exit_shown);
  EXPECT_THAT(errors(), HasSubstr("warning: the Lease says that dklb-1_uuid leads"));
}

TEST_F(Inspect, NamespaceLeaseAndPortMayBeOthers) {
  request_.place.name_space = "lb";
  request_.place.lease = "leases/other";
  request_.place.port = 9000;
  const std::string path = "/apis/coordination.k8s.io/v1/namespaces/leases/leases/other";
  const std::string page = "/api/v1/namespaces/lb/pods/dklb-1:9000/proxy/services";
  server_.set(path, lease_of("dklb-1_uuid", "2026-12-01T09:59:55Z"));
  server_.set(page, json::array());
  EXPECT_EQ(run(inspect_command::services), exit_shown) << errors();
  EXPECT_THAT(server_.requests(), ElementsAre(path, page));
  request_.place.lease = "a/b/c";
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(Inspect, PlanIsWhatTheLeaderWouldChangeNow) {
  server_.set(proxy + "/pools", json::array({{{"name", "a"}}, {{"name", "b"}}, {{"name", "c"}}}));
  server_.set(proxy + "/pools/a", {{"name", "a"}, {"action", "none"}});
  server_.set(proxy + "/pools/b",
              {{"name", "b"}, {"action", "replace"}, {"changes", {"add frontend x"}}});
  server_.set(proxy + "/pools/c", {{"error", "no pool \"c\" is known"}}, 404);
  server_.set(proxy + "/services", json::array({refused}));
  EXPECT_EQ(run(inspect_command::plan), exit_changes) << errors();
  EXPECT_THAT(out(), HasSubstr("b     replace  add frontend x\n"));
  EXPECT_THAT(out(), HasSubstr("shop/web  Refused  PortConflict: port 80 is taken\n"));
  server_.set(proxy + "/pools/b",
              {{"name", "b"}, {"actualError", "EdgeLB did not answer in time"}});
  EXPECT_EQ(run(inspect_command::plan), exit_failed);
  EXPECT_THAT(errors(), HasSubstr("EdgeLB did not answer in time"));
  EXPECT_EQ(out(), "");
}

TEST_F(Inspect, EventsAreTheOnesThatDklbWroteAboutTheService) {
  const std::string path = "/api/v1/namespaces/shop/events?fieldSelector="
                           "involvedObject.kind%3DService";
  const json event{{"reportingComponent", "kubernetes.dcos.io/dklb"},
                   {"reason", "PortConflict"},
                   {"involvedObject", {{"namespace", "shop"}, {"name", "web"}}}};
  const json foreign{{"reportingComponent", "service-controller"}, {"reason", "Other"}};
  server_.set(path, {{"items", {event, foreign}}});
  server_.set(path + "%2CinvolvedObject.name%3Dweb", {{"items", {event, foreign}}});
  EXPECT_EQ(run(inspect_command::events, "shop/web"), exit_shown) << errors();
  EXPECT_THAT(out(), HasSubstr("PortConflict"));
  EXPECT_THAT(out(), ::testing::Not(HasSubstr("Other")));
  EXPECT_EQ(run(inspect_command::events), exit_shown);
  EXPECT_THAT(out(), HasSubstr("shop/web"));
  EXPECT_EQ(run(inspect_command::events, "other/web"), exit_no_answer) << "the server says 404";
  server_.set(path, {{"kind", "Status"}, {"message", "cannot list events"}}, 403);
  EXPECT_EQ(run(inspect_command::events), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("cannot list events; ask for the ClusterRole dklb-viewer"));
}

TEST_F(Inspect, ActorsAreAskedByKind) {
  server_.set(proxy + "/actors?kind=pool", json::array());
  request_.kind = "pool";
  EXPECT_EQ(run(inspect_command::actors), exit_shown) << errors();
  request_.kind = "pool&x=1";
  EXPECT_EQ(run(inspect_command::actors), exit_no_answer);
}

TEST_F(Inspect, AnAnswerThatIsNotDklbsIsAnErrorAndItsTextSteersNothing) {
  server_.set(proxy + "/services", "<html>hello</html>");
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_THAT(errors(), HasSubstr("no JSON"));
  server_.set(proxy + "/services", {{"error", "evil\x1b[2J\nline"}}, 503);
  EXPECT_EQ(run(inspect_command::services), exit_no_answer);
  EXPECT_EQ(errors().find('\x1b'), std::string::npos);
  EXPECT_EQ(errors().find('\n'), errors().size() - 1);
}

} // namespace
} // namespace dklb::tests
