#include "http/kube/warnings.hpp"

#include <spdlog/spdlog.h>

namespace dklb::http::kube {
namespace {

constexpr std::size_t most_remembered = 1000;

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
      // A date may follow a text, in quotes as well; it starts right after one blank.
      texts.push_back(text);
      const auto comma = header.find(',', i);
      i = comma == std::string_view::npos ? header.size() : comma;
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
