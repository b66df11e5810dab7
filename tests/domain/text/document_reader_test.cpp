// Documents are read as the JSON library reads them, only with less copying.
#include "domain/text/document_reader.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dklb::domain {
namespace {

class Documents : public testing::TestWithParam<const char*> {};

TEST_P(Documents, AreWhatTheLibraryReads) {
  const auto expected = pool_document::parse(GetParam(), nullptr, false);
  const auto read = read_document(GetParam());
  EXPECT_EQ(read.is_discarded(), expected.is_discarded());
  if (!expected.is_discarded()) {
    EXPECT_EQ(read.dump(), expected.dump());
    EXPECT_EQ(read, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
  Table, Documents,
  testing::Values("{}", "[]", "null", "true", "false", "\"text\"", "\"\"", "0", "-7", "-0",
                  "9223372036854775807", "9223372036854775808", "-9223372036854775808",
                  "18446744073709551615", "18446744073709551616", "-9223372036854775809", "1.5",
                  "-0.0", "1e300", "1E5", "0.1", "\xef\xbb\xbf{}", "[[],[[]],{},[{}]]",
                  R"({"b":1,"a":2})",
                  R"({"a":{"b":{"c":[1,{"d":[]},"e"]}},"f":null,"g":[{"h":1},{"h":2}]})",
                  // The last of several members of one name holds, in the place of the first.
                  R"({"a":1,"b":2,"a":3})", R"({"a":{"x":1},"b":2,"a":[4]})",
                  R"({"escaped \"key\" \u00e9":"\n\\ \ud83d\ude00"})", " \n{ \"a\" : [ 1 , 2 ] }\t",
                  // No documents.
                  "", "{", "[1,", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1 2]", "{} {}", "nul",
                  "\"open", "{1:2}", "1e400", "\"\\ud800\"", "-", "1.", "\"\xff\"", "01", "[1]]"));

TEST(DocumentReader, ReadsWhatIsNestedDeeperThanTheParserGoes) {
  const auto text = std::string(3000, '[') + std::string(3000, ']');
  EXPECT_EQ(read_document(text).dump(), text);
}

TEST(DocumentReader, ReadsEveryGoldenDocument) {
  std::size_t count = 0;
  const auto folder = std::filesystem::path(DKLB_TEST_DATA) / "domain" / "golden";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    EXPECT_EQ(read_document(text.str()).dump(), pool_document::parse(text.str()).dump());
    ++count;
  }
  EXPECT_GT(count, 0U);
}

} // namespace
} // namespace dklb::domain
