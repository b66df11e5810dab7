// Whom the engine trusts, and how it shows who it is.
#include "http/engine/engine.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/keys.hpp"
#include "tests/http/support/raw_server.hpp"
#include "tests/support/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <thread>

namespace dklb::tests {
namespace {

using domain::error_code;
using testing::HasSubstr;

/// Gives a PEM text to OpenSSL's C API.
template <class Object, class Read>
Object* read_pem(const std::string& text, Read read) {
  BIO* const bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  Object* const object = read(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return object;
}

/// Notes the server name each handshake asked for.
int note_server_name(SSL* ssl, int*, void* names) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  *static_cast<std::string*>(names) = name == nullptr ? "" : name;
  return SSL_TLSEXT_ERR_OK;
}

/// An HTTPS server with a certificate of the test's own authority.
class tls_server {
public:
  tls_server(const certificate& identity, const certificate_authority* client_authority)
    : server_([&](SSL_CTX& context) {
        auto* const own = read_pem<X509>(identity.certificate_pem, PEM_read_bio_X509);
        auto* const key = read_pem<EVP_PKEY>(identity.key_pem, PEM_read_bio_PrivateKey);
        SSL_CTX_use_certificate(&context, own);
        SSL_CTX_use_PrivateKey(&context, key);
        X509_free(own);
        EVP_PKEY_free(key);
        if (client_authority != nullptr) {
          X509* const trusted = read_pem<X509>(client_authority->pem(), PEM_read_bio_X509);
          X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), trusted);
          X509_free(trusted);
          SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        }
        SSL_CTX_set_tlsext_servername_callback(&context, &note_server_name);
        SSL_CTX_set_tlsext_servername_arg(&context, &server_name_);
        return true;
      }) {
    server_.Get("/", [](const httplib::Request& request, httplib::Response& answer) {
      answer.set_content(request.get_header_value("Host"), "text/plain");
    });
    server_.set_keep_alive_timeout(1);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    EXPECT_TRUE(eventually([this] { return server_.is_running(); }));
  }
  ~tls_server() {
    server_.stop();
    thread_.join();
  }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;

  std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(port_);
  }
  std::string host(const std::string& name) const { return name + ":" + std::to_string(port_); }
  /// Of the last handshake; to be read once its request is answered.
  const std::string& server_name() const { return server_name_; }

private:
  std::string server_name_;
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

class EngineTls : public testing::Test {
protected:
  http::response_result call(const http::endpoint& where) {
    http::engine engine;
    const auto target = engine.add_target({});
    http::request what = get_request("/");
    what.timeout = std::chrono::seconds(5);
    return send_and_wait(engine, target, std::make_shared<const http::endpoint>(where), what);
  }
  static void expect_refused(const http::response_result& answer, const std::string& cause) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::transport);
    EXPECT_THAT(answer.failure().message, HasSubstr(cause));
  }

  certificate_authority authority{"the test's own authority"};
  certificate_authority stranger{"somebody else"};
};

TEST_F(EngineTls, TrustsTheGivenAuthorityAsTextOrFile) {
  tls_server server(authority.issue("server", "IP:127.0.0.1"), nullptr);
  http::endpoint where;
  where.base_url = server.url("127.0.0.1");
  expect_refused(call(where), "certificate");
  where.ca_data = authority.pem();
  const auto by_text = call(where);
  ASSERT_TRUE(by_text.has_value()) << by_text.failure().message;
  EXPECT_EQ(by_text->status, 200);
  const support::temporary_folder files;
  const std::string path = files.write("ca.pem", authority.pem());
  where.ca_data = "";
  where.ca_file = path;
  const auto by_file = call(where);
  EXPECT_TRUE(by_file.has_value()) << by_file.failure().message;
  where.ca_file = path + ".missing";
  expect_refused(call(where), path);
}

TEST_F(EngineTls, RefusesAStrangersCertificate) {
  tls_server server(stranger.issue("server", "IP:127.0.0.1"), nullptr);
  http::endpoint where;
  where.base_url = server.url("127.0.0.1");
  where.ca_data = authority.pem();
  expect_refused(call(where), "certificate");
  where.insecure_skip_tls_verify = true;
  EXPECT_TRUE(call(where).has_value());
}

TEST_F(EngineTls, RefusesTheWrongName) {
  tls_server server(authority.issue("server", "DNS:another.example"), nullptr);
  http::endpoint where;
  where.base_url = server.url("127.0.0.1");
  where.ca_data = authority.pem();
  expect_refused(call(where), "127.0.0.1");
}

TEST_F(EngineTls, VerifiesTheGivenServerNameInsteadOfTheHost) {
  tls_server server(authority.issue("server", "DNS:api.cluster.example"), nullptr);
  http::endpoint where;
  where.base_url = server.url("127.0.0.1");
  where.ca_data = authority.pem();
  where.tls_server_name = "api.cluster.example";
  const auto answer = call(where);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(server.server_name(), "api.cluster.example");
  EXPECT_EQ(answer->body, server.host("127.0.0.1")) << "the Host header stays";
  where.tls_server_name = "other.cluster.example";
  expect_refused(call(where), "other.cluster.example");
}

TEST_F(EngineTls, ShowsItsOwnCertificate) {
  tls_server server(authority.issue("server", "IP:127.0.0.1"), &stranger);
  const certificate identity = stranger.issue("dklb", "DNS:dklb");
  http::endpoint where;
  where.base_url = server.url("127.0.0.1");
  where.ca_data = authority.pem();
  EXPECT_FALSE(call(where).has_value());
  where.client_certificate_data = identity.certificate_pem;
  where.client_key_data = identity.key_pem;
  const auto answer = call(where);
  EXPECT_TRUE(answer.has_value()) << answer.failure().message;
}

TEST_F(EngineTls, StreamsAreVerifiedToo) {
  tls_server server(stranger.issue("server", "IP:127.0.0.1"), nullptr);
  http::endpoint where;
  where.base_url = server.url("127.0.0.1");
  where.ca_data = authority.pem();
  http::engine engine;
  awaited<domain::result<domain::unit>> end;
  engine.open_stream(std::make_shared<const http::endpoint>(where), get_request("/"),
                     {{}, {}, end.callback()}, std::chrono::seconds(5));
  EXPECT_FALSE(end.get().has_value());
}

} // namespace
} // namespace dklb::tests
