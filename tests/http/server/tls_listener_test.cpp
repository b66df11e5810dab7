#include "http/server/tls_listener.hpp"

#include "http/server/certificate.hpp"
#include "tests/http/kube/temporary_directory.hpp"
#include "tests/http/support/calls.hpp"
#include "tests/http/support/keys.hpp"
#include "tests/http/support/log_capture.hpp"
#include "tests/http/support/tls_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <thread>

namespace dklb::tests {
namespace {

using http::server::incoming;
using http::server::listener;
using http::server::outgoing;
using std::chrono::milliseconds;
using testing::HasSubstr;

outgoing echo(const incoming& request) {
  return {200, "text/plain", std::to_string(request.body.size())};
}

/// A Secret as the kubelet mounts it: the files are links through `..data` into a folder that is
/// swapped as a whole.
class secret_volume {
public:
  void put(const certificate& pair) {
    const auto version = "..version-" + std::to_string(++version_);
    folder_.write(version + "/tls.crt", pair.certificate_pem);
    folder_.write(version + "/tls.key", pair.key_pem);
    namespace fs = std::filesystem;
    fs::create_directory_symlink(version, folder_.path("..data_tmp"));
    fs::rename(folder_.path("..data_tmp"), folder_.path("..data"));
    if (version_ == 1)
      for (const auto* name : {"tls.crt", "tls.key"})
        fs::create_symlink(std::string{"..data/"} + name, folder_.path(name));
  }
  std::string certificate_file() const { return folder_.path("tls.crt"); }
  std::string key_file() const { return folder_.path("tls.key"); }

private:
  temporary_directory folder_;
  int version_ = 0;
};

class TlsListener : public testing::Test {
protected:
  void open(http::server::tls_options options = {}) {
    options.refresh = milliseconds{20};
    auto shown = http::server::certificate::load(volume.certificate_file(), volume.key_file());
    ASSERT_TRUE(shown.has_value()) << shown.failure().message;
    pair = *shown;
    auto opened = http::server::open_tls("127.0.0.1:0", echo, pair, options);
    ASSERT_TRUE(opened.has_value()) << opened.failure().message;
    server = std::move(*opened);
  }

  std::unique_ptr<httplib::SSLClient> client() const {
    auto made = std::make_unique<httplib::SSLClient>("127.0.0.1", server->port());
    made->enable_server_certificate_verification(false);
    made->set_keep_alive(true);
    return made;
  }

  /// The name in the certificate that a new connection is shown, "" where there is no handshake.
  std::string shown_name() const {
    tls_client probe{server->port()};
    return probe.handshake() ? probe.peer_name() : "";
  }

  certificate_authority authority{"test"};
  secret_volume volume;
  std::shared_ptr<http::server::certificate> pair;
  std::unique_ptr<listener> server;
};

TEST_F(TlsListener, ServesPostToAClientThatTrustsItsAuthority) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  temporary_directory folder;
  httplib::SSLClient trusting("127.0.0.1", server->port());
  trusting.set_ca_cert_path(folder.write("ca.crt", authority.pem()).c_str());
  const auto answer = trusting.Post("/validate", "{}", "application/json");
  ASSERT_TRUE(answer) << httplib::to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "2");
}

TEST_F(TlsListener, RefusesOldProtocolsAndPlainText) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  auto old = client();
  SSL_CTX_set_security_level(old->ssl_context(), 0);
  SSL_CTX_set_max_proto_version(old->ssl_context(), TLS1_1_VERSION);
  EXPECT_FALSE(old->Get("/"));
  httplib::Client plain("127.0.0.1", server->port());
  EXPECT_FALSE(plain.Get("/"));
  EXPECT_TRUE(client()->Get("/"));
}

TEST_F(TlsListener, BodiesAboveTheLimitAre413HoweverTheyAreSent) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  http::server::tls_options options;
  options.common.max_body_bytes = 1000;
  open(options);
  const auto kept = client();
  const auto send = [&](std::size_t size, bool chunked) {
    const std::string body(size, 'x');
    if (!chunked)
      return kept->Post("/validate", body, "application/json");
    return kept->Post(
      "/validate",
      [&body](std::size_t, httplib::DataSink& sink) {
        sink.write(body.data(), body.size());
        sink.done();
        return true;
      },
      "application/json");
  };
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked);
    auto answer = send(1000, chunked);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "1000");
    answer = send(1001, chunked);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413);
    EXPECT_THAT(answer->body, HasSubstr("too large"));
    // The connection is still in step.
    answer = send(3, chunked);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "3");
  }
}

