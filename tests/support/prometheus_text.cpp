#include "tests/support/prometheus_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <regex>
#include <sstream>

namespace dklb::support {

namespace {

const std::regex metric_name{"[a-zA-Z_:][a-zA-Z0-9_:]*"};
const std::regex label_name{"[a-zA-Z_][a-zA-Z0-9_]*"};

std::string take_until(std::string_view& rest, std::string_view ends) {
  const auto end = std::min(rest.find_first_of(ends), rest.size());
  std::string out{rest.substr(0, end)};
  rest.remove_prefix(end);
  return out;
}

bool take(std::string_view& rest, char what) {
  if (rest.empty() || rest.front() != what)
    return false;
  rest.remove_prefix(1);
  return true;
}

/// A quoted label value with its escapes; nothing where it is malformed.
std::optional<std::string> take_quoted(std::string_view& rest) {
  if (!take(rest, '"'))
    return std::nullopt;
  std::string out;
  while (!rest.empty() && rest.front() != '"') {
    char next = rest.front();
    rest.remove_prefix(1);
    if (next == '\\') {
      if (rest.empty() || std::string_view{"\\\"n"}.find(rest.front()) == std::string_view::npos)
        return std::nullopt;
      next = rest.front() == 'n' ? '\n' : rest.front();
      rest.remove_prefix(1);
    }
    out += next;
  }
  return take(rest, '"') ? std::optional{out} : std::nullopt;
}

std::optional<double> number(const std::string& text) {
  char* end = nullptr;
  const double out = std::strtod(text.c_str(), &end);
  return text.empty() || *end != '\0' ? std::nullopt : std::optional{out};
}

} // namespace

prometheus_text::prometheus_text(const std::string& page) {
  if (page.empty() || page.back() != '\n')
    mistake("the page does not end with a line break", "");
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#"))
      read_comment(line);
    else
      read_sample(line);
  }
  for (const auto& [name, type] : types_)
    if (type == "histogram")
      check_histogram(name);
}

std::optional<double> prometheus_text::value(std::string_view name, const label_map& labels) const {
  for (const auto& item : samples_)
    if (item.name == name && item.labels == labels)
      return item.value;
  return std::nullopt;
}

void prometheus_text::read_comment(const std::string& line) {
  std::istringstream words{line};
  std::string sign;
  std::string keyword;
  std::string name;
  std::string rest;
  words >> sign >> keyword >> name;
  std::getline(words >> std::ws, rest);
  if (sign != "#" || (keyword != "HELP" && keyword != "TYPE")
      || !std::regex_match(name, metric_name) || rest.empty())
    return mistake("neither HELP nor TYPE of a metric", line);
  auto& known = keyword == "HELP" ? helps_ : types_;
  if (!known.emplace(name, rest).second)
    mistake("told a second time", line);
  if (keyword == "TYPE") {
    if (!helps_.contains(name))
      mistake("a type without a help text", line);
    if (rest != "counter" && rest != "gauge" && rest != "histogram")
      mistake("an unknown type", line);
    if ((rest == "counter") != name.ends_with("_total"))
      mistake("counters, and only they, end with _total", line);
    family_ = name;
  }
}

void prometheus_text::read_sample(const std::string& line) {
  std::string_view rest{line};
  sample out;
  out.name = take_until(rest, "{ ");
  if (!std::regex_match(out.name, metric_name))
    return mistake("not a metric's name", line);
  if (family_of(out.name) != family_)
    mistake("outside of its family", line);
  if (take(rest, '{') && !read_labels(rest, out.labels))
    return mistake("malformed labels", line);
  if (!take(rest, ' '))
    return mistake("no value", line);
  const auto value = number(std::string{rest});
  if (!value)
    return mistake("not a number", line);
  out.value = *value;
  if (types_[family_] == "counter" && !(out.value >= 0))
    mistake("a counter below zero", line);
  if (this->value(out.name, out.labels))
    mistake("told a second time", line);
  samples_.push_back(std::move(out));
}

bool prometheus_text::read_labels(std::string_view& rest, label_map& labels) {
  while (!take(rest, '}')) {
    if (!labels.empty() && !take(rest, ','))
      return false;
    const auto name = take_until(rest, "=");
    if (!std::regex_match(name, label_name) || !take(rest, '='))
      return false;
    const auto value = take_quoted(rest);
    if (!value || !labels.emplace(name, *value).second)
      return false;
  }
  return true;
}

std::string prometheus_text::family_of(const std::string& name) const {
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
    if (!name.ends_with(suffix))
      continue;
    const auto base = name.substr(0, name.size() - suffix.size());
    if (const auto found = types_.find(base); found != types_.end() && found->second == "histogram")
      return base;
  }
  return name;
}

void prometheus_text::check_histogram(const std::string& name) {
  const auto count = value(name + "_count");
  if (!count || !value(name + "_sum"))
    mistake("a histogram without count or sum", name);
  double edge = -std::numeric_limits<double>::infinity();
  double below = 0;
  for (const auto& item : samples_) {
    if (item.name != name + "_bucket")
      continue;
    const auto found = item.labels.find("le");
    const auto next = found == item.labels.end() ? std::nullopt : number(found->second);
    if (!next || *next <= edge || item.value < below)
      return mistake("buckets that are not cumulative", name);
    edge = *next;
    below = item.value;
  }
  if (!std::isinf(edge) || below != count)
    mistake("the last bucket does not hold everything", name);
}

void prometheus_text::mistake(const std::string& what, const std::string& line) {
  mistakes_.push_back(what + ": " + line);
}

} // namespace dklb::support
