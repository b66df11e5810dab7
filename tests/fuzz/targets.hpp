#pragma once

#include <string_view>
#include <vector>

namespace dklb::fuzz {

/// A parser that reads text from outside. `run` takes any bytes; a crash, a finding of a sanitizer,
/// an exception or a false promise (`require`) is a fault. The name is that of its folder below
/// tests/fuzz/corpus/, and what `tools/fuzz` calls it.
struct target {
  const char* name;
  void (*run)(std::string_view input);
};

/// Every target, in the order of docs/testing.md.
const std::vector<target>& targets();

/// Ends the program with these words where a promise of the code under test does not hold.
void require(bool promise, const char* words);

} // namespace dklb::fuzz
