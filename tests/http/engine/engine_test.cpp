// One request at a time: what is sent, what comes back, and every way it can fail.
#include "http/engine/engine.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"
#include "tests/http/support/socks_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstdlib>

namespace dklb::tests {
namespace {

using domain::error_code;
using http::request;
using testing::HasSubstr;
using testing::Not;

class Engine : public testing::Test {
protected:
  http::response_result call(const raw_server& server, request what) {
    return send_and_wait(engine, target, plain_endpoint(server.url()), std::move(what));
  }

  http::engine engine;
  http::target_id target = engine.add_target({});
};

TEST_F(Engine, GivesStatusHeadersAndBody) {
  raw_server server(each_request([](raw_connection& connection, const std::string&) {
    connection.reply(404, "gone fishing", "Retry-After: 7\r\nX-Other: not kept\r\n");
  }));
  const auto answer = call(server, get_request("/somewhere"));
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "gone fishing");
  EXPECT_EQ(answer->header("retry-after"), "7");
  EXPECT_EQ(answer->header("x-other"), "");
}

TEST_F(Engine, SendsMethodPathHeadersAndBodyAsGiven) {
  raw_server server(each_request([](raw_connection& connection, const std::string& request) {
    connection.reply(200, request);
  }));
  struct sample {
    std::string method;
    std::string body;
  };
  for (const sample& each : std::vector<sample>{{"GET", ""},
                                                {"POST", "{}"},
                                                {"POST", ""},
                                                {"PUT", std::string(100000, 'x')},
                                                {"PATCH", "{\"a\":1}"},
                                                {"DELETE", ""},
                                                {"DELETE", "{}"}}) {
    SCOPED_TRACE(each.method + " " + std::to_string(each.body.size()));
    request what = get_request("/a%2Fb/../c?x=1&y=2");
    what.method = each.method;
    what.body = each.body;
    what.headers = {{"Authorization", "Bearer abc"}, {"Content-Type", "application/json"}};
    const auto answer = call(server, what);
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_THAT(answer->body,
                testing::StartsWith(each.method + " /a%2Fb/../c?x=1&y=2 HTTP/1.1\r\n"));
    EXPECT_THAT(answer->body, HasSubstr("\r\nAuthorization: Bearer abc\r\n"));
    EXPECT_THAT(answer->body, HasSubstr("\r\nContent-Type: application/json\r\n"));
    EXPECT_THAT(answer->body, Not(HasSubstr("Expect:")));
    EXPECT_THAT(answer->body, testing::EndsWith("\r\n\r\n" + each.body));
  }
  EXPECT_EQ(server.accepted(), 1) << "one connection serves every method in turn";
}

TEST_F(Engine, HeadHasNoBody) {
  raw_server server(each_request([](raw_connection& connection, const std::string&) {
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  }));
  request what = get_request("/");
  what.method = "HEAD";
  const auto answer = call(server, what);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->body, "");
}

