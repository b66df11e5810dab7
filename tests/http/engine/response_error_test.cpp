// What a response that is no success means.
#include "http/engine/engine.hpp"
#include "http/text/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dklb::tests {
namespace {

using domain::error_code;
using http::error_from_response;
using http::response;
using namespace std::chrono_literals;

TEST(ResponseError, CodeFollowsTheStatus) {
  struct sample {
    int status;
    error_code code;
  };
  for (const sample& each : std::vector<sample>{{400, error_code::rejected},
                                                {401, error_code::unauthorized},
                                                {403, error_code::forbidden},
                                                {404, error_code::not_found},
                                                {405, error_code::rejected},
                                                {408, error_code::unavailable},
                                                {409, error_code::conflict},
                                                {410, error_code::gone},
                                                {413, error_code::rejected},
                                                {415, error_code::rejected},
                                                {422, error_code::rejected},
                                                {429, error_code::throttled},
                                                {500, error_code::unavailable},
                                                {502, error_code::unavailable},
                                                {503, error_code::unavailable},
                                                {504, error_code::unavailable},
                                                {302, error_code::unavailable},
                                                {101, error_code::unavailable},
                                                {599, error_code::unavailable}}) {
    const auto failure = error_from_response(response{each.status, {}, ""});
    EXPECT_EQ(failure.code, each.code) << each.status;
    EXPECT_EQ(failure.http_status, each.status);
    EXPECT_EQ(failure.message, "HTTP status " + std::to_string(each.status));
    EXPECT_EQ(failure.retry_after, std::nullopt);
  }
}

TEST(ResponseError, MessageIsTheServersOwn) {
  struct sample {
    std::string body;
    std::string message;
  };
  const std::string nginx = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
                            "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx"
                            "</center>\r\n</body>\r\n</html>\r\n";
  for (const sample& each : std::vector<sample>{
         {R"({"code":422,"message":"port 80 is taken"})", "port 80 is taken"},
         {R"({"kind":"Status","status":"Failure","message":"pods \"a\" not found"})",
          "pods \"a\" not found"},
         {R"({"kind":"Status","reason":"Expired"})", "Expired"},
         {R"({"error":"no such thing"})", "no such thing"},
         {R"({"message":"two\nlines\tand   blanks "})", "two lines and blanks"},
         {R"({"message":7,"other":1})", "HTTP status 502: {\"message\":7,\"other\":1}"},
         {R"({"message":"cut)", "HTTP status 502: {\"message\":\"cut"},
         {"plain words\n", "HTTP status 502: plain words"},
         {nginx, "HTTP status 502: 502 Bad Gateway nginx"},
         {"<!DOCTYPE html><html><head><style>p{a:b}</style><script>x<y</script></head><body "
          "class=\"a>b\"><p>Not &lt;here&gt; &amp; there</p><!-- hidden --></body></html>",
          "HTTP status 502: b\"> Not <here> & there"},
         {"<html><head><title>Only a title</title></head><body></body></html>",
          "HTTP status 502: Only a title"},
         {"<html", "HTTP status 502"},
         {"a < b and c > d", "HTTP status 502: a < b and c > d"},
         {"\x1b[31mred\x01\x7f", "HTTP status 502: [31mred"},
         {"caf\xc3\xa9 \xff\xfe", "HTTP status 502: caf\xc3\xa9 ??"},
         {"   ", "HTTP status 502"}}) {
    EXPECT_EQ(error_from_response(response{502, {}, each.body}).message, each.message) << each.body;
  }
}

TEST(ResponseError, MessageIsShortAndValidText) {
  for (const std::string& piece : {std::string("word "), std::string("\xe2\x82\xac"),
                                   std::string("\xff"), std::string("<b>x</b>")}) {
    std::string long_text;
    while (long_text.size() < 100000) {
      long_text += piece;
    }
    for (const std::string& body : {long_text, "<html>" + long_text,
                                    nlohmann::json{{"message", long_text}}.dump(
                                      -1, ' ', false, nlohmann::json::error_handler_t::replace)}) {
      const auto message = error_from_response(response{500, {}, body}).message;
      EXPECT_LE(message.size(), 512U);
      EXPECT_THAT(message, testing::EndsWith("..."));
      EXPECT_NO_THROW((void)nlohmann::json(message).dump()) << "fit for an event";
    }
  }
}

TEST(ResponseError, RedirectNamesWhereTo) {
  const auto failure =
    error_from_response(response{301, {{"location", "https://other/service/edgelb"}}, "<html>"});
  EXPECT_THAT(failure.message, testing::HasSubstr("moved to https://other/service/edgelb"));
}

TEST(ResponseError, RetryAfterIsSecondsOrADate) {
  struct sample {
    std::string value;
    std::string date;
    std::optional<std::chrono::milliseconds> expected;
  };
  const std::string now = "Wed, 21 Oct 2026 07:28:00 GMT";
  for (const sample& each : std::vector<sample>{{"0", "", 0ms},
                                                {"7", "", 7000ms},
                                                {"999999999", "", 24h},
                                                {"-1", "", 0ms},
                                                {"soon", "", std::nullopt},
                                                {"", "", std::nullopt},
                                                {"Wed, 21 Oct 2026 07:28:30 GMT", now, 30s},
                                                {"Wed, 21 Oct 2026 07:27:00 GMT", now, 0ms},
                                                {"Wed, 21 Oct 2015 07:28:00 GMT", "", 0ms}}) {
    response answer{503, {{"retry-after", each.value}}, ""};
    if (!each.date.empty()) {
      answer.headers.emplace_back("date", each.date);
    }
    EXPECT_EQ(error_from_response(answer).retry_after, each.expected) << each.value;
  }
}

TEST(PercentEncoding, LeavesOnlyWhatIsSafe) {
  EXPECT_EQ(http::percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(http::percent_encoded("a b/c?d#e%f\xc3\xa9"), "a%20b%2Fc%3Fd%23e%25f%C3%A9");
}

TEST(Secrets, AreMaskedWhereverTheyOccur) {
  EXPECT_EQ(http::without_secret("abc secret, secret", "secret"), "abc ***, ***");
  EXPECT_EQ(http::without_secret("nothing", "secret"), "nothing");
  EXPECT_EQ(http::without_secret("nothing", ""), "nothing");
}

} // namespace
} // namespace dklb::tests
