#pragma once

#include "domain/base/error.hpp"

#include <regex>
#include <string>

namespace dklb::edgelb {

/// A regular expression out of a pool, bounded in length: the expression and what it is tried on.
class pattern {
public:
  enum class match { anywhere, whole };

  /// A 400 that names the expression where it is none.
  static domain::result<pattern> compile(const std::string& expression, match how);

  /// False for a text longer than 256 characters.
  bool matches(const std::string& text) const;

private:
  std::regex expression_;
  match how_ = match::anywhere;
};

} // namespace dklb::edgelb