TEST_F(Engine, ConnectionIsUsedAgain) {
  raw_server server(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  for (int count = 0; count < 20; ++count) {
    ASSERT_TRUE(call(server, get_request("/")).has_value());
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Engine, CompressedAnswerIsUnpacked) {
  const std::string plain(5000, 'a');
  std::string packed(1000, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string copy = plain;
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  raw_server server(each_request([&](raw_connection& connection, const std::string& request) {
    EXPECT_THAT(request, HasSubstr("Accept-Encoding: gzip\r\n"));
    connection.reply(200, packed, "Content-Encoding: gzip\r\n");
  }));
  const auto answer = call(server, get_request("/"));
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->body, plain);
  request small = get_request("/");
  small.max_response_bytes = 4999;
  const auto refused = call(server, small);
  ASSERT_FALSE(refused.has_value()) << "the limit counts what is unpacked";
  EXPECT_EQ(refused.failure().code, error_code::malformed);
}

TEST_F(Engine, CompressionIsAskedForOnlyWhereSomethingIsRead) {
  raw_server server(each_request([](raw_connection& connection, const std::string& request) {
    connection.reply(200, request);
  }));
  for (const char* const method : {"GET", "PATCH", "POST", "GET", "DELETE"}) {
    request what = get_request("/");
    what.method = method;
    const auto answer = call(server, what);
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_EQ(answer->body.find("Accept-Encoding:") != std::string::npos, what.method == "GET")
      << answer->body;
  }
}

TEST_F(Engine, PathOfTheBaseUrlStandsBeforeThatOfTheRequest) {
  raw_server server(each_request([](raw_connection& connection, const std::string& request) {
    connection.reply(200, request.substr(0, request.find(" HTTP/")));
  }));
  struct sample {
    std::string base;
    std::string path;
    std::string line;
  };
  for (const sample& each :
       std::vector<sample>{{"/service/edgelb", "/v2/pools", "/service/edgelb/v2/pools"},
                           {"/service/edgelb/", "/ping", "/service/edgelb/ping"},
                           {"/a%20b", "/c?d=e", "/a%20b/c?d=e"},
                           {"/", "/ping", "/ping"},
                           {"", "", "/"},
                           {"", "?x=1", "/?x=1"},
                           {"", "/a/../b/./c", "/a/../b/./c"},
                           {"", "@other.example/", "/@other.example/"}}) {
    const auto answer = send_and_wait(engine, target, plain_endpoint(server.url() + each.base),
                                      get_request(each.path));
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_EQ(answer->body, "GET " + each.line);
  }
}

TEST_F(Engine, ProxyIsToldTheWholeUrlOfEachRequest) {
  raw_server proxy(each_request([](raw_connection& connection, const std::string& request) {
    connection.reply(200, request.substr(0, request.find(" HTTP/")));
  }));
  auto where = std::make_shared<http::endpoint>();
  where->base_url = "http://api.example:8080/base";
  where->proxy_url = proxy.url();
  for (const char* const path : {"/one?x=1", "/two"}) {
    const auto answer = send_and_wait(engine, target, where, get_request(path));
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_EQ(answer->body, std::string("GET http://api.example:8080/base") + path);
  }
}

TEST_F(Engine, ASocks5ProxyResolvesTheName) {
  raw_server proxy(socks5_to("only-the-proxy-knows.example",
                             each_request([](raw_connection& connection, const std::string& line) {
                               connection.reply(200, request_header(line, "Host"));
                             })));
  const auto url = "socks5://127.0.0.1:" + std::to_string(proxy.port());
  auto where = std::make_shared<http::endpoint>();
  where->base_url = "http://only-the-proxy-knows.example:8080";
  for (const bool by_environment : {false, true}) {
    SCOPED_TRACE(by_environment);
    auto here = std::make_shared<http::endpoint>(*where);
    if (by_environment)
      ::setenv("http_proxy", url.c_str(), 1);
    else
      here->proxy_url = url;
    const auto answer = send_and_wait(engine, target, here, get_request("/"));
    ::unsetenv("http_proxy");
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_EQ(answer->body, "only-the-proxy-knows.example:8080");
  }
}

TEST_F(Engine, OfARefusalTheBeginIsKept) {
  raw_server server([](raw_connection& connection) {
    while (connection.read_request()) {
      connection.write("HTTP/1.1 503 Sorry\r\n\r\nno pools today");
      for (int count = 0; count < 4096; ++count)
        connection.write(std::string(65536, ' '));
    }
  });
  const auto answer = call(server, get_request("/"));
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body.size(), 64U << 10U);
  EXPECT_EQ(http::error_from_response(*answer).message, "HTTP status 503: no pools today");
}

TEST_F(Engine, RedirectIsNotFollowed) {
  raw_server server(each_request([](raw_connection& connection, const std::string&) {
    connection.reply(302, "", "Location: http://127.0.0.1:1/elsewhere\r\n");
  }));
  const auto answer = call(server, get_request("/"));
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->header("location"), "http://127.0.0.1:1/elsewhere");
}

struct failure_case {
  std::string name;
  std::function<void(raw_connection&)> serve;
  error_code code;
  std::string message_part;
};

class EngineFailure : public testing::TestWithParam<failure_case> {};

TEST_P(EngineFailure, IsToldWithItsKindAndWhere) {
  raw_server server([&](raw_connection& connection) {
    if (connection.read_request()) {
      GetParam().serve(connection);
    }
  });
  http::engine engine;
  const auto target = engine.add_target({});
  request what = get_request("/v2/pools?token=hidden");
  what.max_response_bytes = 1000;
  what.timeout = std::chrono::milliseconds(300);
  const auto answer = send_and_wait(engine, target, plain_endpoint(server.url()), what);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, GetParam().code) << answer.failure().message;
  EXPECT_THAT(answer.failure().message, HasSubstr("GET " + server.url() + "/v2/pools: "));
  EXPECT_THAT(answer.failure().message, HasSubstr(GetParam().message_part));
  EXPECT_THAT(answer.failure().message, Not(HasSubstr("hidden")));
  EXPECT_EQ(engine.statistics(target).in_flight, 0U);
}

