#include "tests/support/edgelb_imposter.hpp"
#include "tests/support/raw_client.hpp"

#include <gtest/gtest.h>

namespace dklb::support {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class EdgelbImposter : public ::testing::Test {
protected:
  raw_answer send(const std::string& method, const std::string& target, const json& body = {}) {
    return call(server_.port(), method, target, body.is_null() ? "" : body.dump());
  }
  static json pool(const std::string& name) {
    return {
      {"name", name},
      {"unknown", {{"kept", true}}},
      {"haproxy",
       {{"frontends", {{{"name", "front"}, {"bindPort", 80}, {"odd", 1}}}},
        {"backends", {{{"name", "back"}, {"services", {{{"endpoint", {{"port", 30000}}}}}}}}}}}};
  }

  edgelb_imposter server_;
};

TEST_F(EdgelbImposter, FillsInDefaultsAndKeepsWhatItDoesNotKnow) {
  const auto answer = send("POST", "/v2/pools", pool("app"));
  EXPECT_EQ(answer.status, 200);
  const auto stored = answer.json();
  EXPECT_EQ(stored["cpus"], 0.9);
  EXPECT_EQ(stored["mem"], 992);
  EXPECT_EQ(stored["constraints"], "hostname:UNIQUE");
  EXPECT_EQ(stored["unknown"]["kept"], true);
  const auto& haproxy = stored["haproxy"];
  EXPECT_EQ(haproxy["stats"]["bindPort"], 9090);
  EXPECT_EQ(haproxy["frontends"][0]["odd"], 1);
  EXPECT_EQ(haproxy["frontends"][0]["bindAddress"], "0.0.0.0");
  EXPECT_EQ(haproxy["backends"][0]["balance"], "roundrobin");
  EXPECT_EQ(haproxy["backends"][0]["services"][0]["endpoint"]["type"], "AUTO_IP");
  EXPECT_EQ(haproxy["backends"][0]["services"][0]["endpoint"]["check"]["enabled"], true);
  EXPECT_EQ(haproxy["backends"][0]["rewriteHttp"]["request"]["forwardfor"], true);
  EXPECT_EQ(send("GET", "/v2/pools/app").json(), stored);
  EXPECT_EQ(send("GET", "/v2/pools").json(), json::array({stored}));
  EXPECT_EQ(send("GET", "/v2/config").json()["pools"][0], stored);
}

TEST_F(EdgelbImposter, WritingItsOwnAnswerBackChangesNothing) {
  const auto stored = send("POST", "/v2/pools", pool("app")).json();
  EXPECT_EQ(send("PUT", "/v2/pools/app", stored).json(), stored);
}

struct refusal {
  const char* name;
  const char* method;
  const char* target;
  const char* body;
  int status;
};

class EdgelbRefusal : public EdgelbImposter, public ::testing::WithParamInterface<refusal> {};

TEST_P(EdgelbRefusal, IsAnErrorInItsOwnForm) {
  server_.put_pool({{"name", "there"}});
  const auto& [name, method, target, body, status] = GetParam();
  const auto answer = call(server_.port(), method, target, body);
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(answer.json()["code"], status);
  EXPECT_FALSE(answer.json()["message"].get<std::string>().empty());
}

INSTANTIATE_TEST_SUITE_P(
  Contract, EdgelbRefusal,
  ::testing::Values(refusal{"missing", "GET", "/v2/pools/none", "", 404},
                    refusal{"metadata", "GET", "/v2/pools/none/metadata", "", 404},
                    refusal{"replace", "PUT", "/v2/pools/none", R"({"name": "none"})", 404},
                    refusal{"remove", "DELETE", "/v2/pools/none", "", 404},
                    refusal{"twice", "POST", "/v2/pools", R"({"name": "there"})", 409},
                    refusal{"bad_name", "POST", "/v2/pools", R"({"name": "No"})", 400},
                    refusal{"no_json", "POST", "/v2/pools", "{", 400},
                    refusal{"bad_part", "POST", "/v2/pools",
                            R"({"name": "a", "haproxy": {"frontends": [1]}})", 400},
                    refusal{"no_services", "POST", "/v2/pools",
                            R"({"name": "a", "haproxy": {"backends": [{"name": "b"}]}})", 400},
                    refusal{"empty_services", "PUT", "/v2/pools/there",
                            R"({"name": "there", "haproxy": {"backends": [
                              {"name": "b", "services": []}]}})",
                            400},
                    refusal{"no_address", "POST", "/v2/pools",
                            R"({"name": "a", "haproxy": {"backends": [{"name": "b", "services": [
                              {"endpoint": {"type": "ADDRESS", "port": 1}}]}]}})",
                            400},
                    refusal{"port_twice", "POST", "/v2/pools",
                            R"({"name": "a", "haproxy": {"frontends": [
                              {"bindPort": 80}, {"bindPort": 80}]}})",
                            400},
                    refusal{"default_of_no_backend", "POST", "/v2/pools",
                            R"({"name": "a", "haproxy": {"frontends": [
                              {"linkBackend": {"defaultBackend": "b"}}]}})",
                            400},
                    refusal{"map_to_no_backend", "POST", "/v2/pools",
                            R"({"name": "a", "haproxy": {"frontends": [
                              {"linkBackend": {"map": [{"pathBeg": "/", "backend": "b"}]}}]}})",
                            400}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(EdgelbImposter, DeletedPoolIsGone) {
  send("POST", "/v2/pools", pool("app"));
  EXPECT_EQ(send("DELETE", "/v2/pools/app").status, 204);
  EXPECT_EQ(server_.pool_count(), 0U);
}

