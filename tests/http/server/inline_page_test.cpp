#include "http/server/inline_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using testing::HasSubstr;

TEST(InlinePage, AllowsItsOwnStyleAndScriptByTheirHashes) {
  const auto page = http::server::inline_page(
    {"<style>{{style}}</style><script>{{script}}</script>", "a{}", "let text = '{{style}}';"});
  EXPECT_EQ(page.body, "<style>a{}</style><script>let text = '{{style}}';</script>");
  ASSERT_EQ(page.headers.front().first, "Content-Security-Policy");
  const auto& policy = page.headers.front().second;
  // printf TEXT | openssl dgst -sha256 -binary | base64
  EXPECT_THAT(policy, HasSubstr("style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='"));
  EXPECT_THAT(policy,
              HasSubstr("script-src 'sha256-hY8ZZK3WQzt77bx4P8ClmZ7PrX86tdXfRvbfNTWm/jU='"));
}

} // namespace
} // namespace dklb::tests
