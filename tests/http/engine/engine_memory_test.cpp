// What a server may make us keep while its answers come.
#include "http/engine/engine.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

namespace dklb::tests {
namespace {

using domain::error_code;
using testing::HasSubstr;

constexpr std::size_t mebibyte = 1U << 20U;

/// `size` zero bytes, packed: a thousandth of that.
std::string bomb(std::size_t size) {
  z_stream packer{};
  EXPECT_EQ(deflateInit2(&packer, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string packed;
  std::vector<unsigned char> zeros(mebibyte);
  std::array<unsigned char, 65536> piece{};
  for (std::size_t given = 0; given < size; given += zeros.size()) {
    packer.next_in = zeros.data();
    packer.avail_in = static_cast<uInt>(zeros.size());
    const bool last = given + zeros.size() >= size;
    do {
      packer.next_out = piece.data();
      packer.avail_out = piece.size();
      deflate(&packer, last ? Z_FINISH : Z_NO_FLUSH);
      packed.append(reinterpret_cast<const char*>(piece.data()), piece.size() - packer.avail_out);
    } while (packer.avail_out == 0);
  }
  deflateEnd(&packer);
  return packed;
}

http::request read_of(std::size_t limit) {
  auto what = get_request("/v2/pools");
  what.max_response_bytes = limit;
  return what;
}

TEST(EngineMemory, AGzipBombIsCountedAsItIsUnpacked) {
  const auto packed = bomb(64 * mebibyte);
  ASSERT_LT(packed.size(), mebibyte);
  raw_server server(each_request([&](raw_connection& connection, const std::string&) {
    connection.reply(200, packed, "Content-Encoding: gzip\r\n");
  }));
  http::engine engine;
  const auto answer = send_and_wait(engine, engine.add_target({}), plain_endpoint(server.url()),
                                    read_of(4 * mebibyte));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::malformed);
  EXPECT_THAT(answer.failure().message,
              HasSubstr(server.url() + "/v2/pools: the answer is larger than 4194304 bytes"));
}

TEST(EngineMemory, AnswersThatComeTogetherHaveOneBudget) {
  gate all_there;
  raw_server server(each_request([&](raw_connection& connection, const std::string& request) {
    const bool large = request_line(request) == "GET /v2/pools";
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: "
                     + std::to_string(large ? 3 * mebibyte : 5) + "\r\n\r\n"
                     + (large ? "x" : "small"));
    if (large) {
      all_there.wait();
      connection.write(std::string(3 * mebibyte - 1, 'x'));
    }
  }));
  http::engine engine{8 * mebibyte};
  const auto target = engine.add_target({"edgelb", {8, 0, 0}});
  const auto where = plain_endpoint(server.url());
  std::vector<awaited<http::response_result>> answers(3);
  for (auto& each : answers)
    engine.send(target, where, read_of(4 * mebibyte), each.callback());
  // Two find room, and the third is told at once that it does not.
  const auto ready = [](const auto& each) { return each.ready(); };
  EXPECT_TRUE(eventually([&] { return std::any_of(answers.begin(), answers.end(), ready); }));
  const auto refused = std::find_if(answers.begin(), answers.end(), ready);
  ASSERT_NE(refused, answers.end());
  const auto refusal = refused->get();
  answers.erase(refused);
  ASSERT_FALSE(refusal.has_value());
  EXPECT_EQ(refusal.failure().code, error_code::unavailable);
  EXPECT_THAT(refusal.failure().message, HasSubstr(server.url() + "/v2/pools: "));
  EXPECT_THAT(refusal.failure().message, HasSubstr("more than 8388608 bytes together"));
  // Small answers go on meanwhile.
  const auto small = send_and_wait(engine, target, where, get_request("/ping"));
  ASSERT_TRUE(small.has_value()) << small.failure().message;
  EXPECT_EQ(small->body, "small");
  EXPECT_FALSE(answers[0].ready() || answers[1].ready());
  all_there.open();
  for (auto& each : answers) {
    const auto answer = each.get();
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_EQ(answer->body.size(), 3 * mebibyte);
  }
  // And the room is free again.
  const auto again = send_and_wait(engine, target, where, read_of(4 * mebibyte));
  EXPECT_TRUE(again.has_value()) << again.failure().message;
}

} // namespace
} // namespace dklb::tests
