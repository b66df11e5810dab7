// What edgelb-local makes of a state folder: it adopts, ends, sets aside, and follows no link.
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace dklb::edgelb {
namespace {

using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::running_edgelb;
using testing::tcp_pool;

class EdgelbState : public ::testing::Test {
protected:
  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
};

TEST_F(EdgelbState, NewServerOverTheSameFolderAdoptsWhatRuns) {
  auto pool = tcp_pool("web", 0, one_.port());
  pool["count"] = 2;
  edgelb_.create(pool);
  const auto haproxies = edgelb_.haproxies();
  const auto metadata = edgelb_.metadata("web");
  ::kill(haproxies[0], SIGKILL);
  edgelb_.restart();
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 2; }));
  const auto now = edgelb_.haproxies();
  EXPECT_NE(std::find(now.begin(), now.end(), haproxies[1]), now.end())
    << "adopted, not started anew";
  EXPECT_TRUE(eventually(
    [&] { return edgelb_.call("GET", "/v2/pools/web/metadata").body == metadata.dump(); }))
    << "placement and ports stay";
  const int port = metadata["frontends"][0]["endpoints"][0]["port"].get<int>();
  EXPECT_TRUE(eventually([&] { return greeting(edgelb_.private_address("web"), port) == "one"; }));
}

TEST_F(EdgelbState, InstancesOfNoPoolAreEndedAtTheStart) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  edgelb_.create(tcp_pool("gone", 16380, one_.port()));
  // As a crash in the middle of a DELETE leaves it.
  std::filesystem::remove(edgelb_.folder() / "state/pools/gone.json");
  edgelb_.restart();
  EXPECT_EQ(edgelb_.haproxies().size(), 1U);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/gone").status, 404);
  EXPECT_EQ(greeting(edgelb_.addresses().address(16), 16379), "one");
}

TEST_F(EdgelbState, TrafficOfADamagedRecordGoesOnUntilThePoolIsMadeAnew) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  edgelb_.create(tcp_pool("hurt", 16380, one_.port()));
  const auto address = edgelb_.private_address("hurt");
  const auto haproxies = edgelb_.haproxies();
  ASSERT_TRUE(
    write_durably(edgelb_.folder() / "state/pools/hurt.json", "{\"pool\": {").has_value());
  for (int round = 0; round < 2; ++round) {
    edgelb_.restart();
    EXPECT_EQ(edgelb_.call("GET", "/v2/pools/web").status, 200);
    EXPECT_EQ(edgelb_.call("GET", "/v2/pools/hurt").status, 404);
    EXPECT_EQ(edgelb_.haproxies(), haproxies);
    EXPECT_EQ(greeting(address, 16380), "one");
  }
  edgelb_.create(tcp_pool("hurt", 16380, two_.port()));
  EXPECT_EQ(greeting(edgelb_.private_address("hurt"), 16380), "two");
  EXPECT_EQ(edgelb_.haproxies().size(), 2U);
  edgelb_.restart();
  EXPECT_EQ(edgelb_.haproxies().size(), 2U);
  EXPECT_EQ(read_file(edgelb_.folder() / "state/damaged/hurt.json").value(), "{\"pool\": {");
}

TEST_F(EdgelbState, RepairedRecordBringsItsInstancesBack) {
  edgelb_.create(tcp_pool("hurt", 16380, one_.port()));
  const auto haproxies = edgelb_.haproxies();
  const auto record = edgelb_.folder() / "state/pools/hurt.json";
  const auto whole = read_file(record).value();
  ASSERT_TRUE(write_durably(record, whole.substr(0, whole.size() / 2)).has_value());
  edgelb_.restart();
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/hurt").status, 404);
  ASSERT_TRUE(write_durably(record, whole).has_value());
  std::filesystem::remove(edgelb_.folder() / "state/damaged/hurt.json");
  edgelb_.restart();
  EXPECT_EQ(greeting(edgelb_.private_address("hurt"), 16380), "one");
  EXPECT_EQ(edgelb_.haproxies(), haproxies);
}

TEST_F(EdgelbState, WhatIsNoInstanceStaysInTheirFolder) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto outside = edgelb_.folder() / "outside";
  std::filesystem::create_directory(outside);
  ASSERT_TRUE(write_durably(outside / "file", "precious").has_value());
  std::filesystem::create_symlink(outside, edgelb_.folder() / "state/i/0a0a0a0a");
  ASSERT_TRUE(write_durably(edgelb_.folder() / "state/i/notes.txt", "mine").has_value());
  edgelb_.restart();
  EXPECT_EQ(read_file(outside / "file").value(), "precious");
  EXPECT_EQ(read_file(edgelb_.folder() / "state/i/notes.txt").value(), "mine");
}

TEST_F(EdgelbState, SecondServerOverTheSameFolderIsRefused) {
  reconciler_settings settings;
  settings.state_folder = edgelb_.folder() / "state";
  const auto second = reconciler::open(haproxy_program::find("").value(), settings);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.failure().message.find("in use by another"), std::string::npos);
}

TEST(EdgelbFolder, TooLongAPathIsRefusedBeforeAnythingIsMade) {
  const testing::temporary_folder folder;
  reconciler_settings settings;
  settings.state_folder = folder.path() / std::string(100, 'x');
  const auto opened = reconciler::open(haproxy_program::find("").value(), settings);
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.failure().message.find("too long"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(settings.state_folder));
}

class EdgelbLinks : public ::testing::TestWithParam<const char*> {};

TEST_P(EdgelbLinks, InTheStateFolderAreRefusedAndNotFollowed) {
  const testing::temporary_folder folder;
  const auto outside = folder.path() / "outside";
  std::filesystem::create_directories(outside / "0a0a0a0a");
  ASSERT_TRUE(write_durably(outside / "0a0a0a0a" / "file", "precious").has_value());
  reconciler_settings settings;
  settings.state_folder = folder.path() / "state";
  std::filesystem::create_directory(settings.state_folder);
  std::filesystem::create_symlink(outside, settings.state_folder / GetParam());
  const auto opened = reconciler::open(haproxy_program::find("").value(), settings);
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.failure().message.find(std::string("state/") + GetParam()), std::string::npos);
  EXPECT_NE(opened.failure().message.find("move it away"), std::string::npos);
  EXPECT_EQ(read_file(outside / "0a0a0a0a" / "file").value(), "precious");
}

INSTANTIATE_TEST_SUITE_P(Folders, EdgelbLinks,
                         ::testing::Values("pools", "damaged", "i", "scratch"),
                         [](const auto& one) { return std::string(one.param); });

} // namespace
} // namespace dklb::edgelb
