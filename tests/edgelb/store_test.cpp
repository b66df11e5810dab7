#include "edgelb/haproxy/files.hpp"
#include "edgelb/pools/pool_store.hpp"
#include "edgelb/rules/pool_rules.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>

namespace dklb::edgelb {
namespace {

pool_record some_record(const std::string& name) {
  return {accept_pool({{"name", name}, {"future", {{"z", 1}, {"a", 2}}}}).value(),
          {{"stats", 9090}, {"frontend/in", 20001}},
          {{"0a1b2c3d", "127.0.64.16"}},
          {"ffff0000"}};
}

class PoolStore : public ::testing::Test {
protected:
  PoolStore() {
    std::filesystem::create_directory(pools());
    std::filesystem::create_directory(damaged());
  }

  std::filesystem::path pools() const { return folder_.path() / "pools"; }
  std::filesystem::path damaged() const { return folder_.path() / "damaged"; }
  pool_store store() const { return {pools(), damaged()}; }
  /// The names of the pools that are there.
  std::vector<std::string> loaded() const {
    std::vector<std::string> names;
    const auto found = store().load();
    EXPECT_TRUE(found.has_value());
    for (const auto& one : found->records)
      names.push_back(text_at(one.pool, "name"));
    return names;
  }

  const testing::temporary_folder folder_;
};

TEST_F(PoolStore, GivesBackWhatItWasGiven) {
  ASSERT_TRUE(store().save(some_record("b")).has_value());
  ASSERT_TRUE(store().save(some_record("a")).has_value());
  const auto found = store().load();
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->records.size(), 2U);
  EXPECT_TRUE(found->damaged.empty());
  EXPECT_EQ(to_text(found->records[0]), to_text(some_record("a")));
  EXPECT_EQ(found->records[0].pool.begin().key(), "name");
}

TEST_F(PoolStore, WriteThatACrashCutShortLeavesTheOldPool) {
  ASSERT_TRUE(store().save(some_record("a")).has_value());
  std::ofstream(pools() / "a.json.new") << "{\"pool\": {\"na";
  const auto found = store().load();
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->records.size(), 1U);
  EXPECT_EQ(to_text(found->records.front()), to_text(some_record("a")));
  ASSERT_TRUE(store().save(some_record("a")).has_value());
}

/// The text of a record of the pool "bad" with one part replaced.
std::string record_with(const char* pointer, const document& value) {
  auto record = document::parse(to_text(some_record("bad")));
  record[document::json_pointer(pointer)] = value;
  return record.dump();
}

