#include "http/kube/warnings.hpp"

#include <spdlog/spdlog.h>

namespace dklb::http::kube {
namespace {

constexpr std::size_t most_remembered = 1000;

/// The comma that ends a warning, past a quoted date.
std::size_t end_of_warning(std::string_view header, std::size_t from) {
  bool quoted = false;
  for (auto i = from; i < header.size(); ++i) {
    if (header[i] == '"')
      quoted = !quoted;
    else if (header[i] == ',' && !quoted)
      return i;
  }
  return header.size();
}

} // namespace

std::vector<std::string> warning_texts(std::string_view header) {
  std::vector<std::string> texts;
  std::string text;
  bool inside = false;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const char character = header[i];
    if (!inside) {
      inside = character == '"';
      text.clear();
    } else if (character == '\\' && i + 1 < header.size()) {
      text += header[++i];
    } else if (character == '"') {
      inside = false;
      texts.push_back(text);
      // A date in quotes may follow; the next warning stands behind the comma after it.
      i = end_of_warning(header, i + 1);
    } else {
      text += character;
    }
  }
  return texts;
}

std::vector<std::string> warning_log::fresh(const header_list& headers) {
  std::vector<std::string> result;
  for (const auto& [name, value] : headers) {
    if (name != "warning")
      continue;
    for (auto& text : warning_texts(value)) {
      const std::lock_guard lock(mutex_);
      if (told_.size() < most_remembered && told_.insert(text).second)
        result.push_back(std::move(text));
    }
  }
  return result;
}

void warning_log::log(const header_list& headers) {
  for (const auto& text : fresh(headers))
    spdlog::warn("the API server warns: {}", text);
}

} // namespace dklb::http::kube
