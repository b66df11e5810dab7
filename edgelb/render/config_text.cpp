#include "edgelb/render/config_text.hpp"

#include "edgelb/api/document.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace dklb::edgelb {
namespace {

bool is_control(char letter) {
  return std::iscntrl(static_cast<unsigned char>(letter)) != 0;
}

bool is_bare(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0
         || std::string_view("-_.:/@+=,").find(letter) != std::string_view::npos;
}

} // namespace

std::string quoted_word(std::string_view value) {
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_bare))
    return std::string(value);
  std::string made = "'";
  for (const char letter : value) {
    if (letter == '\'')
      made += "'\\''";
    else
      made += letter;
  }
  return made + "'";
}

std::string without_format(std::string_view value) {
  std::string made;
  for (const char letter : value)
    made += letter == '%' ? std::string("%%") : std::string(1, letter);
  return made;
}

std::string regex_escaped(std::string_view value) {
  std::string made;
  for (const char letter : value) {
    if (std::string_view("\\^$.|?*+()[]{}").find(letter) != std::string_view::npos)
      made += '\\';
    made += letter;
  }
  return made;
}

void config_text::section(std::string_view kind, std::string_view name) {
  refuse_control(name);
  text_ += "\n" + std::string(kind) + (name.empty() ? "" : " " + quoted_word(name)) + "\n";
}

void config_text::line(std::string_view text) {
  refuse_control(text);
  text_ += "  " + std::string(text) + "\n";
}

void config_text::setting(std::string_view keyword, std::string_view value, std::string_view rest) {
  line(std::string(keyword) + " " + quoted_word(value)
       + (rest.empty() ? "" : " " + std::string(rest)));
}

void config_text::phrase(std::string_view keyword, std::string_view value) {
  if (!value.empty())
    line(std::string(keyword) + " " + std::string(value));
}

void config_text::raw(std::string_view lines) {
  std::istringstream whole{std::string(lines)};
  for (std::string one; std::getline(whole, one);)
    text_ += "  " + one + "\n";
}

void config_text::refuse_control(std::string_view value) {
  if (!problem_ && std::any_of(value.begin(), value.end(), is_control))
    problem_ = "a value must not hold line breaks or other control characters: "
               + document(value).dump(-1, ' ', true, document::error_handler_t::replace);
}

} // namespace dklb::edgelb
