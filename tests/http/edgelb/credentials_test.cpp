#include "http/edgelb/credentials.hpp"

#include "http/edgelb/jwt.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/keys.hpp"
#include "tests/http/support/raw_server.hpp"
#include "tests/support/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>

namespace dklb::tests {
namespace {

using domain::error_code;
using domain::result;
using http::edgelb::authenticator;
using testing::HasSubstr;
using testing::Not;

/// Writes a file the way mounted secrets are swapped: aside, then renamed.
std::string swap_in(const support::temporary_folder& files, const std::string& name,
                    const std::string& text) {
  const std::string target = files.path() + "/" + name;
  std::filesystem::rename(files.write(name + ".new", text), target);
  return target;
}

class Credentials : public testing::Test {
protected:
  result<std::string> authorization(authenticator& source) {
    awaited<result<std::string>> answer;
    engine.post([&source, done = answer.callback()] { source.authorize(done); });
    return answer.get();
  }
  bool refused(authenticator& source) {
    awaited<bool> answer;
    engine.post([&source, done = answer.callback()] { done(source.refused()); });
    return answer.get();
  }
  result<std::shared_ptr<authenticator>> find(const std::map<std::string, std::string>& environment,
                                              const std::string& token_path = "",
                                              const std::string& account_path = "") {
    http::edgelb::credential_sources sources;
    sources.bearer_token_file = token_path;
    sources.service_account_file = account_path;
    sources.where = plain_endpoint("http://127.0.0.1:1");
    sources.get_env = [environment](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    return http::edgelb::find_credentials(engine, sources);
  }

  support::temporary_folder files;
  http::engine engine;
};

TEST_F(Credentials, NoneAreNeeded) {
  const auto found = find({});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(*found, nullptr);
}

TEST_F(Credentials, FilesComeBeforeTheEnvironment) {
  const auto path = swap_in(files, "token", "from-file\n");
  const auto file = find({{"DKLB_EDGELB_TOKEN", "from-environment"}}, path);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(*authorization(**file), "Bearer from-file");
  const auto environment =
    find({{"DKLB_EDGELB_TOKEN", "from-environment"}, {"SERVICE_ACCOUNT_SECRET", "{}"}});
  ASSERT_TRUE(environment.has_value());
  EXPECT_EQ(*authorization(**environment), "Bearer from-environment");
  EXPECT_FALSE(find({}, path, path).has_value()) << "two files contradict each other";
}

TEST_F(Credentials, TokenFileIsReadAgainAfterA401) {
  const auto path = swap_in(files, "token", "first");
  const auto source = http::edgelb::token_file(path);
  EXPECT_EQ(*authorization(*source), "Bearer first");
  EXPECT_FALSE(refused(*source)) << "the same token again cannot help";
  swap_in(files, "token", "second");
  EXPECT_TRUE(refused(*source));
  EXPECT_EQ(*authorization(*source), "Bearer second");
  EXPECT_TRUE(refused(*source)) << "another request that was sent with the first token";
}

TEST_F(Credentials, ChangedTokenFileIsSeenWithoutA401) {
  const auto path = swap_in(files, "token", "first");
  const auto source = http::edgelb::token_file(path, std::chrono::milliseconds(1));
  EXPECT_EQ(*authorization(*source), "Bearer first");
  swap_in(files, "token", "second");
  EXPECT_TRUE(eventually([&] { return *authorization(*source) == "Bearer second"; }));
}

TEST_F(Credentials, TokenStaysWhileItsFileIsGone) {
  const auto path = swap_in(files, "token", "first");
  const auto source = http::edgelb::token_file(path);
  EXPECT_EQ(*authorization(*source), "Bearer first");
  std::filesystem::remove(path);
  EXPECT_FALSE(refused(*source));
  EXPECT_EQ(*authorization(*source), "Bearer first");
}

TEST_F(Credentials, UnusableTokenFilesAreNamed) {
  struct sample {
    std::string path;
    std::string cause;
  };
  for (const sample& each :
       {sample{"/nonexistent/token", "No such file"},
        sample{swap_in(files, "empty", " \n"), "empty"},
        sample{swap_in(files, "large", std::string(70000, 'x')), "larger than"}}) {
    const auto source = http::edgelb::token_file(each.path);
    const auto answer = authorization(*source);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::unauthorized);
    EXPECT_THAT(answer.failure().message, HasSubstr(each.path));
    EXPECT_THAT(answer.failure().message, HasSubstr(each.cause));
  }
}

TEST_F(Credentials, WholeHeaderValuesAreTakenAsTheyAre) {
  EXPECT_EQ(*authorization(*http::edgelb::fixed_token("token=abc")), "token=abc");
  EXPECT_EQ(*authorization(*http::edgelb::fixed_token("Bearer abc")), "Bearer abc");
}

std::string token_valid_for(std::chrono::seconds life) {
  const auto exp = std::chrono::duration_cast<std::chrono::seconds>(
    (std::chrono::system_clock::now() + life).time_since_epoch());
  return "header."
         + http::edgelb::base64_url(nlohmann::json{{"exp", exp.count()}, {"uid", "dklb"}}.dump())
         + ".signature";
}

class ServiceAccountLogin : public Credentials {
protected:
  nlohmann::json secret() {
    return {{"scheme", "RS256"},
            {"uid", "dklb-principal"},
            {"private_key", rsa_key_pem()},
            {"login_endpoint", server.url() + "/acs/api/v1/auth/login"}};
  }
  std::shared_ptr<authenticator> source_of(const nlohmann::json& text) {
    return http::edgelb::service_account_login(
      engine, [text = text.dump()] { return result<std::string>(text); }, {});
  }

