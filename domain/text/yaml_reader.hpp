#pragma once

#include "domain/text/mistake.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// What stands at one place of a YAML text.
enum class yaml_kind {
  null,   ///< nothing, `~` or `null`
  plain,  ///< a scalar without quotes: its type follows from its text
  quoted, ///< a scalar in quotes or a block: always a string
  list,
  mapping,
};

/// A YAML document as a tree that remembers where everything stood.
struct yaml_node {
  yaml_kind kind = yaml_kind::null;
  /// 1-based; for a value in a mapping the line of its key.
  int line = 1;
  /// The key, for a value in a mapping.
  std::string key;
  /// The text of a scalar.
  std::string text;
  /// The elements of a list, or the values of a mapping in the order of the text.
  std::vector<yaml_node> children;
};

/// A text read as YAML. `root` is a mapping, or null where the text holds nothing or is not a
/// mapping; it is complete unless `mistakes` says otherwise.
struct yaml_document {
  yaml_node root;
  std::vector<mistake> mistakes;
};

/// Longer texts are refused: Kubernetes keeps at most this much in all annotations of an object.
inline constexpr std::size_t yaml_size_limit = 262144;

/// Reads a text whose root must be a mapping, strictly: a duplicate key, a key that is not text, a
/// second document, a tag, an anchor or an alias (which make small texts expand without bound) is a
/// mistake, and so are bytes that are not UTF-8 text. Never throws on any input.
yaml_document read_yaml(std::string_view text);

/// The value of `key`, or null where the mapping lacks it or holds a null (null counts as absent).
const yaml_node* find(const yaml_node& mapping, std::string_view key);

/// `parent.key`, or `key` at the root.
std::string dotted(std::string_view parent, std::string_view key);

/// Says that a key is unknown and which keys there are.
std::string unknown_key_text(const std::vector<std::string_view>& known);

} // namespace dklb::domain
