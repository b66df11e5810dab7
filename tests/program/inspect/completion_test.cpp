// What a shell offers while `kubectl dklb ...` is typed.
#include "program/inspect/command_line.hpp"
#include "tests/program/inspect/scripted_pages.hpp"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>

namespace dklb::tests {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Completion : public ::testing::Test {
protected:
  Completion() {
    const std::string proxy = "/api/v1/namespaces/dklb-system/pods/dklb-1:8080/proxy";
    server_.set("/apis/coordination.k8s.io/v1/namespaces/dklb-system/leases/dklb",
                lease_of("dklb-1_uuid", "2026-12-01T09:59:55Z"));
    server_.set(proxy + "/services", json::array({{{"namespace", "shop"}, {"name", "web"}},
                                                  {{"namespace", "shop"}, {"name", "redis"}},
                                                  {{"name", "a/b"}, {"state", "not answering"}}}));
    server_.set(proxy + "/pools", json::array({{{"name", "dklb-redis"}}}));
  }

  std::string complete(const std::vector<std::string>& words) const {
    return program::completion(words, server_.environment());
  }

  scripted_pages server_;
};

TEST_F(Completion, CommandsComeWithTheirDescriptions) {
  const auto all = complete({""});
  for (const char* name : {"explain\t", "pools\t", "services\t", "actors\t", "plan\t", "events\t"})
    EXPECT_THAT(all, HasSubstr(name));
  EXPECT_TRUE(all.ends_with("\n:4\n")) << all;
  EXPECT_EQ(complete({}), all);
  EXPECT_THAT(complete({"ex"}), ::testing::StartsWith("explain\t"));
  EXPECT_EQ(complete({"x"}), ":4\n");
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(Completion, SubjectsAreTheOnesThatDklbKnows) {
  EXPECT_EQ(complete({"explain", ""}), "shop/web\nshop/redis\n:4\n");
  EXPECT_EQ(complete({"explain", "shop/r"}), "shop/redis\n:4\n");
  EXPECT_EQ(complete({"explain", "-o", "json", "shop/w"}), "shop/web\n:4\n");
  EXPECT_EQ(complete({"explain", "shop/web", ""}), ":4\n");
  EXPECT_EQ(complete({"pools", ""}), "dklb-redis\n:4\n");
  EXPECT_EQ(complete({"events", "shop/w"}), "shop/web\n:4\n");
  EXPECT_EQ(complete({"services", ""}), ":4\n");
  EXPECT_EQ(complete({"surprise", ""}), complete({""}));
}

TEST_F(Completion, ADklbThatIsNotFoundOffersNothing) {
  EXPECT_EQ(complete({"explain", "-n", "other", ""}), ":4\n");
  EXPECT_EQ(complete({"explain", "--url=http://127.0.0.1:" + std::to_string(unused_port()), ""}),
            ":4\n");
}

TEST_F(Completion, FlagsAreThoseOfTheCommandAndTheirValuesFollow) {
  const auto flags = complete({"plan", "--"});
  for (const char* name : {"--namespace\t", "--lease\t", "--url\t", "--output\t", "--config\t"})
    EXPECT_THAT(flags, HasSubstr(name));
  EXPECT_THAT(flags, Not(HasSubstr("--kind")));
  EXPECT_THAT(complete({"actors", "--k"}), HasSubstr("--kind\t"));
  EXPECT_EQ(complete({"plan", "-o", "j"}), "json\tfor programs\n:4\n");
  EXPECT_EQ(complete({"plan", "--config", ""}), ":0\n") << "a file name";
  EXPECT_EQ(complete({"plan", "--namespace", ""}), ":4\n");
}

/// A flag that can be completed is one that can be given, and the other way round.
TEST(PluginCommands, EachCommandHasExactlyTheFlagsThatAreOffered) {
  program::plugin_arguments given;
  CLI::App app;
  program::add_plugin_commands(app, given);
  const http::kube::access_environment nothing{[](const std::string&) { return std::nullopt; }, ""};
  for (const auto* command : app.get_subcommands({})) {
    std::string offered = program::completion({command->get_name(), "--"}, nothing);
    for (const auto* option : command->get_options())
      for (const auto& name : option->get_lnames()) {
        const auto at = offered.find("--" + name + "\t");
        ASSERT_NE(at, std::string::npos) << command->get_name() << " --" << name;
        offered.erase(at, offered.find('\n', at) - at + 1);
      }
    EXPECT_EQ(offered, ":4\n") << command->get_name();
    EXPECT_THAT(command->get_footer(), HasSubstr("Examples:\n"));
    EXPECT_THAT(command->get_footer(),
                HasSubstr(std::string{"kubectl dklb "} + command->get_name()));
  }
  EXPECT_EQ(app.get_subcommands({}).size(), 6U);
}

TEST(PluginCommands, ArgumentsBecomeTheRequest) {
  program::plugin_arguments given;
  CLI::App app;
  program::add_plugin_commands(app, given);
  app.parse("plan -n lb --lease a/b --port 9000 --url http://x -o json --config f --kubeconfig k");
  EXPECT_EQ(given.request.command, program::inspect_command::plan);
  EXPECT_EQ(given.request.place.name_space, "lb");
  EXPECT_EQ(given.request.place.lease, "a/b");
  EXPECT_EQ(given.request.place.port, 9000);
  EXPECT_EQ(given.request.place.url, "http://x");
  EXPECT_EQ(given.request.place.kubeconfig, "k");
  EXPECT_EQ(given.request.output, "json");
  EXPECT_EQ(given.config, "f");
  EXPECT_THROW(app.parse("explain"), CLI::ParseError) << "without a Service";
  EXPECT_THROW(app.parse("explain a b"), CLI::ParseError);
  EXPECT_THROW(app.parse("services -o yaml"), CLI::ParseError);
  EXPECT_THROW(app.parse("services --port 0"), CLI::ParseError);
}

} // namespace
} // namespace dklb::tests
