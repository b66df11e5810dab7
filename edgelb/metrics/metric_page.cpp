#include "edgelb/metrics/metric_page.hpp"

namespace dklb::edgelb {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

std::string label_text(const metric_labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out.append(out.empty() ? "" : ",").append(name).append("=\"");
    append_escaped(out, value);
    out += '"';
  }
  return out;
}

/// The characters of a metric's name.
bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
         || c == ':';
}

std::string_view name_in(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && is_of_name(line[length]))
    ++length;
  return line.substr(0, length);
}

} // namespace

metric_page::family& metric_page::family_named(std::string_view name) {
  const auto [place, is_new] = places_.try_emplace(std::string(name), families_.size());
  if (is_new)
    families_.push_back({std::string(name), {}, {}, {}});
  current_ = place->second;
  return families_[current_];
}

void metric_page::begin(std::string_view name, std::string_view type, std::string_view help) {
  auto& made = family_named(name);
  made.help.append("# HELP ").append(name).append(" ").append(help).append("\n");
  made.type.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void metric_page::add(std::string_view name, const metric_labels& labels, std::uint64_t value) {
  auto& samples = family_named(name).samples;
  samples.append(name);
  if (!labels.empty())
    samples.append("{").append(label_text(labels)).append("}");
  samples.append(" ").append(std::to_string(value)).append("\n");
}

void metric_page::merge(std::string_view page, const metric_labels& labels,
                        std::string_view left_out) {
  std::string foreign = "proxy=\"";
  append_escaped(foreign, left_out);
  foreign += '"';
  const auto added = label_text(labels);
  while (!page.empty()) {
    const auto end = page.find('\n');
    const auto line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    if (line.starts_with("# "))
      merge_comment(line);
    else if (line.find(foreign) == std::string_view::npos)
      merge_sample(line, added);
  }
}

void metric_page::merge_comment(std::string_view line) {
  constexpr std::string_view help = "# HELP ";
  constexpr std::string_view type = "# TYPE ";
  if (!line.starts_with(help) && !line.starts_with(type))
    return;
  const auto name = name_in(line.substr(help.size()));
  if (name.empty())
    return;
  auto& into = family_named(name);
  auto& text = line.starts_with(help) ? into.help : into.type;
  if (text.empty())
    text.append(line).append("\n");
}

void metric_page::merge_sample(std::string_view line, const std::string& labels) {
  const auto name = name_in(line);
  const auto rest = line.substr(name.size());
  const bool labelled = rest.starts_with('{');
  if (name.empty() || (!labelled && !rest.starts_with(' ')))
    return;
  // A sample usually follows the comments of its family, which may be named without its suffix.
  const bool follows = !families_.empty() && name.starts_with(families_[current_].name);
  auto& samples = follows ? families_[current_].samples : family_named(name).samples;
  samples.append(name).append("{").append(labels);
  if (!labelled)
    samples.append("}").append(rest);
  else if (labels.empty() || rest.starts_with("{}"))
    samples.append(rest.substr(1));
  else
    samples.append(",").append(rest.substr(1));
  samples += '\n';
}

std::string metric_page::text() const {
  std::string out;
  for (const auto& one : families_)
    if (!one.samples.empty())
      out.append(one.help).append(one.type).append(one.samples);
  return out;
}

} // namespace dklb::edgelb
