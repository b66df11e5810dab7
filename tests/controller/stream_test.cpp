// Pages that are followed while the controller works.
#include "tests/controller/controller_fixture.hpp"
#include "tests/http/support/tcp_client.hpp"

namespace dklb::controller_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A page that is followed, with all that has come so far.
class stream {
public:
  stream(const std::string& listen, const std::string& page)
    : client_(std::stoi(listen.substr(listen.find(':') + 1)), listen.substr(0, listen.find(':'))) {
    client_.send("GET " + page + "?watch=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    EXPECT_THAT(until("event: snapshot"), HasSubstr(" 200 ")) << page;
  }
  /// What has come, once this is in it.
  const std::string& until(const std::string& piece) {
    for (std::string more = "?"; text_.find(piece) == std::string::npos && !more.empty();)
      text_ += more = client_.read_until("\n\n");
    EXPECT_THAT(text_, HasSubstr(piece));
    return text_;
  }
  bool ends_within(std::chrono::milliseconds time) const { return client_.ends_within(time); }

private:
  tests::tcp_client client_;
  std::string text_;
};

class ControllerStreams : public Controller {
protected:
  std::unique_ptr<stream> follow(const std::string& page) const {
    return std::make_unique<stream>(dklb_->listen_address(), page);
  }
};

TEST_F(ControllerStreams, ShowWhatHappensToAServiceAsItHappens) {
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  const auto services = follow("/services");
  const auto pools = follow("/pools");
  const auto actors = follow("/actors");
  const auto begin = std::chrono::steady_clock::now();
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto service = services->until(R"("phase":"Provisioned")");
  EXPECT_THAT(service, HasSubstr(R"("key":"default/web")"));
  EXPECT_THAT(service, HasSubstr("serves this Service at"));
  EXPECT_THAT(service, Not(HasSubstr("timeline")));
  const auto pool = pools->until(R"("addresses":[")");
  EXPECT_THAT(pool, HasSubstr(R"("key":"app")"));
  EXPECT_THAT(actors->until(R"("kind":"pool",)"), HasSubstr(R"("name":"default/web")"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);

  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  services->until(R"("removed":["default/web"])");
  pools->until(R"("removed":["app"])");
}

TEST_F(ControllerStreams, ShowAServiceThatWasThereWithItsRefusal) {
  create("older", "app");
  start();
  ASSERT_TRUE(eventually([&] { return reason("older") == "EnsuredLoadBalancer"; }));
  create("younger", "app");
  ASSERT_TRUE(eventually([&] { return reason("younger") == "PortConflict"; }));
  const auto services = follow("/services");
  EXPECT_THAT(services->until("}\n\n"), HasSubstr("default/older"));
}

TEST_F(ControllerStreams, DoNotKeepItFromEnding) {
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  const auto services = follow("/services");
  const auto actors = follow("/actors");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(dklb_->stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_TRUE(services->ends_within(5s));
  EXPECT_TRUE(actors->ends_within(5s));
}

} // namespace
} // namespace dklb::controller_test
