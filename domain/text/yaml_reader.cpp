#include "domain/text/yaml_reader.hpp"

#include "domain/text/utf8.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace dklb::domain {

namespace {

constexpr const char* string_tag = "tag:yaml.org,2002:str";

/// U+0080 to U+009F, of which YAML allows the line break U+0085.
bool is_wide_control(std::string_view character) {
  const auto second = static_cast<unsigned char>(character[1]);
  return character[0] == '\xc2' && second < 0xa0 && second != 0x85;
}

/// The parser replaces what is not UTF-8 and stops at a zero byte without a word, so both are
/// found before it sees the text.
std::optional<mistake> find_bad_byte(std::string_view text) {
  int line = 1;
  for (std::size_t position = 0; position < text.size();) {
    const auto character = static_cast<unsigned char>(text[position]);
    if (character == '\n')
      ++line;
    // The parser passes over directives that it does not know, as if the line were not there.
    if (character == '%' && (position == 0 || text[position - 1] == '\n'))
      return mistake{line, "", "a line must not start with %"};
    const bool blank = character == '\n' || character == '\r' || character == '\t';
    const auto length = utf8_sequence(text.substr(position));
    if (length == 0)
      return mistake{line, "", "the text is not valid UTF-8"};
    const bool control =
      length == 2 ? is_wide_control(text.substr(position, length)) : character < 0x20 && !blank;
    if (control || character == 0x7f)
      return mistake{line, "", "control characters are not allowed"};
    position += length;
  }
  return std::nullopt;
}

/// Builds the tree from the parser's events. The parser's own tree is not used because it keeps the
/// last of two equal keys silently and resolves aliases.
class tree_builder : public YAML::EventHandler {
public:
  explicit tree_builder(std::vector<mistake>& mistakes) : mistakes_(mistakes) {}

  yaml_node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_node(mark, "?", anchor);
    yaml_node node;
    // The mark of nothing is that of what follows; the line of the list is nearer to the truth.
    const bool in_list = !open_.empty() && open_.back().node.kind == yaml_kind::list;
    node.line = in_list ? open_.back().node.line : mark.line + 1;
    place(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report(mark.line + 1,
           "aliases (*name) are not supported; a text that starts with * needs quotes");
    yaml_node node;
    node.line = mark.line + 1;
    place(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_node(mark, tag, anchor);
    yaml_node node;
    node.kind = tag == "?" ? yaml_kind::plain : yaml_kind::quoted;
    node.line = mark.line + 1;
    node.text = value;
    place(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(yaml_kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(yaml_kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

private:
  /// A collection whose end has not come yet.
  struct frame {
    yaml_node node;
    /// In a mapping: the key whose value comes next.
    std::optional<std::pair<std::string, int>> key;
    /// In a mapping: the line of each key so far.
    std::unordered_map<std::string, int> lines;
  };

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

  void check_node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0)
      report(mark.line + 1, "anchors (&name) are not supported");
    if (!tag.empty() && tag != "?" && tag != "!" && tag != string_tag)
      report(mark.line + 1, "the tag " + tag + " is not supported");
  }

  void open(yaml_kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_node(mark, tag, anchor);
    frame level;
    level.node.kind = kind;
    level.node.line = mark.line + 1;
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

/// Notes where a document starts and nothing else.
class start_finder : public YAML::EventHandler {
public:
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

private:
  int line_ = 0;
};

void parse_into(yaml_document& document, std::string_view text) {
  std::istringstream stream{std::string{text}};
  YAML::Parser parser{stream};
  tree_builder builder{document.mistakes};
  parser.HandleNextDocument(builder);
  document.root = builder.take_root();
  start_finder next;
  if (parser.HandleNextDocument(next))
    document.mistakes.push_back({next.line(), "", "there is text after the end of the document"});
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
  try {
    parse_into(document, text);
  } catch (const YAML::DeepRecursion& failure) {
    document.mistakes.push_back({failure.mark.line + 1, "", "the text is nested too deeply"});
  } catch (const YAML::Exception& failure) {
    document.mistakes.push_back(
      {std::max(failure.mark.line + 1, 1), "", "not YAML: " + failure.msg});
  } catch (const std::exception& failure) {
    document.mistakes.push_back({1, "", std::string{"not YAML: "} + failure.what()});
  }
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
