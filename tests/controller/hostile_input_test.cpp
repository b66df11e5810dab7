// What strangers send: to the introspection pages, and as EdgeLB.
#include "tests/controller/controller_fixture.hpp"
#include "tests/http/support/raw_server.hpp"

#include <zlib.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <sstream>

namespace dklb::controller_test {
namespace {

using ::testing::HasSubstr;
using tests::raw_connection;

TEST_F(Controller, PathsThatAreNoUtf8LeaveEveryPageAsItWas) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  for (const char* path : {"/services/%ff/x", "/services/default/%c0%af", "/pools/%ff", "/%ff",
                           "/%ff%0a2026-01-01T00:00:00.000Z%20error%20FORGED"}) {
    const auto answer = dklb_->get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_TRUE(answer.json().contains("error")) << path;
  }
  EXPECT_EQ(dklb_->get("/actors?key=%ff").status, 400);
  for (const char* path : {"/healthz", "/livez", "/readyz", "/metrics", "/actors", "/pools",
                           "/pools/app", "/services", "/services/default/web", "/config"})
    EXPECT_EQ(dklb_->get(path).status, 200) << path;
  const auto actor = dklb_->get("/actors?kind=introspection").json();
  ASSERT_EQ(actor.size(), 1U);
  EXPECT_EQ(actor[0]["restarts"], 0);
}

/// Sends as much as it can.
void flood(const raw_connection& connection, std::string_view head, const std::string& piece,
           std::size_t size) {
  connection.write(head);
  for (std::size_t sent = 0; sent < size; sent += piece.size())
    connection.write(piece);
}

constexpr std::size_t gibibyte = 1U << 30U;

std::string packed_blanks(std::size_t size) {
  z_stream packer{};
  deflateInit2(&packer, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string blanks(1U << 20U, ' ');
  std::string packed;
  std::array<unsigned char, 65536> piece{};
  for (std::size_t given = 0; given < size; given += blanks.size()) {
    packer.next_in = reinterpret_cast<unsigned char*>(blanks.data());
    packer.avail_in = static_cast<uInt>(blanks.size());
    do {
      packer.next_out = piece.data();
      packer.avail_out = piece.size();
      deflate(&packer, given + blanks.size() >= size ? Z_FINISH : Z_NO_FLUSH);
      packed.append(reinterpret_cast<const char*>(piece.data()), piece.size() - packer.avail_out);
    } while (packer.avail_out == 0);
  }
  deflateEnd(&packer);
  return packed;
}

struct flood_case {
  const char* name;
  void (*serve)(raw_connection&);
  const char* told;
};

void send_bomb(raw_connection& connection) {
  static const auto bomb = packed_blanks(gibibyte);
  connection.reply(200, bomb, "Content-Encoding: gzip\r\n");
}

void send_without_end(raw_connection& connection) {
  flood(connection, "HTTP/1.1 200 OK\r\n\r\n[", std::string(1U << 20U, ' '), gibibyte);
}

void refuse_without_end(raw_connection& connection) {
  flood(connection, "HTTP/1.1 503 Sorry\r\n\r\n", std::string(1U << 20U, ' '), gibibyte);
}

void send_a_million_pools(raw_connection& connection) {
  std::ostringstream pools;
  for (int number = 0; number < 1000000; ++number)
    pools << (number == 0 ? '[' : ',') << R"({"name":"pool-)" << number << "\"}";
  pools << ']';
  connection.reply(200, pools.str());
}

class ControllerFlood : public Controller, public ::testing::WithParamInterface<flood_case> {
protected:
  /// The most memory that the process has had at any time.
  std::size_t peak_mebibytes() const {
    std::istringstream status{
      support::read_file("/proc/" + std::to_string(dklb_->process().pid()) + "/status")};
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:"))
        return std::stoul(line.substr(line.find_first_of("0123456789"))) / 1024;
    return 0;
  }
};

TEST_P(ControllerFlood, OfEdgelbStaysBelowThePodsLimitAndIsTold) {
  std::atomic<int> answered{0};
  tests::raw_server edgelb([&](raw_connection& connection) {
    for (; connection.read_request(); ++answered)
      GetParam().serve(connection);
  });
  // The sanitizer keeps what was freed, which is not what is measured.
  ::setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1);
  start({{"edgelb", {{"url", edgelb.url()}}}});
  EXPECT_TRUE(eventually(
    [&] { return dklb_->get("/readyz").body.find(GetParam().told) != std::string::npos; }, 60s))
    << dklb_->get("/readyz").body;
  EXPECT_TRUE(eventually([&] { return answered >= 3; }, 60s));
  ::unsetenv("ASAN_OPTIONS");
  EXPECT_LT(peak_mebibytes(), 450U);
  EXPECT_GT(peak_mebibytes(), 0U);
  EXPECT_EQ(dklb_->get("/livez").status, 200);
}

INSTANTIATE_TEST_SUITE_P(
  All, ControllerFlood,
  ::testing::Values(
    flood_case{"GzipBomb", send_bomb, "/v2/pools: the answer is larger than"},
    flood_case{"EndlessBody", send_without_end, "/v2/pools: the answer is larger than"},
    flood_case{"EndlessRefusal", refuse_without_end, "HTTP status 503"},
    flood_case{"MillionPools", send_a_million_pools, "EdgeLB's list has more than 100000 pools"}),
  [](const auto& param_info) { return param_info.param.name; });

} // namespace
} // namespace dklb::controller_test