  std::function<void(raw_connection&, const std::string&)> serve =
    [this](raw_connection& connection, const std::string&) {
      connection.reply(200, nlohmann::json{{"token", token_valid_for(life)}}.dump());
    };
  std::chrono::seconds life{3600};
  std::atomic<int> logins{0};
  raw_server server{each_request([this](raw_connection& connection, const std::string& request) {
    ++logins;
    serve(connection, request);
  })};
};

TEST_F(ServiceAccountLogin, SendsASignedTokenAndUsesTheAnswer) {
  std::string seen;
  serve = [&](raw_connection& connection, const std::string& request) {
    seen = request;
    connection.reply(200, R"({"token":"a.b.c"})");
  };
  const auto answer = authorization(*source_of(secret()));
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(*answer, "token=a.b.c");
  EXPECT_EQ(request_line(seen), "POST /acs/api/v1/auth/login");
  const auto body = nlohmann::json::parse(request_body(seen));
  EXPECT_EQ(body["uid"], "dklb-principal");
  const auto token = body["token"].get<std::string>();
  EXPECT_TRUE(signed_with_rsa_key(token)) << "the server verifies the signature";
  const auto claims = token.substr(token.find('.') + 1);
  const auto payload =
    nlohmann::json::parse(*http::edgelb::from_base64_url(claims.substr(0, claims.find('.'))));
  EXPECT_EQ(payload["uid"], "dklb-principal");
  EXPECT_TRUE(payload["exp"].is_number_integer());
}

TEST_F(ServiceAccountLogin, OneLoginServesEverybodyUntilItExpires) {
  const auto source = source_of(secret());
  std::vector<awaited<result<std::string>>> answers(10);
  engine.post([&] {
    for (auto& answer : answers) {
      source->authorize(answer.callback());
    }
  });
  for (auto& answer : answers) {
    EXPECT_TRUE(answer.get().has_value());
  }
  EXPECT_TRUE(authorization(*source).has_value());
  EXPECT_EQ(logins, 1);
}

TEST_F(ServiceAccountLogin, ARefusedTokenMayBeTriedAgainButDoesNotCauseALoginStorm) {
  const auto source = source_of(secret());
  EXPECT_TRUE(authorization(*source).has_value());
  for (int count = 0; count < 5; ++count) {
    EXPECT_TRUE(refused(*source));
    EXPECT_TRUE(authorization(*source).has_value());
  }
  EXPECT_EQ(logins, 1) << "a token of this age is not what was refused";
}

TEST_F(ServiceAccountLogin, FailuresSayWhatToDoAndHideTheSecret) {
  struct sample {
    int status;
    std::string body;
    std::string cause;
  };
  for (const sample& each :
       {sample{401, R"({"message":"invalid credentials"})", "invalid credentials (check that"},
        sample{200, "{}", "no `token`"}, sample{200, "<html>", "no `token`"},
        sample{503, "", "HTTP status 503"}}) {
    std::string seen;
    serve = [&](raw_connection& connection, const std::string& request) {
      seen = request;
      connection.reply(each.status, each.body);
    };
    const auto answer = authorization(*source_of(secret()));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::unauthorized);
    EXPECT_THAT(answer.failure().message, HasSubstr("login to DC/OS failed"));
    EXPECT_THAT(answer.failure().message, HasSubstr(each.cause));
  }
  serve = [](raw_connection& connection, const std::string& request) {
    connection.reply(400, "cannot use " + request_body(request));
  };
  const auto quoted = authorization(*source_of(secret()));
  EXPECT_THAT(quoted.failure().message, HasSubstr("***"));
  EXPECT_THAT(quoted.failure().message, Not(HasSubstr("eyJ")));
}

TEST_F(ServiceAccountLogin, UnusableSecretsAreExplainedWithoutTheirContent) {
  struct sample {
    std::string field;
    nlohmann::json value;
    std::string cause;
  };
  const std::vector<sample> samples = {
    {"scheme", "ES256", "\"ES256\" is not supported, only RS256"},
    {"scheme", nullptr, "`scheme` is missing"},
    {"uid", nullptr, "`uid` is missing"},
    {"private_key", nullptr, "`private_key` is missing"},
    {"private_key", "hunter2", "not an unencrypted RSA key"},
    {"private_key", ec_key_pem(), "not an unencrypted RSA key"},
    {"login_endpoint", nullptr, "`login_endpoint` is missing"},
    {"login_endpoint", "leader.mesos", "must be an http:// or https:// URL"}};
  for (const sample& each : samples) {
    auto changed = secret();
    changed[each.field] = each.value;
    const auto answer = authorization(*source_of(changed));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::unauthorized);
    EXPECT_THAT(answer.failure().message, HasSubstr(each.cause));
    EXPECT_THAT(answer.failure().message, Not(HasSubstr("hunter2")));
  }
  const auto answer = authorization(*source_of("just text"));
  EXPECT_THAT(answer.failure().message, HasSubstr("not a JSON object"));
  EXPECT_EQ(logins, 0);
}

