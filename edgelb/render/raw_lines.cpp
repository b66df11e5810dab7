#include "edgelb/render/raw_lines.hpp"

#include <sstream>

namespace dklb::edgelb {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream whole(line);
  std::vector<std::string> words;
  for (std::string word; whole >> word;)
    words.push_back(word);
  return words;
}

std::vector<std::vector<std::string>> raw_lines(const document& section) {
  std::vector<std::vector<std::string>> lines;
  for (const auto& entry : member_at(section, "miscStrs")) {
    std::istringstream whole(entry.get<std::string>());
    for (std::string line; std::getline(whole, line);)
      lines.push_back(words_of(line));
  }
  return lines;
}

} // namespace dklb::edgelb
