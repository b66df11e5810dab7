// The status of a Service while others write to it, and what is written into it.
#include "tests/controller/controller_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace dklb::controller_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const json foreign_condition{{"type", "example.com/Checked"},
                             {"status", "True"},
                             {"reason", "Fine"},
                             {"message", "theirs"},
                             {"lastTransitionTime", "2024-01-01T00:00:00Z"}};

/// True where the text holds nothing that steers a terminal.
bool harmless(const std::string& text) {
  return std::ranges::none_of(text, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; });
}

TEST_F(Controller, ConditionsThatAnotherProgramAddsAreNotLost) {
  constexpr int many = 300;
  const auto name = [](int number) { return "web-" + std::to_string(number); };
  for (int number = 0; number < many; ++number)
    create(name(number), "pool-" + std::to_string(number % 10), {1000 + number});
  // The other program writes while dklb's patch, made of what it saw before, is on its way.
  kube_.inject(
    {.kind = fault_kind::delay_only, .method = "PATCH", .path = "*/status", .delay = 20ms});
  std::atomic<bool> over{false};
  std::thread other{[&] {
    std::vector<bool> done(many);
    while (!over && !std::ranges::all_of(done, std::identity{}))
      for (int number = 0; number < many; ++number)
        if (!done[number] && service(name(number))["metadata"].contains("finalizers")) {
          kube_.merge_service_status(
            "default", name(number),
            {{"status", {{"conditions", json::array({foreign_condition})}}}});
          done[number] = true;
        }
  }};
  start();
  const auto all = eventually(
    [&] {
      for (int number = 0; number < many; ++number)
        if (reason(name(number)) != "EnsuredLoadBalancer")
          return false;
      return true;
    },
    60s);
  over = true;
  other.join();
  EXPECT_TRUE(all);
  for (int number = 0; number < many; ++number)
    EXPECT_THAT(service(name(number))["status"]["conditions"], Contains(foreign_condition));
}

TEST_F(Controller, AProgramThatWritesTheStatusAtEveryEventIsNotFought) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  wait_quiet();
  clear_logs();
  const json theirs = json::array({{{"ip", "203.0.113.66"}, {"ipMode", "VIP"}}});
  const auto interfere = [&] {
    if (service("web")["status"]["loadBalancer"].value("ingress", json::array()) != theirs)
      kube_.patch_service_status("default", "web",
                                 {{"status", {{"loadBalancer", {{"ingress", theirs}}}}}});
  };
  EXPECT_TRUE(always(
    [&] {
      interfere();
      return kube_.count("patch", "services/status") <= 4;
    },
    6s));
  EXPECT_EQ(reason("web"), "StatusContested");
  EXPECT_THAT(message("web"), HasSubstr("another program keeps changing"));
  EXPECT_TRUE(eventually([&] {
    const auto told = event_reasons("web");
    return std::ranges::count(told, "StatusContested") == 1;
  }));
}

TEST_F(Controller, AHundredThousandAddressesAreNotPublished) {
  create("web", "app");
  json addresses = json::array();
  for (int number = 0; number < 100000; ++number)
    addresses.push_back("10." + std::to_string(number / 65536) + "."
                        + std::to_string(number / 256 % 256) + "." + std::to_string(number % 256));
  edgelb_.set_metadata("app", json{{"frontends",
                                    {{{"name", object_name("web", 80)},
                                      {"endpoints", {{{"port", 80}, {"private", addresses}}}}}}}}
                                .dump());
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(this->addresses("web").size(), 64U);
  EXPECT_THAT(message("web"), HasSubstr("EdgeLB names 100000 addresses"));
}

TEST_F(Controller, AddressesThatReachNobodyElseArePublishedOnlyInASandbox) {
  create("web", "app");
  edgelb_.set_instances("app", {{"127.0.0.1", "169.254.169.254"}, {"10.1.1.1", "0.0.0.0"}});
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(addresses("web"), ElementsAre("10.1.1.1"));
  EXPECT_THAT(message("web"), HasSubstr("not published: 0.0.0.0, 127.0.0.1, 169.254.169.254"));
  stop();
  start({{"edgelb", {{"publishLocalAddresses", true}}}});
  EXPECT_TRUE(eventually([&] {
    return addresses("web") == std::vector<std::string>{"10.1.1.1", "127.0.0.1", "169.254.169.254"};
  }));
}

TEST_F(Controller, AStatusThatTheApiServerRefusesIsTold) {
  create("web", "app");
  kube_.inject({.kind = fault_kind::status,
                .method = "PATCH",
                .path = "*/status",
                .times = 1,
                .code = 422,
                .text = "Service \"web\" is invalid: status.loadBalancer: Too long"});
  start();
  EXPECT_TRUE(
    eventually([&] { return std::ranges::count(event_reasons("web"), "KubernetesError") == 1; }));
  EXPECT_TRUE(eventually([&] { return reason("web") == "EnsuredLoadBalancer"; }));
}

TEST_F(Controller, NoTextFromOutsideForgesALogLineOrReachesAScreen) {
  const std::string forged = "x\n2026-01-01T00:00:00.000Z error FORGED \x1b[31m";
  auto pool = foreign_pool("theirs");
  pool["haproxy"]["frontends"][0]["name"] = forged;
  pool["haproxy"]["frontends"][0]["bindPort"] = 80;
  edgelb_.put_pool(pool);
  create("taken", "theirs");
  create("steering", "app", {80}, "role: " + json(forged).dump() + "\n");
  start({{"log", {{"level", "debug"}}}});
  ASSERT_TRUE(eventually([&] { return reason("taken") == "PortConflict"; }));
  ASSERT_TRUE(eventually([&] { return reason("steering") == "TranslationError"; }));
  EXPECT_THAT(message("steering"), HasSubstr("line 2: role: holds the control character \\n"));
  EXPECT_THAT(message("taken"), HasSubstr("FORGED"));
  EXPECT_TRUE(harmless(message("taken"))) << message("taken");
  EXPECT_TRUE(harmless(message("steering")));
  (void)dklb_->get("/%ff%0a2026-01-01T00:00:00.000Z%20error%20FORGED%1b");
  ASSERT_TRUE(eventually([&] { return event_reasons("taken").size() == 1; }));
  for (const auto& event : kube_.events())
    EXPECT_TRUE(harmless(event.value("note", "") + event.value("message", ""))) << event;
  EXPECT_THAT(dklb_->output(), Not(HasSubstr("\n2026-01-01")));
  EXPECT_THAT(dklb_->output(), Not(HasSubstr("\x1b")));
}

} // namespace
} // namespace dklb::controller_test