INSTANTIATE_TEST_SUITE_P(
  All, EngineFailure,
  testing::Values(failure_case{"NoAnswer", [](raw_connection& c) { c.wait_for_end(); },
                               error_code::timeout, "timed out"},
                  failure_case{"HalfABody",
                               [](raw_connection& c) {
                                 c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"na");
                               },
                               error_code::unavailable, ""},
                  failure_case{"HalfAChunk",
                               [](raw_connection& c) {
                                 c.write(
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[{");
                               },
                               error_code::unavailable, ""},
                  failure_case{"ClosedWithoutAnswer", [](raw_connection& c) { c.close(); },
                               error_code::transport, ""},
                  failure_case{"Reset", [](raw_connection& c) { c.reset(); }, error_code::transport,
                               ""},
                  failure_case{"NotHttp", [](raw_connection& c) { c.write("220 smtp ready\r\n"); },
                               error_code::unavailable, "HTTP/0.9"},
                  failure_case{"AnnouncedTooLarge",
                               [](raw_connection& c) {
                                 c.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nx");
                                 c.wait_for_end();
                               },
                               error_code::malformed, "larger than 1000 bytes"},
                  failure_case{"TooLarge",
                               [](raw_connection& c) {
                                 c.write("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'));
                               },
                               error_code::malformed, "larger than 1000 bytes"}),
  [](const auto& param_info) { return param_info.param.name; });

TEST_F(Engine, NobodyListensIsATransportErrorThatSaysSo) {
  const auto where = plain_endpoint("http://127.0.0.1:" + std::to_string(unused_port()));
  const auto answer = send_and_wait(engine, target, where, get_request("/ping"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::transport);
  EXPECT_THAT(answer.failure().message, HasSubstr("Connection refused"));
}

/// A listener that takes no connection any more: its queue is full, and the kernel drops what else
/// comes, as a packet filter does.
class full_listener {
public:
  full_listener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    for (const int caller : callers_)
      (void)::connect(caller, generic, size);
  }
  ~full_listener() {
    for (const int descriptor : callers_)
      ::close(descriptor);
    ::close(listener_);
  }
  full_listener(const full_listener&) = delete;
  full_listener& operator=(const full_listener&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
  static int caller() { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
  std::array<int, 4> callers_{caller(), caller(), caller(), caller()};
};

TEST_F(Engine, TimeoutBeforeAConnectionNamesTheNetworkPolicy) {
  const full_listener dropping;
  request what = get_request("/v2/pools");
  what.timeout = std::chrono::milliseconds(300);
  const auto answer = send_and_wait(engine, target, plain_endpoint(dropping.url()), what);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::timeout);
  EXPECT_THAT(answer.failure().message, HasSubstr("NetworkPolicy"));
  EXPECT_THAT(answer.failure().message, HasSubstr("networkPolicy.egressPorts"));
}

TEST_F(Engine, TimeoutOfAnAnswerDoesNotBlameTheNetwork) {
  raw_server silent([](raw_connection& connection) { connection.wait_for_end(); });
  request what = get_request("/v2/pools");
  what.timeout = std::chrono::milliseconds(300);
  const auto answer = call(silent, what);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::timeout);
  EXPECT_THAT(answer.failure().message, Not(HasSubstr("NetworkPolicy")));
}

TEST_F(Engine, UnusableRequestsAreInvalid) {
  struct sample {
    std::string url;
    std::string path;
    http::header_list headers;
  };
  for (const sample& each :
       std::vector<sample>{{"", "/", {}},
                           {"ftp://127.0.0.1", "/", {}},
                           {"http://", "/", {}},
                           {"http://127.0.0.1:1", "/a\r\nX: y", {}},
                           {"http://127.0.0.1:1", "/a HTTP/1.0", {}},
                           {"http://127.0.0.1:1", "/a#b", {}},
                           {"http://127.0.0.1:1", "/a\x7f", {}},
                           {"http://127.0.0.1:1", "/", {{"A", "b\r\nC: d"}}}}) {
    SCOPED_TRACE(each.url + each.path);
    request what = get_request(each.path);
    what.headers = each.headers;
    const auto answer = send_and_wait(engine, target, plain_endpoint(each.url), what);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::invalid) << answer.failure().message;
  }
}

TEST_F(Engine, CredentialsInTheUrlAreNotInErrors) {
  const auto where = plain_endpoint("http://me:secret@127.0.0.1:" + std::to_string(unused_port()));
  const auto answer = send_and_wait(engine, target, where, get_request("/"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.failure().message, Not(HasSubstr("secret")));
}

/// The server takes a request, acts, and cuts a kept connection: only a read may be repeated.
TEST_F(Engine, WriteOnAKeptConnectionIsNeverRepeated) {
  std::atomic<int> writes{0};
  raw_server server([&](raw_connection& connection) {
    while (const auto request = connection.read_request()) {
      if (request->rfind("GET", 0) == 0) {
        connection.reply(200, "ok");
      } else {
        ++writes;
        connection.close();
        return;
      }
    }
  });
  for (const char* const method : {"POST", "PUT", "PATCH", "DELETE"}) {
    SCOPED_TRACE(method);
    writes = 0;
    ASSERT_TRUE(call(server, get_request("/")).has_value());
    request what = get_request("/v2/pools");
    what.method = method;
    what.body = "{}";
    const auto answer = call(server, what);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::transport) << answer.failure().message;
    EXPECT_EQ(writes, 1);
  }
}

TEST_F(Engine, ReadOnAConnectionThatWasClosedMeanwhileIsRepeated) {
  raw_server server([](raw_connection& connection) {
    if (const auto request = connection.read_request()) {
      connection.reply(200, request->substr(0, request->find(" HTTP/")));
    }
    if (connection.index() == 0 && connection.read_request()) {
      connection.close();
    }
  });
  ASSERT_TRUE(call(server, get_request("/first")).has_value());
  const auto answer = call(server, get_request("/second?x=1"));
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->body, "GET /second?x=1");
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(Engine, ExceptionOfACallbackEndsThere) {
  raw_server server(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  engine.send(target, plain_endpoint(server.url()), get_request("/"),
              [](const http::response_result&) { throw std::runtime_error("mistake"); });
  EXPECT_TRUE(call(server, get_request("/")).has_value());
}

} // namespace
} // namespace dklb::tests
