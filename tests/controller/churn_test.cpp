// What a long life costs. Over the release program: a sanitizer keeps freed memory for itself.
#include "tests/controller/controller_fixture.hpp"

namespace dklb::controller_test {
namespace {

class Churn : public Controller {
protected:
  /// So many Services come to the shared pool, are served, and go.
  void wave(int size) {
    for (int i = 0; i < size; ++i)
      create(name(i), "shared", {2000 + i});
    ASSERT_TRUE(eventually([&] { return all(size, [&](int i) { return served(name(i)); }); }, 60s));
    for (int i = 0; i < size; ++i)
      remove(name(i));
    ASSERT_TRUE(eventually([&] { return all(size, [&](int i) { return gone(name(i)); }); }, 60s));
    clear_logs();
  }

  double anonymous_megabytes() const {
    const auto used = dklb_->process().usage();
    return used.resident_megabytes - used.file_megabytes;
  }

private:
  static std::string name(int i) { return "s-" + std::to_string(i); }
  /// From the last one, which is the last to be done.
  static bool all(int size, const std::function<bool(int)>& holds) {
    for (int i = size - 1; i >= 0; --i)
      if (!holds(i))
        return false;
    return true;
  }
};

TEST_F(Churn, MemoryStaysFlatWhileTenThousandServicesComeAndGoOnAPoolThatLives) {
  constexpr int size = 200;
  create("stays", "shared", {1999});
  start();
  for (int i = 0; i < 10; ++i)
    ASSERT_NO_FATAL_FAILURE(wave(size));
  const auto before = anonymous_megabytes();
  for (int i = 10; i < 50; ++i)
    ASSERT_NO_FATAL_FAILURE(wave(size));
  const auto after = anonymous_megabytes();
  RecordProperty("before", std::to_string(before));
  RecordProperty("after", std::to_string(after));
  EXPECT_LT(after - before, 2.0) << before << " MB before, a sixth of a kilobyte for each allowed";
  EXPECT_TRUE(served("stays"));
}

} // namespace
} // namespace dklb::controller_test
