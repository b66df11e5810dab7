// Every input that a fuzzer starts from, and every one that it found a fault with, once more.
#include "tests/fuzz/targets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace dklb::fuzz {
namespace {

const std::filesystem::path corpus = std::filesystem::path(DKLB_TEST_DATA) / "fuzz" / "corpus";

std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Corpus : public testing::TestWithParam<target> {};

TEST_P(Corpus, IsReadWithoutAFault) {
  int inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus / GetParam().name)) {
    SCOPED_TRACE(entry.path().string());
    GetParam().run(contents(entry.path()));
    ++inputs;
  }
  EXPECT_GT(inputs, 0);
  GetParam().run("");
}

INSTANTIATE_TEST_SUITE_P(Parsers, Corpus, testing::ValuesIn(targets()),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(CorpusFolders, BelongToATargetEach) {
  std::set<std::string> names;
  for (const auto& each : targets())
    names.insert(each.name);
  for (const auto& entry : std::filesystem::directory_iterator(corpus))
    EXPECT_EQ(names.count(entry.path().filename().string()), 1U) << entry.path();
}

} // namespace
} // namespace dklb::fuzz
