#pragma once

#include "domain/service/configuration_object.hpp"
#include "domain/text/mistake.hpp"
#include "domain/text/yaml_reader.hpp"
#include "domain/text/yaml_value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dklb::domain {

/// What is known while one annotation is read. For the files that parse it.
struct object_reading {
  configuration_object object;
  std::vector<mistake> mistakes;
  /// Rules that were broken, in the words users know (the texts carry no key or line).
  std::vector<std::string> violations;
  std::vector<std::string> warnings;
};

/// What is wrong with a value that goes to EdgeLB, into logs and onto screens: it may hold nothing
/// that steers a terminal. Nothing where it is right.
std::optional<std::string> control_character_in(std::string_view text, std::string_view path);

/// The value of one scalar. Nothing where it is of another type; the mistake is noted.
template <class T>
std::optional<T> read_scalar(object_reading& state, const yaml_node& node, std::string_view path) {
  T value{};
  auto what = read_value(node, value);
  if (!what)
    what = control_character_in(node.text, path);
  if (what) {
    state.mistakes.push_back({node.line, std::string{path}, std::move(*what)});
    return std::nullopt;
  }
  return value;
}

/// Notes each key that is not among `known`. `tolerated` is read but not advertised.
void expect_keys(object_reading& state, const yaml_node& mapping, std::string_view path,
                 const std::vector<std::string_view>& known, std::string_view tolerated = {});

/// Notes a mistake where the node is not of the kind that its key asks for.
bool expect_kind(object_reading& state, const yaml_node& node, std::string_view path,
                 yaml_kind kind);

/// Reads the keys of traffic_wishes.
void read_traffic(object_reading& state, const yaml_node& root);

} // namespace dklb::domain
