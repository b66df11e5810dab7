#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The text of a page under docs/.
inline std::string documentation_page(const std::string& name) {
  std::ifstream file{std::string{DKLB_TEST_DATA} + "/../docs/" + name};
  std::stringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty())
    throw std::runtime_error("docs/" + name + " cannot be read");
  return text.str();
}

/// The contents of all fenced blocks of that language, in the order of the page.
inline std::vector<std::string> code_blocks(const std::string& page, std::string_view language) {
  std::vector<std::string> blocks;
  const auto opening = "```" + std::string{language};
  bool inside = false;
  bool wanted = false;
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      wanted = inside && line == opening;
      if (wanted)
        blocks.emplace_back();
    } else if (wanted) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}
