#include "sandbox/edgelb/api_server.hpp"
#include "sandbox/edgelb/pool_table.hpp"
#include "tests/sandbox/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <dklb/version.hpp>
#include <httplib.h>

#include <fstream>

namespace dklb::sandbox::edgelb {
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
  EXPECT_TRUE(edgelb_.masters().empty());
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
  EXPECT_TRUE(edgelb_.masters().empty());
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

/// The API over a real socket.
class EdgelbServer : public ::testing::Test {
protected:
  EdgelbServer() : faults_(fault_file()) {}

  void serve(const std::string& tokens = {}) {
    std::filesystem::path file;
    if (!tokens.empty()) {
      file = edgelb_.folder() / "token";
      write(file, tokens);
    }
    tokens_ = std::move(*token_file::open(file));
    server_ = std::move(*api_server::open("127.0.0.1:0", {edgelb_.pools(), *tokens_, faults_}));
  }

  static void write(const std::filesystem::path& file, const std::string& text) {
    ASSERT_TRUE(write_durably(file, text).has_value());
  }

  std::filesystem::path fault_file() const { return edgelb_.folder() / "faults.json"; }

  running_edgelb edgelb_;
  fault_injector faults_;
  std::unique_ptr<token_file> tokens_;
  std::unique_ptr<api_server> server_;
};

TEST_F(EdgelbServer, CarriesThePoolsOverHttp) {
  serve();
  httplib::Client client(server_->url());
  const auto made = client.Post("/v2/pools", tcp_pool("web", 18080, 1).dump(), "application/json");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status, 200);
  const auto removed = client.Delete("/v2/pools/web");
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->status, 204);
  const auto missing = client.Get("/v2/pools/web");
  ASSERT_TRUE(missing);
  EXPECT_EQ(document::parse(missing->body)["code"], 404);
}

TEST_F(EdgelbServer, ListCommandPrintsThePorts) {
  serve("one\n");
  edgelb_.create(tcp_pool("dklb-redis", 16379, 1));
  EXPECT_EQ(*list_pools(server_->url() + "/", "one"),
            "  NAME        APIVERSION  COUNT  ROLE          PORTS\n"
            "  dklb-redis  V2          1      slave_public  9090, 16379\n");
  EXPECT_FALSE(list_pools(server_->url(), "").has_value());
  EXPECT_FALSE(list_pools("http://127.0.0.1:1", "").has_value());
}

TEST_F(EdgelbServer, WithoutTheTokenEverythingIs401) {
  serve("first\nsecond\n");
  httplib::Client client(server_->url());
  for (const char* path : {"/ping", "/healthz", "/v2/pools", "/elsewhere"}) {
    const auto answer = client.Get(path);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 401) << path;
    EXPECT_EQ(document::parse(answer->body)["code"], 401);
    EXPECT_EQ(answer->body.find("first"), std::string::npos);
  }
  const auto status_with = [&](const std::string& value) {
    const auto answer = client.Get("/ping", httplib::Headers{{"Authorization", value}});
    return answer ? answer->status : 0;
  };
  EXPECT_EQ(status_with("Bearer first"), 200);
  EXPECT_EQ(status_with("token=second"), 200);
  for (const char* wrong : {"Bearer firs", "Bearer first2", "Bearer ", "first", "Basic first"})
    EXPECT_EQ(status_with(wrong), 401) << wrong;
  write(edgelb_.folder() / "token", "third\n");
  EXPECT_EQ(status_with("Bearer third"), 200);
  EXPECT_EQ(status_with("Bearer first"), 401);
}

TEST(TokenFile, WithoutAnyTokenIsAnError) {
  const testing::temporary_folder folder;
  EXPECT_FALSE(token_file::open(folder.path() / "missing").has_value());
  ASSERT_TRUE(write_durably(folder.path() / "t", " \n").has_value());
  EXPECT_FALSE(token_file::open(folder.path() / "t").has_value());
}

TEST_F(EdgelbServer, SecondServerOnThePortIsRefused) {
  serve();
  const auto listen = server_->url().substr(std::string("http://").size());
  EXPECT_FALSE(api_server::open(listen, {edgelb_.pools(), *tokens_, faults_}).has_value());
  EXPECT_FALSE(api_server::open("nonsense", {edgelb_.pools(), *tokens_, faults_}).has_value());
}

TEST_F(EdgelbServer, FaultsAreInjectedAndTakenBack) {
  serve();
  httplib::Client client(server_->url());
  write(fault_file(), R"({"failureRate": 1, "failureCode": 502, "html": true})");
  auto answer = client.Get("/v2/pools");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 502);
  EXPECT_EQ(answer->get_header_value("Content-Type"), "text/html");
  write(fault_file(), R"({"failureRate": 1, "failureCode": 500, "methods": ["PUT"]})");
  EXPECT_EQ(client.Get("/v2/pools")->status, 200);
  answer = client.Put("/v2/pools/a", "{}", "application/json");
  EXPECT_EQ(document::parse(answer->body)["code"], 500);
  write(fault_file(), R"({"latencyMs": 100, "metadataDelayMs": 100})");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client.Get("/v2/pools/none/metadata")->status, 404);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
  std::filesystem::remove(fault_file());
  EXPECT_EQ(client.Get("/v2/pools")->status, 200);
}

TEST_F(EdgelbServer, CutAfterTheWriteLeavesThePoolMade) {
  serve();
  write(fault_file(), R"({"cutAfterWrite": true})");
  httplib::Client client(server_->url());
  EXPECT_FALSE(client.Post("/v2/pools", tcp_pool("web", 18080, 1).dump(), "application/json"));
  EXPECT_EQ(client.Get("/v2/pools/web")->status, 200);
  EXPECT_FALSE(client.Delete("/v2/pools/web"));
  EXPECT_EQ(client.Get("/v2/pools/web")->status, 404);
}

TEST_F(EdgelbServer, ServesMoreConnectionsAtOnceThanThereAreProcessors) {
  serve();
  std::vector<std::unique_ptr<httplib::Client>> clients;
  for (int number = 0; number < 40; ++number) {
    clients.push_back(std::make_unique<httplib::Client>(server_->url()));
    clients.back()->set_keep_alive(true);
    const auto answer = clients.back()->Get("/ping");
    ASSERT_TRUE(answer) << "connection " << number;
    EXPECT_EQ(answer->status, 200);
  }
}

} // namespace
} // namespace dklb::sandbox::edgelb
