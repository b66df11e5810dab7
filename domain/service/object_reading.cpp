#include "domain/service/object_reading.hpp"

#include "domain/text/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace dklb::domain {

std::optional<std::string> control_character_in(std::string_view text, std::string_view path) {
  // These two are JSON, which may be laid out in lines.
  const auto laid_out = path == "cloudProviderConfiguration" || path.ends_with("traints");
  for (auto at = find_invisible(text); at < text.size();) {
    const auto length = std::max<std::size_t>(utf8_sequence(text.substr(at)), 1);
    const auto character = text.substr(at, length);
    if (!laid_out || std::string_view{"\n\r\t"}.find(character) == std::string_view::npos)
      return "holds the control character " + visible(character) + ": leave it out";
    const auto next = find_invisible(text.substr(at + length));
    at = next == std::string_view::npos ? next : at + length + next;
  }
  return std::nullopt;
}

void expect_keys(object_reading& state, const yaml_node& mapping, std::string_view path,
                 const std::vector<std::string_view>& known, std::string_view tolerated) {
  const auto is_known = [&](const std::string& key) {
    return std::find(known.begin(), known.end(), key) != known.end();
  };
  for (const auto& child : mapping.children)
    if (!is_known(child.key) && (tolerated.empty() || child.key != tolerated))
      state.mistakes.push_back({child.line, dotted(path, child.key), unknown_key_text(known)});
}

bool expect_kind(object_reading& state, const yaml_node& node, std::string_view path,
                 yaml_kind kind) {
  if (node.kind == kind)
    return true;
  const auto* wanted = kind == yaml_kind::list ? "a list" : "a mapping";
  state.mistakes.push_back({node.line, std::string{path}, expectation_text(wanted, node)});
  return false;
}

} // namespace dklb::domain