TEST_F(TlsListener, LargeBodiesHaveOneBudgetAndUsualOnesAlwaysFindRoom) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  http::server::tls_options options;
  options.common.max_bodies_bytes = 1U << 20U;
  open(options);
  const std::string large(700000, 'x');
  const std::string announced =
    "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n\r\n";
  tls_client half{server->port()};
  ASSERT_TRUE(half.handshake());
  half.send(announced + large.substr(1));
  tls_client second{server->port()};
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(eventually([&] {
    return second.post("/validate", large).find("too many large requests") != std::string::npos;
  }))
    << "the first one's body has come but for a byte";
  tls_client usual{server->port()};
  ASSERT_TRUE(usual.handshake());
  EXPECT_EQ(usual.post("/validate", std::string(16000, 'x')), "16000");
  half.send("x");
  EXPECT_EQ(half.answer(), "700000");
  EXPECT_EQ(second.post("/validate", large), "700000") << "there is room again";
}

TEST_F(TlsListener, AGzipBombIsRefusedWithoutBeingKept) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  std::string packed;
  httplib::detail::gzip_compressor packer;
  const std::string zeros(64U << 20U, '\0');
  ASSERT_TRUE(
    packer.compress(zeros.data(), zeros.size(), true, [&](const char* data, std::size_t n) {
      packed.append(data, n);
      return true;
    }));
  for (const auto* method : {"POST", "PUT"}) {
    tls_client wild{server->port()};
    ASSERT_TRUE(wild.handshake());
    wild.send(std::string{method} + " /validate HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
              + "Content-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed);
    EXPECT_THAT(wild.answer(),
                HasSubstr(std::string{method} == "POST" ? "too large" : "not served"));
  }
}

TEST_F(TlsListener, NewConnectionsGetTheNewCertificateAndOpenOnesGoOn) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  EXPECT_EQ(shown_name(), "first");
  tls_client kept{server->port()};
  ASSERT_TRUE(kept.handshake());
  EXPECT_EQ(kept.post("/", "1234"), "4");
  volume.put(authority.issue("second", "IP:127.0.0.1"));
  EXPECT_TRUE(eventually([&] { return shown_name() == "second"; }));
  EXPECT_EQ(kept.post("/", "12"), "2");
  EXPECT_EQ(kept.peer_name(), "first");
  EXPECT_EQ(pair->trouble(), "");
}

TEST_F(TlsListener, BrokenPairIsToldAndTheLastGoodOneStays) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  const log_capture log;
  auto broken = authority.issue("second", "IP:127.0.0.1");
  broken.key_pem = ec_key_pem();
  volume.put(broken);
  EXPECT_TRUE(eventually([&] { return !pair->trouble().empty(); }));
  EXPECT_EQ(shown_name(), "first");
  EXPECT_THAT(log.text(), HasSubstr(volume.key_file() + ": is not the key of the certificate in "
                                    + volume.certificate_file()));
  EXPECT_THAT(log.text(), HasSubstr("the certificate that was read last stays in use"));
  std::this_thread::sleep_for(milliseconds{100});
  EXPECT_EQ(log.count("stays in use"), 1U);
  volume.put(authority.issue("third", "IP:127.0.0.1"));
  EXPECT_TRUE(eventually([&] { return shown_name() == "third"; }));
  EXPECT_EQ(pair->trouble(), "");
}

TEST_F(TlsListener, ExpiredCertificateIsServedWithAWarningThatNamesTheDate) {
  const log_capture log;
  volume.put(authority.issue("old", "IP:127.0.0.1", -60));
  open();
  EXPECT_THAT(log.text(), testing::ContainsRegex(
                            "the certificate expired at 20[0-9-]+T[0-9:]+Z; the API server"));
  EXPECT_EQ(shown_name(), "old");
  EXPECT_EQ(log.count("expired at"), 1U);
}

struct unusable_case {
  const char* name;
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  const char* file;
  const char* what;
};

TEST(TlsCertificate, UnusableOnesAreNamedWithTheirFile) {
  const certificate_authority authority{"test"};
  const auto good = authority.issue("good", "IP:127.0.0.1");
  const std::string encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"
                                "-----END ENCRYPTED PRIVATE KEY-----\n";
  const unusable_case cases[]{
    {"no certificate", std::nullopt, good.key_pem, "tls.crt", "No such file or directory"},
    {"no key", good.certificate_pem, std::nullopt, "tls.key", "No such file or directory"},
    {"empty certificate", "", good.key_pem, "tls.crt", "holds no PEM certificate"},
    {"empty key", good.certificate_pem, "", "tls.key", "holds no unencrypted PEM private key"},
    {"files changed over", good.key_pem, good.certificate_pem, "tls.crt",
     "holds no PEM certificate"},
    {"encrypted key", good.certificate_pem, encrypted, "tls.key", "holds no unencrypted"},
    {"another key", good.certificate_pem, ec_key_pem(), "tls.key", "is not the key of"},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    const temporary_directory folder;
    if (row.certificate)
      folder.write("tls.crt", *row.certificate);
    if (row.key)
      folder.write("tls.key", *row.key);
    const auto loaded =
      http::server::certificate::load(folder.path("tls.crt"), folder.path("tls.key"));
    ASSERT_FALSE(loaded.has_value());
    EXPECT_THAT(loaded.failure().message, testing::StartsWith(folder.path(row.file) + ": "));
    EXPECT_THAT(loaded.failure().message, HasSubstr(row.what));
  }
}

