#include "sandbox/node/network/echo_server.hpp"

#include "sandbox/node/network/health_pages.hpp"
#include "sandbox/node/network/proxy_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace dklb::sandbox {
namespace {

using kind = proxy_header::kind;
using testing::HasSubstr;

std::string binary(unsigned char command, unsigned char family, const std::string& addresses) {
  std::string text("\r\n\r\n\0\r\nQUIT\n", 12);
  text += static_cast<char>(command);
  text += static_cast<char>(family);
  text += static_cast<char>(addresses.size() / 256);
  text += static_cast<char>(addresses.size() % 256);
  return text + addresses;
}

const std::string four("\x7f\x09\x01\x02\x7f\x00\x00\x01\x10\x00\x1f\x90", 12);

struct header_case {
  const char* name;
  std::string received;
  kind what;
  std::size_t left; ///< bytes after the header
  std::string client;
};

class ProxyHeader : public testing::TestWithParam<header_case> {};

TEST_P(ProxyHeader, IsRead) {
  const auto& given = GetParam();
  const auto found = read_proxy_header(given.received);
  EXPECT_EQ(found.what, given.what);
  EXPECT_EQ(found.client, given.client);
  const bool is_header = given.what == kind::v1 || given.what == kind::v2;
  EXPECT_EQ(is_header ? given.received.size() - found.length : 0, given.left);
}

INSTANTIATE_TEST_SUITE_P(
  Table, ProxyHeader,
  testing::Values(
    header_case{"Nothing", "", kind::incomplete, 0, ""},
    header_case{"Text", "hello\n", kind::absent, 0, ""},
    header_case{"BeginOfText", "PR", kind::incomplete, 0, ""},
    header_case{"OtherWord", "PRO\n", kind::absent, 0, ""},
    header_case{"One", "PROXY TCP4 127.9.1.2 127.0.0.1 4096 80\r\nhello", kind::v1, 5, "127.9.1.2"},
    header_case{"OneWide", "PROXY TCP6 fd00::1 ::1 4096 80\r\n", kind::v1, 0, "fd00::1"},
    header_case{"OneUnknown", "PROXY UNKNOWN\r\nx", kind::v1, 1, ""},
    header_case{"OneInPieces", "PROXY TCP4 127.9", kind::incomplete, 0, ""},
    header_case{"OneWithoutEnd", "PROXY " + std::string(120, 'x'), kind::malformed, 0, ""},
    header_case{"OneWithAName", "PROXY TCP4 me you 1 2\r\n", kind::malformed, 0, ""},
    header_case{"Two", binary(0x21, 0x11, four) + "hi", kind::v2, 2, "127.9.1.2"},
    header_case{"TwoWithMore", binary(0x21, 0x11, four + "\x04\x01z"), kind::v2, 0, "127.9.1.2"},
    header_case{"TwoWide",
                binary(0x21, 0x21, std::string(15, '\0') + "\x01" + std::string(20, '\0')),
                kind::v2, 0, "::1"},
    header_case{"TwoLocal", binary(0x20, 0x00, ""), kind::v2, 0, ""},
    header_case{"TwoUnix", binary(0x21, 0x31, std::string(216, 'p')), kind::v2, 0, ""},
    header_case{"TwoTooShort", binary(0x21, 0x11, "abc"), kind::v2, 0, ""},
    header_case{"TwoInPieces", binary(0x21, 0x11, four).substr(0, 20), kind::incomplete, 0, ""},
    header_case{"TwoOfAnotherVersion", binary(0x31, 0x11, four), kind::malformed, 0, ""}),
  [](const auto& one) { return std::string(one.param.name); });

class EchoServer : public testing::Test {
protected:
  static std::unique_ptr<echo_server> opened(const std::string& address = "127.0.0.1") {
    auto made = echo_server::open({address, {0}, "default/web", "n1"});
    return std::move(*made);
  }

  descriptor client() const { return client_of("127.0.0.1", server_->ports().front()); }

  static descriptor client_of(const std::string& address, int port) {
    descriptor socket = connect_to({address, port});
    pollfd wait{socket.get(), POLLOUT, 0};
    EXPECT_EQ(::poll(&wait, 1, 20000), 1);
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
    return socket;
  }

