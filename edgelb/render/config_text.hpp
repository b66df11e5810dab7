#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// A value as one word of an HAProxy configuration line: bare where that is safe, else in single
/// quotes, inside which HAProxy expands nothing.
std::string quoted_word(std::string_view value);

/// The value for a place that HAProxy reads as a log format: `%` stands for itself.
std::string without_format(std::string_view value);

/// The value as a regular expression that matches exactly it.
std::string regex_escaped(std::string_view value);

/// Builds the text of an HAProxy configuration so that a value can never end its line: a control
/// character in anything but a deliberately raw field is remembered as the problem, and the text
/// must then not be used.
class config_text {
public:
  /// Starts a section, e.g. `frontend`, with an empty line before it.
  void section(std::string_view kind, std::string_view name = {});
  /// One line of words that are configuration language, written here: never values.
  void line(std::string_view text);
  /// A keyword and a value that may hold anything: the value is quoted.
  void setting(std::string_view keyword, std::string_view value, std::string_view rest = {});
  /// A value that HAProxy reads as several words (`balance`, the options of a check): it stays on
  /// its line, nothing else is promised. Left out where `value` is empty.
  void phrase(std::string_view keyword, std::string_view value);
  /// A deliberately raw field: every line of it becomes a line of the section.
  void raw(std::string_view lines);

  /// Remembers a problem where the value holds a control character.
  void refuse_control(std::string_view value);

  const std::optional<std::string>& problem() const { return problem_; }
  const std::string& text() const { return text_; }

private:
  std::string text_;
  std::optional<std::string> problem_;
};

} // namespace dklb::edgelb