TEST_F(EdgelbImposter, MetadataNamesEveryInstanceOnce) {
  auto body = pool("app");
  body["count"] = 2;
  send("POST", "/v2/pools", body);
  const auto endpoint =
    send("GET", "/v2/pools/app/metadata").json()["frontends"][0]["endpoints"][0];
  EXPECT_EQ(endpoint["port"], 80);
  EXPECT_EQ(endpoint["private"].size(), 2U);
  EXPECT_EQ(endpoint["public"].size(), 2U);
  server_.set_instances("app", {{"10.9.9.9", ""}});
  const auto moved = send("GET", "/v2/pools/app/metadata").json()["frontends"][0]["endpoints"][0];
  EXPECT_EQ(moved["private"], json::array({"10.9.9.9"}));
  EXPECT_TRUE(moved["public"].empty());
}

TEST_F(EdgelbImposter, MetadataIs504UntilKnown) {
  send("POST", "/v2/pools", pool("app"));
  server_.hold_metadata("app");
  EXPECT_EQ(send("GET", "/v2/pools/app/metadata").status, 504);
  server_.release_metadata("app");
  EXPECT_EQ(send("GET", "/v2/pools/app/metadata").status, 200);
  server_.set_metadata_delay(1h);
  EXPECT_EQ(send("GET", "/v2/pools/app/metadata").status, 504);
}

TEST_F(EdgelbImposter, PortOfItsChoiceStays) {
  auto body = pool("app");
  body["haproxy"]["frontends"][0]["bindPort"] = 0;
  const auto first = send("POST", "/v2/pools", body).json()["haproxy"]["frontends"][0]["bindPort"];
  EXPECT_GT(first.get<int>(), 0);
  EXPECT_EQ(send("PUT", "/v2/pools/app", body).json()["haproxy"]["frontends"][0]["bindPort"],
            first);
}

TEST_F(EdgelbImposter, RefusesWhatTheTestRefuses) {
  server_.refuse_when([](const pool_json& document) -> std::optional<std::string> {
    if (document["name"] == "bad")
      return "no such luck";
    return std::nullopt;
  });
  EXPECT_EQ(send("POST", "/v2/pools", pool("bad")).json()["message"], "no such luck");
  EXPECT_EQ(send("POST", "/v2/pools", pool("good")).status, 200);
}

TEST_F(EdgelbImposter, NoticesOverlappingWritesToOnePool) {
  send("POST", "/v2/pools", pool("app"));
  send("PUT", "/v2/pools/app", pool("app"));
  EXPECT_FALSE(server_.writes_to("app").overlapped);
  EXPECT_EQ(server_.writes_to("app").count, 2U);
  EXPECT_TRUE(server_.writes_to("app").min_gap.has_value());
  server_.inject({.kind = fault_kind::hang, .method = "PUT", .times = 1});
  raw_client slow(server_.port());
  slow.send("PUT", "/v2/pools/app", pool("app").dump());
  EXPECT_TRUE(server_.wait_until([&] { return server_.count("update", "pools") == 2; }));
  send("PUT", "/v2/pools/app", pool("app"));
  EXPECT_TRUE(server_.writes_to("app").overlapped);
  EXPECT_EQ(server_.overlapped_pools(), std::vector<std::string>{"app"});
}

TEST_F(EdgelbImposter, TellsWritersApartByTheirLabel) {
  send("POST", "/as/one/v2/pools", pool("a"));
  send("POST", "/as/one/v2/pools", pool("b"));
  send("POST", "/as/two/v2/pools", pool("c"));
  const auto terms = server_.writer_terms();
  ASSERT_EQ(terms.size(), 2U);
  EXPECT_EQ(terms[0].client, "one");
  EXPECT_EQ(terms[0].writes, 2U);
  EXPECT_EQ(terms[1].client, "two");
}

} // namespace
} // namespace dklb::support
