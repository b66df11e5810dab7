#include "http/engine/message.hpp"

#include <algorithm>

namespace dklb::http {

std::string_view response::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

} // namespace dklb::http
