#include "domain/yaml_reader.hpp"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>

namespace dklb::domain {

namespace {

constexpr std::string_view string_tag = "tag:yaml.org,2002:str";

/// Trees are destroyed by recursion; nothing that dklb reads is nearly as deep.
constexpr std::size_t deepest = 500;

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

int line_of(const yaml_mark_t& mark) {
  return static_cast<int>(mark.line) + 1;
}

/// Bytes of the UTF-8 sequence that starts at `position`, 0 where there is no valid one.
std::size_t utf8_length(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const auto first = byte(position);
  if (first < 0x80)
    return 1;
  const std::size_t length = first < 0xc2   ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() - position < length)
    return 0;
  for (std::size_t index = position + 1; index < position + length; ++index)
    if ((byte(index) & 0xc0U) != 0x80)
      return 0;
  const auto second = byte(position + 1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool outside = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : length;
}

/// Found before the parser sees the text, which would tell of octets.
std::optional<mistake> find_bad_byte(std::string_view text) {
  int line = 1;
  for (std::size_t position = 0; position < text.size();) {
    const auto character = static_cast<unsigned char>(text[position]);
    if (character == '\n')
      ++line;
    const bool blank = character == '\n' || character == '\r' || character == '\t';
    if ((character < 0x20 && !blank) || character == 0x7f)
      return mistake{line, "", "control characters are not allowed"};
    const auto length = utf8_length(text, position);
    if (length == 0)
      return mistake{line, "", "the text is not valid UTF-8"};
    position += length;
  }
  return std::nullopt;
}

/// What the parser says stands next in the text.
class event {
public:
  event() = default;
  ~event() { yaml_event_delete(&value_); }
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  yaml_event_t* get() { return &value_; }
  yaml_event_type_t type() const { return value_.type; }
  int line() const { return line_of(value_.start_mark); }
  const auto& data() const { return value_.data; }

private:
  yaml_event_t value_{};
};

/// libyaml over a text that outlives it.
class parser {
public:
  explicit parser(std::string_view text) : text_(text) {
    if (yaml_parser_initialize(&state_) == 0)
      throw std::bad_alloc{};
    yaml_parser_set_encoding(&state_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&state_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~parser() { yaml_parser_delete(&state_); }
  parser(const parser&) = delete;
  parser& operator=(const parser&) = delete;

  /// False where the text is not YAML; then there is a `problem`.
  bool next(event& what) {
    const bool well = yaml_parser_parse(&state_, what.get()) != 0;
    if (!well && state_.error == YAML_MEMORY_ERROR)
      throw std::bad_alloc{};
    return well;
  }

  mistake problem() const {
    std::string what = "not YAML: ";
    what += state_.problem;
    if (state_.context != nullptr)
      what.append(" ").append(state_.context);
    if (state_.error != YAML_READER_ERROR)
      return {line_of(state_.problem_mark), "", std::move(what)};
    const auto before = text_.substr(0, state_.problem_offset);
    return {static_cast<int>(std::ranges::count(before, '\n')) + 1, "", std::move(what)};
  }

private:
  yaml_parser_t state_{};
  std::string_view text_;
};

/// Builds the tree from the parser's events. The parser's own tree is not used because it has no
/// opinion on equal keys and resolves aliases.
class tree_builder {
public:
  explicit tree_builder(std::vector<mistake>& mistakes) : mistakes_(mistakes) {}

  yaml_node take_root() { return std::move(root_); }
  std::size_t depth() const { return open_.size(); }

  void take(const event& what) {
    switch (what.type()) {
    case YAML_ALIAS_EVENT:
      return take_alias(what.line());
    case YAML_SCALAR_EVENT:
      return take_scalar(what.data().scalar, what.line());
    case YAML_SEQUENCE_START_EVENT:
      return open(yaml_kind::list, what.data().sequence_start, what.line());
    case YAML_MAPPING_START_EVENT:
      return open(yaml_kind::mapping, what.data().mapping_start, what.line());
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close();
    default:
      return;
    }
  }

private:
  /// A collection whose end has not come yet.
  struct frame {
    yaml_node node;
    /// In a mapping: the key whose value comes next.
    std::optional<std::pair<std::string, int>> key;
    /// In a mapping: the line of each key so far.
    std::unordered_map<std::string, int> lines;
  };

  void take_alias(int line) {
    report(line, "aliases (*name) are not supported; a text that starts with * needs quotes");
    yaml_node node;
    node.line = line;
    place(std::move(node));
  }

  template <class Scalar>
  void take_scalar(const Scalar& what, int line) {
    check_node(what, line);
    yaml_node node;
    node.line = line;
    const std::string_view text{reinterpret_cast<const char*>(what.value), what.length};
    const bool plain = what.style == YAML_PLAIN_SCALAR_STYLE && what.tag == nullptr;
    if (!plain || !means_nothing(text)) {
      node.kind = plain ? yaml_kind::plain : yaml_kind::quoted;
      node.text = text;
    }
    place(std::move(node));
  }

  static bool means_nothing(std::string_view text) {
    constexpr std::array<std::string_view, 5> nothing{"", "~", "null", "Null", "NULL"};
    return std::ranges::find(nothing, text) != nothing.end();
  }

  std::string path() const {
    std::string result;
    for (const auto& level : open_) {
      if (level.key)
        result = dotted(result, level.key->first);
      else if (level.node.kind == yaml_kind::list)
        result += "[" + std::to_string(level.node.children.size()) + "]";
    }
    return result;
  }

  void report(int line, std::string what) { mistakes_.push_back({line, path(), std::move(what)}); }

  template <class Node>
  void check_node(const Node& node, int line) {
    if (node.anchor != nullptr)
      report(line, "anchors (&name) are not supported");
    const auto tag = text_of(node.tag);
    if (!tag.empty() && tag != "!" && tag != string_tag)
      report(line, "the tag " + std::string{tag} + " is not supported");
  }

  template <class Collection>
  void open(yaml_kind kind, const Collection& what, int line) {
    check_node(what, line);
    frame level;
    level.node.kind = kind;
    level.node.line = line;
    open_.push_back(std::move(level));
  }

  void close() {
    auto node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  /// A finished node: the root, an element, a key, or the value of the key before it.
  void place(yaml_node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& level = open_.back();
    if (level.node.kind == yaml_kind::list) {
      level.node.children.push_back(std::move(node));
    } else if (!level.key) {
      place_key(level, std::move(node));
    } else {
      node.key = std::move(level.key->first);
      node.line = level.key->second;
      level.key.reset();
      level.node.children.push_back(std::move(node));
    }
  }

  void place_key(frame& level, yaml_node node) {
    const bool is_text = node.kind == yaml_kind::plain || node.kind == yaml_kind::quoted;
    if (!is_text)
      report(node.line, "a key must be text");
    level.key.emplace(std::move(node.text), node.line);
    const auto [first, fresh] = level.lines.emplace(*level.key);
    if (is_text && !fresh)
      report(node.line, "given twice, first in line " + std::to_string(first->second));
  }

  std::vector<mistake>& mistakes_;
  yaml_node root_;
  std::vector<frame> open_;
};

void parse_into(yaml_document& document, std::string_view text) {
  parser source{text};
  tree_builder builder{document.mistakes};
  for (;;) {
    event what;
    if (!source.next(what))
      return document.mistakes.push_back(source.problem());
    if (what.type() == YAML_STREAM_END_EVENT)
      return; // nothing but comments
    builder.take(what);
    if (builder.depth() > deepest) {
      document.mistakes.push_back({what.line(), "", "the text is nested too deeply"});
      return;
    }
    if (what.type() == YAML_DOCUMENT_END_EVENT)
      break;
  }
  document.root = builder.take_root();
  event after;
  const bool well = source.next(after);
  if (well && after.type() == YAML_STREAM_END_EVENT)
    return;
  const auto line = well ? after.line() : source.problem().line;
  document.mistakes.push_back({line, "", "there is text after the end of the document"});
}

} // namespace

yaml_document read_yaml(std::string_view text) {
  yaml_document document;
  if (text.size() > yaml_size_limit) {
    const auto limit = std::to_string(yaml_size_limit);
    document.mistakes.push_back({1, "", "the text is longer than " + limit + " bytes"});
    return document;
  }
  if (auto bad = find_bad_byte(text)) {
    document.mistakes.push_back(std::move(*bad));
    return document;
  }
  parse_into(document, text);
  if (document.root.kind != yaml_kind::mapping && document.root.kind != yaml_kind::null) {
    document.mistakes.push_back({document.root.line, "", "expected a mapping of keys to values"});
    document.root = {};
  }
  return document;
}

const yaml_node* find(const yaml_node& mapping, std::string_view key) {
  for (const auto& child : mapping.children)
    if (child.key == key)
      return child.kind == yaml_kind::null ? nullptr : &child;
  return nullptr;
}

std::string dotted(std::string_view parent, std::string_view key) {
  std::string result{parent};
  if (!result.empty())
    result += '.';
  return result += key;
}

std::string unknown_key_text(const std::vector<std::string_view>& known) {
  std::string result = "unknown key; the keys here are";
  for (const auto& key : known)
    result.append(&key == known.data() ? " " : ", ").append(key);
  return result;
}

} // namespace dklb::domain
