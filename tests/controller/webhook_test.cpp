// The admission webhook and its registration, as the API server meets them.
#include "tests/controller/controller_fixture.hpp"

#include "http/text/base64.hpp"
#include "tests/http/support/keys.hpp"
#include "tests/http/support/tls_client.hpp"
#include "tests/support/prometheus_text.hpp"

#include <algorithm>
#include <ctime>
#include <thread>

namespace dklb::controller_test {
namespace {

using ::testing::HasSubstr;
using tests::certificate_authority;
using tests::tls_client;

const std::string group = "admissionregistration.k8s.io/v1";
const std::vector<std::string> plurals{"mutatingwebhookconfigurations",
                                       "validatingwebhookconfigurations"};

json review_of(const json& object) {
  return {{"kind", "AdmissionReview"},
          {"apiVersion", "admission.k8s.io/v1"},
          {"request",
           {{"uid", "review-1"},
            {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Service"}}},
            {"namespace", "default"},
            {"operation", "CREATE"},
            {"object", object}}}};
}

json web(const std::string& config) {
  return load_balancer("default", "web", {80}, config);
}

class Webhook : public Controller {
protected:
  void SetUp() override {
    write_pair(authority_.issue("dklb", "IP:127.0.0.1"));
    folder_.write("ca.crt", authority_.pem());
  }

  void write_pair(const tests::certificate& pair) {
    folder_.write("tls.crt", pair.certificate_pem);
    folder_.write("tls.key", pair.key_pem);
  }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

  json settings(const json& more = json::object()) {
    listen_ = support::free_listen_address();
    json webhook{{"enabled", true},
                 {"listen", listen_},
                 {"certFile", file("tls.crt")},
                 {"keyFile", file("tls.key")}};
    webhook.merge_patch(more);
    return {{"webhook", webhook}};
  }
  /// The registration's settings, with the CA in a file of its own.
  json registering() {
    auto made = settings({{"register", true}, {"caFile", file("ca.crt")}});
    made["webhook"]["url"] = "https://" + listen_;
    made["concurrency"]["resyncPeriod"] = "300ms";
    return made;
  }

  std::unique_ptr<tls_client> connect() const {
    const auto colon = listen_.find(':');
    auto client =
      std::make_unique<tls_client>(std::stoi(listen_.substr(colon + 1)), listen_.substr(0, colon));
    EXPECT_TRUE(client->handshake());
    return client;
  }
  json ask(const std::string& path, const json& object) const {
    return json::parse(connect()->post(path, review_of(object).dump()));
  }
  json hook(const std::string& plural) const {
    const auto object = kube_.object(group, plural, "", "dklb");
    return object.is_null() ? object : object["webhooks"][0];
  }
  bool registered() const {
    return std::none_of(plurals.begin(), plurals.end(),
                        [this](const auto& plural) { return hook(plural).is_null(); });
  }
  std::size_t registration_writes() const {
    std::size_t count = 0;
    for (const auto& plural : plurals)
      for (const auto* verb : {"create", "patch", "update"})
        count += kube_.count(verb, plural);
    return count;
  }

  certificate_authority authority_{"test"};
  support::temporary_folder folder_;
  std::string listen_;
};

TEST_F(Webhook, RefusesAndCompletesReviews) {
  start(settings());
  ASSERT_TRUE(dklb_->wait_ready());
  auto answer = ask("/validate", web("size: 0"));
  EXPECT_EQ(answer["kind"], "AdmissionReview");
  EXPECT_EQ(answer["apiVersion"], "admission.k8s.io/v1");
  EXPECT_EQ(answer["response"]["uid"], "review-1");
  EXPECT_EQ(answer["response"]["allowed"], false);
  EXPECT_THAT(answer["response"]["status"]["message"].get<std::string>(),
              HasSubstr("0 is not a valid size request"));
  EXPECT_EQ(ask("/validate", web("name: a"))["response"]["allowed"], true);
  answer = ask("/mutate", web("size: 2"));
  const auto patch =
    json::parse(*http::base64_decode(answer["response"]["patch"].get<std::string>()));
  EXPECT_EQ(patch[0]["path"], "/metadata/annotations/kubernetes.dcos.io~1dklb-pool");
  EXPECT_THAT(patch.dump(), HasSubstr("\"test-cluster--"));
  EXPECT_THAT(dklb_->get("/readyz?verbose").body, HasSubstr("[+] webhook-certificate ok"));
  const auto page = support::prometheus_text{dklb_->get("/metrics").body};
  EXPECT_GT(page.value("dklb_webhook_certificate_expiration_timestamp_seconds").value_or(0),
            static_cast<double>(std::time(nullptr)));
}

TEST_F(Webhook, WhatIsNoReviewIsAnsweredWithTheReason) {
  start(settings());
  ASSERT_TRUE(dklb_->wait_ready());
  EXPECT_THAT(connect()->post("/validate", "{"), HasSubstr("the body is not JSON"));
  EXPECT_THAT(connect()->post("/validate", R"({"kind": "Pod"})"), HasSubstr("AdmissionReview"));
  EXPECT_THAT(connect()->post("/validate", std::string(9U << 20U, ' ')), HasSubstr("too large"));
  EXPECT_THAT(connect()->post("/other", "{}"), HasSubstr("no such path"));
  const auto unreadable = ask("/validate", {{"metadata", 7}});
  EXPECT_EQ(unreadable["response"]["allowed"], false);
  EXPECT_EQ(unreadable["response"]["status"]["code"], 400);
}

TEST_F(Webhook, UnreadableCertificateEndsTheStartAndNamesTheFile) {
  start(settings({{"certFile", file("none.crt")}}));
  EXPECT_EQ(dklb_->process().wait(20s), 2);
  EXPECT_THAT(dklb_->output(),
              HasSubstr(file("none.crt") + ": cannot be read: No such file or directory"));
}

TEST_F(Webhook, ReplacedCertificateIsShownAndABrokenOneIsNot) {
  start(settings());
  ASSERT_TRUE(dklb_->wait_ready());
  EXPECT_EQ(connect()->peer_name(), "dklb");
  write_pair(authority_.issue("renewed", "IP:127.0.0.1"));
  EXPECT_TRUE(eventually([&] { return connect()->peer_name() == "renewed"; }));
  folder_.write("tls.crt", "spoiled");
  EXPECT_TRUE(eventually([&] {
    return dklb_->get("/readyz?verbose").body.find("tls.crt: holds no PEM certificate")
           != std::string::npos;
  }));
  EXPECT_EQ(dklb_->get("/readyz").status, 200);
  EXPECT_EQ(connect()->peer_name(), "renewed");
}

TEST_F(Webhook, LeaderRegistersAndRepairsAndWritesNothingMore) {
  start(registering());
  ASSERT_TRUE(eventually([&] { return registered(); }));
  for (const auto& plural : plurals) {
    EXPECT_EQ(hook(plural)["clientConfig"]["caBundle"], http::base64_encode(authority_.pem()));
    EXPECT_EQ(hook(plural)["failurePolicy"], "Ignore");
  }
  EXPECT_TRUE(always([&] { return registration_writes() == 2; }, 700ms));
  auto changed = kube_.object(group, plurals[1], "", "dklb")["webhooks"];
  changed[0]["failurePolicy"] = "Fail";
  kube_.patch_object(group, plurals[1], "", "dklb", {{"webhooks", changed}});
  kube_.delete_object(group, plurals[0], "", "dklb");
  EXPECT_TRUE(
    eventually([&] { return registered() && hook(plurals[1])["failurePolicy"] == "Ignore"; }));
  EXPECT_EQ(registration_writes(), 4U);
  stop();
  start(registering());
  ASSERT_TRUE(dklb_->wait_ready());
  // The restarted one has a port of its own: that is a change, and nothing else is.
  EXPECT_TRUE(eventually([&] { return registration_writes() == 6; }));
  EXPECT_TRUE(always([&] { return registration_writes() == 6; }, 700ms));
}

TEST_F(Webhook, ReplacedAuthorityIsRegistered) {
  start(registering());
  ASSERT_TRUE(eventually([&] { return registered(); }));
  const certificate_authority other{"other"};
  folder_.write("ca.crt", other.pem());
  EXPECT_TRUE(eventually([&] {
    return hook(plurals[0])["clientConfig"]["caBundle"] == http::base64_encode(other.pem())
           && hook(plurals[1])["clientConfig"]["caBundle"] == http::base64_encode(other.pem());
  }));
}

TEST_F(Webhook, ChangedFailurePolicyIsRegisteredWithoutARestart) {
  auto made = registering();
  made["concurrency"]["resyncPeriod"] = "1h";
  start(made);
  ASSERT_TRUE(eventually([&] { return registered(); }));
  EXPECT_EQ(hook(plurals[0])["failurePolicy"], "Ignore");
  dklb_->reconfigure({{"webhook", {{"failurePolicy", "Fail"}}}});
  EXPECT_TRUE(eventually([&] {
    return hook(plurals[0])["failurePolicy"] == "Fail"
           && hook(plurals[1])["failurePolicy"] == "Fail";
  }));
}

TEST_F(Webhook, StandbyAnswersReviewsAndRegistersNothing) {
  kube_.create_object("coordination.k8s.io/v1", "leases", "default",
                      {{"metadata", {{"name", "dklb"}}},
                       {"spec",
                        {{"holderIdentity", "somebody"},
                         {"leaseDurationSeconds", 3600},
                         {"acquireTime", "2024-01-01T00:00:00.000000Z"},
                         {"renewTime", "2024-01-01T00:00:00.000000Z"},
                         {"leaseTransitions", 1}}}});
  auto made = registering();
  made["leaderElection"]["enabled"] = true;
  start(made);
  ASSERT_TRUE(dklb_->wait_ready());
  EXPECT_EQ(ask("/validate", web("size: 0"))["response"]["allowed"], false);
  EXPECT_TRUE(always([&] { return registration_writes() == 0; }, 700ms));
  EXPECT_TRUE(hook(plurals[0]).is_null());
}

} // namespace
} // namespace dklb::controller_test