// -- slow clients

TEST_F(TlsListener, SlowClientsHoldUpNobody) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  std::vector<std::unique_ptr<tls_client>> slow;
  for (int count = 0; count < 60; ++count) {
    slow.push_back(std::make_unique<tls_client>(server->port()));
    if (count % 3 == 0)
      continue; // not even a handshake
    ASSERT_TRUE(slow.back()->handshake());
    slow.back()->send(count % 3 == 1 ? "POST /val"
                                     : "POST /validate HTTP/1.1\r\nContent-Length: 9\r\n\r\n{");
  }
  tls_client quick{server->port()};
  ASSERT_TRUE(quick.handshake());
  EXPECT_EQ(quick.post("/validate", "{}"), "2");
}

TEST_F(TlsListener, ConnectionWithoutAHandshakeIsCut) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  http::server::tls_options options;
  options.common.request = milliseconds{200};
  open(options);
  tls_client silent{server->port()};
  EXPECT_TRUE(silent.ends_within(milliseconds{4000}));
}

TEST_F(TlsListener, RequestThatTricklesInIsCutHoweverSteadyItIs) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  http::server::tls_options options;
  options.common.request = milliseconds{300};
  open(options);
  for (const bool after_a_request : {false, true}) {
    SCOPED_TRACE(after_a_request);
    tls_client trickle{server->port()};
    ASSERT_TRUE(trickle.handshake());
    if (after_a_request) {
      EXPECT_EQ(trickle.post("/validate", "{}"), "2");
    }
    trickle.send("POST /validate HTTP/1.1\r\nContent-Length: 10000\r\n\r\n");
    EXPECT_TRUE(eventually([&] {
      trickle.send("x");
      return trickle.ends_within(milliseconds{10});
    }));
  }
  EXPECT_TRUE(client()->Get("/"));
}

TEST_F(TlsListener, TheConnectionThatIsIdleLongestGivesWayToANewOne) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  http::server::tls_options options;
  options.common.connections = 4;
  options.common.idle = std::chrono::minutes{5};
  options.common.request = std::chrono::minutes{5};
  open(options);
  std::vector<std::unique_ptr<tls_client>> idle;
  for (int count = 0; count < 4; ++count) {
    idle.push_back(std::make_unique<tls_client>(server->port()));
    ASSERT_TRUE(idle.back()->handshake());
    EXPECT_EQ(idle.back()->post("/validate", "{}"), "2");
  }
  // Those of the API server: each is served at once, and the first in the line ends.
  std::vector<std::unique_ptr<tls_client>> reviewers;
  for (int count = 0; count < 3; ++count) {
    reviewers.push_back(std::make_unique<tls_client>(server->port()));
    ASSERT_TRUE(reviewers.back()->handshake());
    EXPECT_EQ(reviewers.back()->post("/validate", "{}"), "2");
    EXPECT_TRUE(idle[static_cast<std::size_t>(count)]->ends_within(milliseconds{1000})) << count;
    if (count == 0) {
      EXPECT_EQ(idle.back()->post("/validate", "{}"), "2") << "a newer one stays";
    }
  }
}

TEST_F(TlsListener, SilentConnectionsBeyondTheLimitDelayNoReview) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  std::vector<std::unique_ptr<tls_client>> silent;
  for (int count = 0; count < 300; ++count)
    silent.push_back(std::make_unique<tls_client>(server->port()));
  const auto begin = std::chrono::steady_clock::now();
  tls_client reviewer{server->port()};
  ASSERT_TRUE(reviewer.handshake());
  EXPECT_EQ(reviewer.post("/validate", "{}"), "2");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{4});
}

TEST_F(TlsListener, StopEndsKeptConnectionsAtOnce) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  tls_client kept{server->port()};
  ASSERT_TRUE(kept.handshake());
  EXPECT_EQ(kept.post("/", "{}"), "2");
  tls_client silent{server->port()};
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
  EXPECT_TRUE(kept.ends_within(milliseconds{1000}));
  server->stop();
}

TEST_F(TlsListener, GarbageIsAnsweredOrCutAndNeverACrash) {
  volume.put(authority.issue("first", "IP:127.0.0.1"));
  open();
  const std::string samples[]{"\r\n\r\n",
                              "GET\r\n\r\n",
                              std::string(20000, 'x') + "\r\n\r\n",
                              "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                              "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                              std::string("\0\xff\x16\x03", 4)};
  for (const auto& sample : samples) {
    tls_client wild{server->port()};
    ASSERT_TRUE(wild.handshake());
    wild.send(sample);
  }
  EXPECT_TRUE(client()->Get("/"));
}

} // namespace
} // namespace dklb::tests
