#pragma once

#include "domain/base/error.hpp"

#include <regex>
#include <string>

namespace dklb::edgelb {

/// A regular expression from a pool. The lengths of the expression and of its subject are bounded.
class pattern {
public:
  enum class match { anywhere, whole };

  /// The error is a 400 that shows the expression.
  static domain::result<pattern> compile(const std::string& expression, match how);

  /// Also false for a text longer than 256 characters, or too complex for the expression.
  bool matches(const std::string& text) const;

private:
  std::regex expression_;
  match how_ = match::anywhere;
};

} // namespace dklb::edgelb
