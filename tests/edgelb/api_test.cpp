#include "edgelb/pools/pool_table.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <dklb/version.hpp>

namespace dklb::edgelb {
namespace {

using testing::running_edgelb;
using testing::tcp_pool;

class EdgelbApi : public ::testing::Test {
protected:
  running_edgelb edgelb_;
};

std::string code_and_message(const api_answer& answer) {
  const auto body = document::parse(answer.body);
  EXPECT_EQ(body["code"], answer.status);
  EXPECT_EQ(body.size(), 2U);
  return body["message"].get<std::string>();
}

TEST_F(EdgelbApi, PlainRoutesAnswer) {
  EXPECT_EQ(edgelb_.call("GET", "/ping").status, 200);
  EXPECT_EQ(edgelb_.call("GET", "/version").body, dklb::version);
  EXPECT_EQ(edgelb_.call("GET", "/version").content_type, "text/plain");
  EXPECT_EQ(edgelb_.call("GET", "/healthz").body, "ok");
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools").body, "[]");
  EXPECT_EQ(edgelb_.call("GET", "/v2/config").body, R"({"pools":[]})");
}

TEST_F(EdgelbApi, PoolLivesFromPostToDelete) {
  auto pool = tcp_pool("web", 18080, 1);
  pool["future"] = {{"kept", true}};
  const auto made = edgelb_.create(pool);
  EXPECT_EQ(made["count"], 1);
  EXPECT_EQ(made["future"]["kept"], true);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/web").body, made.dump());
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools").body, "[" + made.dump() + "]");
  EXPECT_EQ(edgelb_.call("POST", "/v2/pools", pool).status, 409);
  const auto configuration = edgelb_.call("GET", "/v2/pools/web/lbconfig");
  EXPECT_EQ(configuration.content_type, "text/plain");
  EXPECT_NE(configuration.body.find("frontend in\n"), std::string::npos);
  const auto removed = edgelb_.call("DELETE", "/v2/pools/web");
  EXPECT_EQ(removed.status, 204);
  EXPECT_EQ(removed.body, "");
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/web").status, 404);
  EXPECT_TRUE(edgelb_.haproxies().empty());
}

TEST_F(EdgelbApi, MissingPoolIs404Everywhere) {
  for (const char* path : {"/v2/pools/none", "/v2/pools/none/metadata"}) {
    const auto answer = edgelb_.call("GET", path);
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(code_and_message(answer), "there is no pool \"none\"");
  }
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/none/lbconfig").status, 404);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/none/lbconfig").content_type, "text/plain");
  EXPECT_EQ(edgelb_.call("PUT", "/v2/pools/none", tcp_pool("none", 1, 1)).status, 404);
  EXPECT_EQ(edgelb_.call("DELETE", "/v2/pools/none").status, 404);
  EXPECT_EQ(edgelb_.call("GET", "/elsewhere").status, 404);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/").status, 404);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/none/other").status, 404);
}

TEST_F(EdgelbApi, OtherMethodsAre405) {
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"DELETE", "/v2/pools"},
                                                        {"POST", "/v2/pools/a"},
                                                        {"PUT", "/v2/pools/a/metadata"},
                                                        {"POST", "/ping"}})
    EXPECT_EQ(edgelb_.call(method, path).status, 405) << method << " " << path;
}

TEST_F(EdgelbApi, BadBodiesAre400AndChangeNothing) {
  edgelb_.create(tcp_pool("web", 18080, 1));
  const auto before = edgelb_.call("GET", "/v2/pools/web").body;
  for (const char* body :
       {"", "{", "null", "[]", "7", R"({"name": "web", "count": "x"})", R"({"name": "other"})"}) {
    const auto answer = answer_call(edgelb_.pools(), {"PUT", "/v2/pools/web", body});
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_FALSE(code_and_message(answer).empty());
  }
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/web").body, before);
}

TEST_F(EdgelbApi, PutWithoutANameTakesTheOneOfThePath) {
  edgelb_.create(tcp_pool("web", 18080, 1));
  auto pool = tcp_pool("web", 18081, 1);
  pool.erase("name");
  EXPECT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
}

TEST_F(EdgelbApi, MetadataNamesBothAddressesOfAPublicPool) {
  edgelb_.create(tcp_pool("web", 18080, 1));
  const auto metadata = edgelb_.metadata("web");
  const auto& endpoint = metadata["frontends"][0]["endpoints"][0];
  EXPECT_EQ(metadata["name"], "web");
  EXPECT_EQ(metadata["frontends"][0]["name"], "in");
  EXPECT_EQ(endpoint["port"], 18080);
  EXPECT_EQ(endpoint["private"][0], edgelb_.addresses().address(16));
  EXPECT_EQ(endpoint["public"][0], edgelb_.addresses().address(48));
  EXPECT_EQ(metadata["stats"][0]["port"], 9090);
}

TEST_F(EdgelbApi, MetadataOfAPrivatePoolHasNoPublicAddress) {
  auto pool = tcp_pool("web", 0, 1);
  pool["role"] = "*";
  pool["count"] = 2;
  edgelb_.create(pool);
  const auto endpoints = edgelb_.metadata("web")["frontends"][0]["endpoints"];
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0]["private"][0], edgelb_.addresses().address(1));
  EXPECT_EQ(endpoints[1]["private"][0], edgelb_.addresses().address(2));
  EXPECT_TRUE(endpoints[0]["public"].empty());
  EXPECT_GE(endpoints[0]["port"].get<int>(), 10000);
}

TEST_F(EdgelbApi, PoolWithoutAPlaceIsKeptAndItsMetadataIs504) {
  auto pool = tcp_pool("web", 18080, 1);
  pool["constraints"] = R"([["rack","CLUSTER","a"]])";
  edgelb_.create(pool);
  const auto answer = edgelb_.call("GET", "/v2/pools/web/metadata");
  EXPECT_EQ(answer.status, 504);
  EXPECT_FALSE(code_and_message(answer).empty());
  EXPECT_TRUE(edgelb_.haproxies().empty());
}

TEST(PoolTable, LooksLikeTheGuides) {
  const auto pools = document::parse(R"([{"name": "dklb-redis", "apiVersion": "V2", "count": 1,
    "role": "slave_public", "haproxy": {"stats": {"bindPort": 0},
    "frontends": [{"name": "f", "bindPort": 16379}]}}])");
  const auto metadata = document::parse(R"({"stats": [{"port": 9090}]})");
  EXPECT_EQ(pool_table(pools, {{"dklb-redis", metadata}}),
            "  NAME        APIVERSION  COUNT  ROLE          PORTS\n"
            "  dklb-redis  V2          1      slave_public  9090, 16379\n");
  EXPECT_EQ(pool_table(document::array(), {}), "  NAME  APIVERSION  COUNT  ROLE  PORTS\n");
}

} // namespace
} // namespace dklb::edgelb