  /// The answer to a text, up to the line break; empty if the connection ends.
  static std::string answer(const descriptor& to, const std::string& text) {
    EXPECT_EQ(::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    std::string line;
    char letter = 0;
    while (::recv(to.get(), &letter, 1, 0) == 1) {
      if (letter == '\n')
        return line;
      line += letter;
    }
    return {};
  }

  std::unique_ptr<echo_server> server_ = opened();
};

TEST_F(EchoServer, SaysThePeersAddressWithoutAHeader) {
  EXPECT_EQ(answer(client(), "hello\n"), "127.0.0.1 none default/web n1 hello");
}

TEST_F(EchoServer, SaysTheAddressOfTheHeader) {
  const auto one = client();
  EXPECT_EQ(answer(one, "PROXY TCP4 127.9.1.2 127.0.0.1 4096 80\r\nhello\n"),
            "127.9.1.2 v1 default/web n1 hello");
  EXPECT_EQ(answer(one, "again\n"), "127.9.1.2 v1 default/web n1 again");
  EXPECT_EQ(answer(client(), binary(0x21, 0x11, four) + "hello\n"),
            "127.9.1.2 v2 default/web n1 hello");
  EXPECT_EQ(answer(client(), binary(0x20, 0x00, "") + "hello\n"),
            "127.0.0.1 v2 default/web n1 hello");
}

TEST_F(EchoServer, EndsAConnectionWithAMalformedHeader) {
  EXPECT_EQ(answer(client(), "PROXY nonsense\r\nhello\n"), "");
}

TEST_F(EchoServer, ServesIpv6) {
  const auto wide = opened("::1");
  EXPECT_EQ(answer(client_of("::1", wide->ports().front()), "hello\n"),
            "::1 none default/web n1 hello");
}

TEST_F(EchoServer, IsIdleOnceItsConnectionsHaveEnded) {
  auto one = client();
  EXPECT_EQ(answer(one, "hello\n"), "127.0.0.1 none default/web n1 hello");
  std::atomic<bool> idle{false};
  std::thread waiting([&] {
    server_->wait_until_idle();
    idle = true;
  });
  EXPECT_EQ(answer(one, "still\n"), "127.0.0.1 none default/web n1 still");
  EXPECT_FALSE(idle);
  one = descriptor();
  waiting.join();
  EXPECT_TRUE(idle);
}

TEST_F(EchoServer, ATakenPortIsAnErrorThatNamesIt) {
  const int taken = server_->ports().front();
  const auto second = echo_server::open({"127.0.0.1", {taken}, "", ""});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.failure().message, HasSubstr(std::to_string(taken)));
}

TEST(HealthPages, AnswerAsKubeProxyDoes) {
  EXPECT_EQ(health_answer({"default", "web", 2}).status, 200);
  const auto none = health_answer({"default", "web", 0});
  EXPECT_EQ(none.status, 503);
  EXPECT_EQ(none.content_type, "application/json");
  EXPECT_EQ(none.body, "{\n\t\"service\": {\n\t\t\"namespace\": \"default\",\n\t\t\"name\": "
                       "\"web\"\n\t},\n\t\"localEndpoints\": 0,\n\t\"serviceProxyHealthy\": "
                       "true\n}");
}

TEST(HealthPages, FollowTheTable) {
  // A port that was free a moment ago.
  const int port = (*echo_server::open({"127.0.0.1", {0}, "", ""}))->ports().front();
  const socket_address where{"127.0.0.1", port};
  const auto status = [&] {
    httplib::Client client(where.host, where.port);
    const auto answer = client.Get("/healthz");
    return answer ? answer->status : 0;
  };
  health_pages pages;
  pages.update({{where, {"default", "web", 1}}});
  EXPECT_EQ(status(), 200);
  pages.update({{where, {"default", "web", 0}}});
  EXPECT_EQ(status(), 503);
  pages.update({});
  EXPECT_EQ(status(), 0);
}

} // namespace
} // namespace dklb::sandbox
