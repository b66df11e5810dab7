#pragma once

#include "edgelb/api/document.hpp"

#include <string>
#include <vector>

namespace dklb::edgelb {

/// The words of a line.
std::vector<std::string> words_of(const std::string& line);

/// The lines of a frontend's or backend's `miscStrs`, each as its words. An entry may have several.
std::vector<std::vector<std::string>> raw_lines(const document& section);

} // namespace dklb::edgelb
