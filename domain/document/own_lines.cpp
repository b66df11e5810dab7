#include "domain/document/own_lines.hpp"

#include "domain/document/pool_document.hpp"

#include <algorithm>

namespace dklb::domain {

namespace {

constexpr std::string_view own_mark = " # dklb";
constexpr std::string_view drain_mark = "# drain ";

using words = std::vector<std::string_view>;

words words_in(std::string_view text) {
  words out;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    if (end > begin)
      out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// Where `part` stands in `whole`, or its end.
words::iterator place_of_words(words& whole, const words& part) {
  return part.empty() ? whole.end()
                      : std::search(whole.begin(), whole.end(), part.begin(), part.end());
}

std::string text_of_words(const words& all) {
  std::string text;
  for (const auto word : all)
    text.append(text.empty() ? "" : " ").append(word);
  return text;
}

} // namespace

std::string marked(std::string_view line) {
  return std::string{line}.append(own_mark);
}

std::string drain_line(std::string_view duration) {
  return std::string{drain_mark}.append(duration);
}

bool is_own_line(std::string_view line) {
  return line.ends_with(own_mark) || line.starts_with(drain_mark);
}

std::vector<std::string> own_lines(const pool_document& object) {
  std::vector<std::string> lines;
  for (const auto& line : items(member(object, "miscStrs"))) {
    if (is_own_line(text(line)))
      lines.emplace_back(text(line));
  }
  return lines;
}

bool set_own_lines(pool_document& object, const std::vector<std::string>& lines) {
  const auto& present = items(member(object, "miscStrs"));
  if (lines.empty() && present.empty())
    return false;
  auto next = pool_document::array();
  bool placed = false;
  const auto place = [&] {
    for (std::size_t at = 0; !placed && at < lines.size(); ++at)
      next.push_back(lines[at]);
    placed = true;
  };
  const bool has_own = std::any_of(present.begin(), present.end(),
                                   [](const auto& line) { return is_own_line(text(line)); });
  if (!has_own)
    place();
  for (const auto& line : present) {
    if (is_own_line(text(line)))
      place();
    else
      next.push_back(line);
  }
  if (member(object, "miscStrs") == next)
    return false;
  object["miscStrs"] = std::move(next);
  return true;
}

std::string replace_words(std::string_view text, std::string_view before, std::string_view wanted) {
  auto all = words_in(text);
  const auto old = words_in(before);
  const auto own = words_in(wanted);
  if (const auto found = place_of_words(all, old); found != all.end()) {
    const auto gap = all.erase(found, found + static_cast<std::ptrdiff_t>(old.size()));
    all.insert(gap, own.begin(), own.end());
  } else if (place_of_words(all, own) == all.end()) {
    all.insert(all.end(), own.begin(), own.end());
  }
  return text_of_words(all);
}

bool set_own_words(pool_document& object, const char* key, std::string_view before,
                   std::string_view wanted) {
  if (before.empty() && wanted.empty())
    return false;
  const auto present = text(member(object, key));
  // Compared by words, so that a blank too many of somebody is no difference.
  if (before == wanted
      && text_of_words(words_in(present)) == replace_words(present, before, wanted))
    return false;
  auto next = replace_words(present, before, wanted);
  if (next == present)
    return false;
  if (next.empty())
    object.erase(key);
  else
    object[key] = std::move(next);
  return true;
}

} // namespace dklb::domain
