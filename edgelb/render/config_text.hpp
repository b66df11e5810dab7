#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// A value as one word of an HAProxy configuration line: bare if that is safe, otherwise in single
/// quotes. HAProxy expands nothing inside single quotes.
std::string quoted_word(std::string_view value);

/// A value for an argument that HAProxy reads as a log format: `%` is escaped.
std::string without_format(std::string_view value);

/// A regular expression that matches exactly this value.
std::string regex_escaped(std::string_view value);

/// Builds the text of an HAProxy configuration. A value can never end its line: a control character
/// in a value sets problem(), and the text must then not be used. Only raw() takes several lines.
class config_text {
public:
  /// Starts a section, e.g. `frontend`, with an empty line before it.
  void section(std::string_view kind, std::string_view name = {});
  /// Adds one line of configuration language that this program wrote; never a value of a pool.
  void line(std::string_view text);
  /// Adds a keyword and a quoted value. The value may have any content.
  void setting(std::string_view keyword, std::string_view value, std::string_view rest = {});
  /// Adds a keyword and a value that HAProxy reads as several words (`balance`, the options of a
  /// check). The value is not quoted. Adds nothing if `value` is empty.
  void phrase(std::string_view keyword, std::string_view value);
  /// Adds a field that is raw on purpose: each of its lines becomes a line of the section.
  void raw(std::string_view lines);

  /// Sets problem() if the value has a control character.
  void refuse_control(std::string_view value);

  const std::optional<std::string>& problem() const { return problem_; }
  const std::string& text() const { return text_; }

private:
  std::string text_;
  std::optional<std::string> problem_;
};

} // namespace dklb::edgelb
