#include "edgelb/rules/pattern.hpp"

#include "edgelb/api/document.hpp"

namespace dklb::edgelb {

domain::result<pattern> pattern::compile(const std::string& expression, match how) {
  constexpr std::size_t longest = 512;
  if (expression.size() > longest)
    return failure(400, "a pattern must have at most 512 characters");
  pattern made;
  made.how_ = how;
  try {
    made.expression_ = std::regex(expression);
  } catch (const std::regex_error& problem) {
    return failure(400, "\"" + expression + "\" is no regular expression: " + problem.what());
  }
  return made;
}

bool pattern::matches(const std::string& text) const {
  constexpr std::size_t longest = 256;
  if (text.size() > longest)
    return false;
  try {
    return how_ == match::whole ? std::regex_match(text, expression_)
                                : std::regex_search(text, expression_);
  } catch (const std::regex_error&) {
    return false; // too complex for this text
  }
}

} // namespace dklb::edgelb
