// The program itself, as an operator starts and kills it.
#include "edgelb/haproxy/files.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <httplib.h>

#include <sys/stat.h>

#include <csignal>

namespace dklb::edgelb {
namespace {

using testing::address_range;
using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::haproxies_under;
using testing::tcp_pool;
using testing::temporary_folder;

class EdgelbProgram : public ::testing::Test {
protected:
  ~EdgelbProgram() override {
    server_.end(std::chrono::seconds(20));
    for (const pid_t pid : haproxies_under(folder_.path()))
      ::kill(pid, SIGKILL);
  }

  void start(std::vector<std::string> more = {}) {
    const auto log = folder_.path() / "log";
    std::filesystem::remove(log);
    std::vector<std::string> command{
      EDGELB_LOCAL, "--listen",       "127.0.0.1:0", "--state-dir", (folder_.path() / "s").string(),
      "--agents",   addresses_.text()};
    command.insert(command.end(), more.begin(), more.end());
    auto started = process::start(command, log);
    ASSERT_TRUE(started.has_value());
    server_ = std::move(*started);
    const std::string before = "edgelb-local serves ";
    ASSERT_TRUE(eventually([&] {
      const auto text = read_file(log);
      const auto at = text ? text->find(before) : std::string::npos;
      if (at == std::string::npos)
        return false;
      const auto from = at + before.size();
      url_ = text->substr(from, text->find('\n', from) - from);
      return true;
    }))
      << read_file(log).value();
  }

  int post(const document& pool) const {
    const auto answer = httplib::Client(url_).Post("/v2/pools", pool.dump(), "application/json");
    return answer ? answer->status : 0;
  }

  std::string public_address() const {
    const auto answer = httplib::Client(url_).Get("/v2/pools/web/metadata");
    if (!answer || answer->status != 200)
      return {};
    return document::parse(answer->body)["frontends"][0]["endpoints"][0]["public"][0]
      .get<std::string>();
  }

  temporary_folder folder_;
  address_range addresses_;
  process server_;
  std::string url_;
  echo_server backend_{"echo"};
};

TEST_F(EdgelbProgram, KilledItLeavesTrafficAndAdoptsItAgain) {
  start();
  ASSERT_EQ(post(tcp_pool("web", 16379, backend_.port())), 200);
  const auto address = public_address();
  const auto haproxies = haproxies_under(folder_.path());
  ASSERT_EQ(haproxies.size(), 1U);
  server_.signal(SIGKILL);
  ASSERT_TRUE(server_.wait(std::chrono::seconds(10)));
  EXPECT_EQ(greeting(address, 16379), "echo");
  start();
  EXPECT_TRUE(eventually([&] { return public_address() == address; }));
  EXPECT_EQ(haproxies_under(folder_.path()), haproxies);
  EXPECT_EQ(httplib::Client(url_).Delete("/v2/pools/web")->status, 204);
  EXPECT_TRUE(haproxies_under(folder_.path()).empty());
}

TEST_F(EdgelbProgram, TerminatedItLeavesTrafficUnlessToldOtherwise) {
  start();
  ASSERT_EQ(post(tcp_pool("web", 16379, backend_.port())), 200);
  server_.signal(SIGTERM);
  ASSERT_TRUE(server_.wait(std::chrono::seconds(20)));
  EXPECT_EQ(haproxies_under(folder_.path()).size(), 1U);
  start({"--stop-instances-on-exit"});
  server_.signal(SIGTERM);
  ASSERT_TRUE(server_.wait(std::chrono::seconds(20)));
  EXPECT_TRUE(haproxies_under(folder_.path()).empty());
}

TEST_F(EdgelbProgram, SignalsThatAskForNothingAreIgnored) {
  start({"--stop-instances-on-exit"});
  for (const int number : {SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2})
    server_.signal(number);
  ASSERT_EQ(post(tcp_pool("web", 16379, backend_.port())), 200);
  EXPECT_EQ(greeting(public_address(), 16379), "echo");
  EXPECT_TRUE(eventually([&] {
    const auto said = read_file(folder_.path() / "log");
    return said && said->find("SIGHUP is ignored") != std::string::npos;
  }));
  server_.signal(SIGINT);
  ASSERT_TRUE(server_.wait(std::chrono::seconds(20)));
  EXPECT_TRUE(haproxies_under(folder_.path()).empty());
}

TEST_F(EdgelbProgram, WithAPipeAmongItsRecordsItStartsServesAndEnds) {
  start();
  ASSERT_EQ(post(tcp_pool("web", 16379, backend_.port())), 200);
  server_.signal(SIGTERM);
  ASSERT_TRUE(server_.wait(std::chrono::seconds(20)));
  ASSERT_EQ(::mkfifo((folder_.path() / "s/pools/pipe.json").c_str(), 0600), 0);
  start();
  EXPECT_EQ(httplib::Client(url_).Get("/v2/pools/web")->status, 200);
  const auto log = read_file(folder_.path() / "log").value();
  EXPECT_NE(log.find("the record \"pipe.json\" cannot be used"), std::string::npos) << log;
  server_.signal(SIGTERM);
  EXPECT_TRUE(server_.wait(std::chrono::seconds(20)));
}

struct mistake_case {
  const char* name;
  std::vector<std::string> arguments;
  int status;
  const char* words;
};

class EdgelbMistakes : public ::testing::TestWithParam<mistake_case> {};

TEST_P(EdgelbMistakes, AreExplained) {
  const temporary_folder folder;
  std::vector<std::string> command{EDGELB_LOCAL};
  for (const auto& word : GetParam().arguments)
    command.push_back(word == "STATE" ? folder.path().string() : word);
  const auto outcome = run_program(command, std::chrono::seconds(30));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status, GetParam().status) << outcome->output;
  EXPECT_NE(outcome->output.find(GetParam().words), std::string::npos) << outcome->output;
}

INSTANTIATE_TEST_SUITE_P(
  Table, EdgelbMistakes,
  ::testing::Values(
    mistake_case{"NoFolder", {}, 2, "--state-dir is needed"},
    mistake_case{"UnknownFlag", {"--nonsense"}, 2, "--nonsense"},
    mistake_case{"BadRange", {"--state-dir", "STATE", "--agents", "x"}, 2, "is no range of agents"},
    mistake_case{"NoHaproxy",
                 {"--state-dir", "STATE", "--haproxy", "/nowhere"},
                 1,
                 "install the package haproxy"},
    mistake_case{"NoTokenFile",
                 {"--state-dir", "STATE", "--token-file", "/nowhere"},
                 1,
                 "cannot read /nowhere"},
    mistake_case{
      "BadListen", {"--state-dir", "STATE", "--listen", "here"}, 2, "is no address to listen on"},
    mistake_case{"ForeignAddress",
                 {"--state-dir", "STATE", "--listen", "192.0.2.1:80"},
                 1,
                 "cannot listen on 192.0.2.1:80"},
    mistake_case{"ListWithoutServer", {"list", "--url", "http://127.0.0.1:1"}, 1, "no answer"},
    mistake_case{"Version", {"--version"}, 0, "."}),
  [](const auto& one) { return std::string(one.param.name); });

} // namespace
} // namespace dklb::edgelb
