// The API over a real socket: tokens, faults, clients that are slow.
#include "edgelb/api/api_server.hpp"
#include "edgelb/pools/pool_table.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <httplib.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace dklb::edgelb {
namespace {

using testing::running_edgelb;
using testing::tcp_pool;

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

struct token_case {
  const char* name;
  std::string header;
  int status;
};

class EdgelbTokens : public EdgelbServer, public ::testing::WithParamInterface<token_case> {};

TEST_P(EdgelbTokens, AreComparedAsTheBytesThatTheyAre) {
  serve("ab%41cd\ntoken\n");
  const auto colon = server_->url().rfind(':');
  const testing::connection client("127.0.0.1", std::stoi(server_->url().substr(colon + 1)));
  ASSERT_TRUE(client.send("GET /ping HTTP/1.1\r\nHost: x\r\n" + GetParam().header + "\r\n\r\n"));
  EXPECT_EQ(client.read_line().substr(9, 3), std::to_string(GetParam().status));
}

INSTANTIATE_TEST_SUITE_P(
  Table, EdgelbTokens,
  ::testing::Values(
    token_case{"PercentStands", "Authorization: Bearer ab%41cd", 200},
    token_case{"PercentStandsInTheOtherForm", "Authorization: token=ab%41cd", 200},
    token_case{"DecodedIsAnother", "Authorization: Bearer abAcd", 401},
    token_case{"EncodedIsAnother", "Authorization: Bearer %74oken", 401},
    token_case{"EncodedSchemeIsNone", "Authorization: Bearer%20token", 401},
    token_case{"EncodedZeroByteBehind", "Authorization: Bearer token%00", 401},
    token_case{"ZeroByteBehind", std::string("Authorization: Bearer token\0", 28), 401},
    token_case{"TextBehindAZeroByte", std::string("Authorization: Bearer token\0x", 29), 401},
    token_case{"EncodedBlankBehind", "Authorization: Bearer token%20", 401},
    token_case{"BlanksAround", "Authorization:  Bearer token ", 200},
    token_case{"TwoHeaders", "Authorization: Bearer token\r\nAuthorization: Bearer token", 401}),
  [](const auto& one) { return std::string(one.param.name); });

TEST_F(EdgelbServer, WhatAStrangerSendsIsSkipped) {
  serve("one\n");
  httplib::Client client(server_->url());
  client.set_keep_alive(true);
  const auto refused = client.Post("/v2/pools", std::string(4U << 20U, 'x'), "application/json");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  client.set_bearer_token_auth("one");
  const auto answer = client.Get("/ping");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST_F(EdgelbServer, MoreSlowConnectionsThanItServesDoNotHoldIt) {
  serve("one\n");
  const auto port = std::stoi(server_->url().substr(server_->url().rfind(':') + 1));
  std::mutex mutex;
  std::vector<std::unique_ptr<testing::connection>> slow;
  std::atomic<bool> over{false};
  std::thread trickle([&] {
    while (!over) {
      {
        const std::lock_guard lock(mutex);
        for (const auto& one : slow)
          (void)one->send("x");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  });
  for (int number = 0; number < 260; ++number) {
    auto one = std::make_unique<testing::connection>("127.0.0.1", port);
    EXPECT_TRUE(one->send("GET /")) << number;
    const std::lock_guard lock(mutex);
    slow.push_back(std::move(one));
  }
  httplib::Client client(server_->url());
  client.set_read_timeout(5);
  client.set_bearer_token_auth("one");
  for (int number = 0; number < 10; ++number) {
    const auto answer = client.Get("/healthz");
    EXPECT_TRUE(answer && answer->status == 200) << number;
  }
  over = true;
  trickle.join();
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
} // namespace dklb::edgelb