TEST(Jwt, Base64UrlGoesBothWays) {
  struct sample {
    std::string bytes;
    std::string text;
  };
  for (const sample& each : std::vector<sample>{{"", ""},
                                                {"f", "Zg"},
                                                {"fo", "Zm8"},
                                                {"foo", "Zm9v"},
                                                {"foob", "Zm9vYg"},
                                                {"\xfb\xff\xfe", "-__-"}}) {
    EXPECT_EQ(http::edgelb::base64_url(each.bytes), each.text);
    EXPECT_EQ(http::edgelb::from_base64_url(each.text), each.bytes);
  }
  EXPECT_EQ(http::edgelb::from_base64_url("Zg=="), "f");
  EXPECT_EQ(http::edgelb::from_base64_url("Z*"), std::nullopt);
}

TEST(Jwt, ExpiryIsReadWhereThereIsOne) {
  const auto expiry = http::edgelb::expiry_of(token_valid_for(std::chrono::seconds(100)));
  ASSERT_TRUE(expiry.has_value());
  EXPECT_NEAR(std::chrono::duration<double>(*expiry - std::chrono::system_clock::now()).count(),
              100, 5);
  for (const char* const token : {"", "a", "a.b", "a.b.c", "a.*.c", "a.e30.c", "a.W10.c"}) {
    EXPECT_EQ(http::edgelb::expiry_of(token), std::nullopt) << token;
  }
}

} // namespace
} // namespace dklb::tests