TEST_F(PoolStore, DamagedRecordIsSetAsideAndTheOthersAreServed) {
  const std::vector<std::pair<std::string, std::string>> rows{
    {"", "no valid JSON"},
    {"{", "no valid JSON"},
    {"{}", "not a pool's record"},
    {"[]", "not a pool's record"},
    {record_with("/ports", 1), "not a pool's record"},
    {record_with("/ports/stats", 0), "from 1 to 65535"},
    {record_with("/ports/stats", 2e41), "\"stats\" has no port number"},
    {record_with("/ports/stats", 1LL << 32U), "\"stats\" has no port number"},
    {record_with("/ports/stats", 8080.5), "\"stats\" has no port number"},
    {record_with("/instances/0/id", "../../elsewhere"), "is no instance"},
    {record_with("/instances/0/agent", "x\ny"), "\"x\\ny\" is no agent's address"},
    {record_with("/draining/0", "lock"), "is no instance"},
    {record_with("/pool/count", "two"), "count must be an integer"},
    {record_with("/pool/haproxy/backends", {{{"name", "b"}}}), "no services"},
    {record_with("/pool/name", "other"), "must be named other.json"},
    {record_with("/pool/name", "x\ny"), "\"x\\ny\" is not a valid pool name"}};
  ASSERT_TRUE(store().save(some_record("good")).has_value());
  for (const auto& [text, words] : rows) {
    std::ofstream(pools() / "bad.json") << text;
    const auto found = store().load();
    ASSERT_TRUE(found.has_value()) << text;
    EXPECT_EQ(found->records.size(), 1U) << text;
    ASSERT_EQ(found->damaged.size(), 1U) << text;
    EXPECT_EQ(found->damaged[0].file, "\"bad.json\"");
    EXPECT_NE(found->damaged[0].reason.find(words), std::string::npos) << found->damaged[0].reason;
    EXPECT_NE(found->damaged[0].moved_to.find("damaged/bad.json"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(pools() / "bad.json"));
    EXPECT_TRUE(store().load()->damaged.empty()) << "it is set aside once";
  }
  const auto kept = std::distance(std::filesystem::directory_iterator(damaged()), {});
  EXPECT_EQ(static_cast<std::size_t>(kept), rows.size()) << "each of them is kept";
  EXPECT_EQ(store().set_aside(), std::set<std::string>{"bad"});
}

TEST_F(PoolStore, RecordOfThatNameMayHoldALineBreakAndNoLogLineDoes) {
  std::ofstream(pools() / "x\ny.json") << record_with("/pool/name", "x\ny");
  const auto found = store().load();
  ASSERT_EQ(found->damaged.size(), 1U);
  for (const auto& text :
       {found->damaged[0].file, found->damaged[0].reason, found->damaged[0].moved_to})
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST_F(PoolStore, OnlyRegularFilesAreRecords) {
  ASSERT_TRUE(store().save(some_record("good")).has_value());
  const auto outside = folder_.path() / "linked.json";
  std::ofstream(outside) << to_text(some_record("linked"));
  std::filesystem::create_symlink(outside, pools() / "linked.json");
  std::filesystem::create_directory(pools() / "folder.json");
  ASSERT_EQ(::mkfifo((pools() / "pipe.json").c_str(), 0600), 0);
  EXPECT_EQ(loaded(), std::vector<std::string>{"good"});
  EXPECT_EQ(store().set_aside(), (std::set<std::string>{"folder", "linked", "pipe"}));
  EXPECT_TRUE(std::filesystem::is_regular_file(outside));
}

TEST_F(PoolStore, NothingIsWrittenThroughALink) {
  const auto outside = folder_.path() / "outside";
  std::ofstream(outside) << "precious";
  std::filesystem::create_symlink(outside, pools() / "a.json.new");
  std::filesystem::create_symlink(outside, pools() / "a.json");
  ASSERT_TRUE(store().save(some_record("a")).has_value());
  EXPECT_EQ(read_file(outside).value(), "precious");
  EXPECT_EQ(loaded(), std::vector<std::string>{"a"});
}

TEST_F(PoolStore, RemovedPoolIsGoneAndMayBeRemovedAgain) {
  ASSERT_TRUE(store().save(some_record("a")).has_value());
  EXPECT_TRUE(store().remove("a").has_value());
  EXPECT_TRUE(store().remove("a").has_value());
  EXPECT_TRUE(loaded().empty());
}

TEST_F(PoolStore, FailureSaysWhichFileAndWhy) {
  const auto saved = pool_store("/proc/nowhere", "/proc/elsewhere").save(some_record("a"));
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.failure().http_status, 500);
  EXPECT_NE(saved.failure().message.find("/proc/nowhere/a.json"), std::string::npos);
}

TEST(Files, APipeIsNeverWaitedFor) {
  const testing::temporary_folder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(read_file(pipe).failure().message.find("no regular file"), std::string::npos);
  EXPECT_TRUE(write_plainly(pipe, "x").has_value());
  EXPECT_EQ(read_file(pipe).value(), "x");
}

TEST(Files, PlainWriteAndPrivateFolderFollowNoLink) {
  const testing::temporary_folder folder;
  const auto outside = folder.path() / "outside";
  std::filesystem::create_directory(outside);
  std::filesystem::permissions(outside, std::filesystem::perms::all);
  std::ofstream(outside / "file") << "precious";
  std::filesystem::create_symlink(outside / "file", folder.path() / "file");
  std::filesystem::create_symlink(outside, folder.path() / "link");
  EXPECT_EQ(read_file(folder.path() / "file").value(), "precious");
  EXPECT_FALSE(read_file(folder.path() / "file", links::refused).has_value());
  EXPECT_TRUE(write_plainly(folder.path() / "file", "x").has_value());
  EXPECT_EQ(read_file(folder.path() / "file", links::refused).value(), "x");
  EXPECT_EQ(read_file(outside / "file").value(), "precious");
  EXPECT_FALSE(make_private_folder(folder.path() / "link").has_value());
  EXPECT_EQ(std::filesystem::status(outside).permissions(), std::filesystem::perms::all);
}

TEST(Files, AreForTheOwnerAlone) {
  const testing::temporary_folder folder;
  const auto file = folder.path() / "f";
  ASSERT_TRUE(write_durably(file, "secret").has_value());
  struct stat found {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(WatchedFile, NoticesChangesAndThatItCameOrWent) {
  const testing::temporary_folder folder;
  watched_file file(folder.path() / "f");
  EXPECT_TRUE(file.changed());
  EXPECT_FALSE(file.changed());
  ASSERT_TRUE(write_durably(file.path(), "a").has_value());
  EXPECT_TRUE(file.changed());
  EXPECT_FALSE(file.changed());
  ASSERT_TRUE(write_durably(file.path(), "b").has_value());
  EXPECT_TRUE(file.changed());
  ASSERT_TRUE(remove_durably(file.path()).has_value());
  EXPECT_TRUE(file.changed());
}

} // namespace
} // namespace dklb::edgelb
