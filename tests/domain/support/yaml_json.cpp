#include "tests/domain/support/yaml_json.hpp"

#include "domain/text/yaml_value.hpp"

#include <stdexcept>

namespace dklb::domain::testing {
namespace {

using json = nlohmann::ordered_json;

json plain_value(const yaml_node& node) {
  std::int64_t number = 0;
  double fraction = 0;
  bool flag = false;
  if (!read_value(node, number))
    return number;
  if (!read_value(node, fraction))
    return fraction;
  if (!read_value(node, flag))
    return flag;
  return node.text;
}

json value_of(const yaml_node& node) {
  switch (node.kind) {
  case yaml_kind::null:
    return nullptr;
  case yaml_kind::plain:
    return plain_value(node);
  case yaml_kind::quoted:
    return node.text;
  case yaml_kind::list: {
    auto list = json::array();
    for (const auto& child : node.children)
      list.push_back(value_of(child));
    return list;
  }
  case yaml_kind::mapping:
    break;
  }
  auto object = json::object();
  for (const auto& child : node.children)
    object[child.key] = value_of(child);
  return object;
}

bool is_block(const json& value) {
  return value.is_structured() && !value.empty();
}

std::string scalar(const json& value) {
  if (value.is_string())
    return yaml_scalar(value.get_ref<const std::string&>());
  return value.dump();
}

void write(std::string& out, const json& value, std::size_t depth);

/// What stands behind a key or a dash that is at `depth`.
void write_value(std::string& out, const json& value, std::size_t depth) {
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += "\n";
  write(out, value, depth);
}

void write(std::string& out, const json& value, std::size_t depth) {
  const std::string margin(2 * depth, ' ');
  if (value.is_object()) {
    for (const auto& [key, content] : value.items()) {
      out += margin + yaml_scalar(key) + ":";
      write_value(out, content, content.is_array() ? depth : depth + 1);
    }
    return;
  }
  for (const auto& item : value) {
    if (!is_block(item)) {
      out += margin + "- " + scalar(item) + "\n";
      continue;
    }
    std::string inner;
    write(inner, item, depth + 1);
    inner[2 * depth] = '-';
    out += inner;
  }
}

} // namespace

json json_of_yaml(std::string_view yaml) {
  const auto document = read_yaml(yaml);
  if (!document.mistakes.empty())
    throw std::runtime_error("line " + std::to_string(document.mistakes.front().line) + ": "
                             + document.mistakes.front().what);
  return value_of(document.root);
}

std::string yaml_of_json(const json& object) {
  std::string out;
  write(out, object, 0);
  return out;
}

} // namespace dklb::domain::testing
