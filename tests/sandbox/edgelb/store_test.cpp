#include "sandbox/edgelb/files.hpp"
#include "sandbox/edgelb/pool_store.hpp"
#include "tests/sandbox/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>

namespace dklb::sandbox::edgelb {
namespace {

pool_record some_record(const std::string& name) {
  return {{{"name", name}, {"future", {{"z", 1}, {"a", 2}}}},
          {{"stats", 9090}, {"frontend/in", 20001}},
          {{"0a1b2c3d", "127.0.64.16"}},
          {"ffff0000"}};
}

TEST(PoolStore, GivesBackWhatItWasGiven) {
  const testing::temporary_folder folder;
  const pool_store store(folder.path());
  ASSERT_TRUE(store.save(some_record("b")).has_value());
  ASSERT_TRUE(store.save(some_record("a")).has_value());
  const auto records = store.load();
  ASSERT_TRUE(records.has_value());
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ(to_text((*records)[0]), to_text(some_record("a")));
  EXPECT_EQ((*records)[0].pool["future"].begin().key(), "z");
}

TEST(PoolStore, WriteThatACrashCutShortLeavesTheOldPool) {
  const testing::temporary_folder folder;
  const pool_store store(folder.path());
  ASSERT_TRUE(store.save(some_record("a")).has_value());
  std::ofstream(folder.path() / "a.json.new") << "{\"pool\": {\"na";
  const auto records = store.load();
  ASSERT_TRUE(records.has_value());
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(to_text(records->front()), to_text(some_record("a")));
  ASSERT_TRUE(store.save(some_record("a")).has_value());
}

TEST(PoolStore, FileThatCannotBeReadIsNamed) {
  for (const char* text : {"", "{", "{}", "[]", R"({"pool": {"name": "a"}, "ports": 1})"}) {
    const testing::temporary_folder folder;
    std::ofstream(folder.path() / "a.json") << text;
    const auto records = pool_store(folder.path()).load();
    ASSERT_FALSE(records.has_value()) << text;
    EXPECT_NE(records.failure().message.find("a.json"), std::string::npos);
  }
}

TEST(PoolStore, RemovedPoolIsGoneAndMayBeRemovedAgain) {
  const testing::temporary_folder folder;
  const pool_store store(folder.path());
  ASSERT_TRUE(store.save(some_record("a")).has_value());
  EXPECT_TRUE(store.remove("a").has_value());
  EXPECT_TRUE(store.remove("a").has_value());
  EXPECT_TRUE(store.load()->empty());
}

TEST(PoolStore, FailureSaysWhichFileAndWhy) {
  const auto saved = pool_store("/proc/nowhere").save(some_record("a"));
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.failure().http_status, 500);
  EXPECT_NE(saved.failure().message.find("/proc/nowhere/a.json"), std::string::npos);
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
} // namespace dklb::sandbox::edgelb
