#pragma once

#include <string>
#include <vector>

namespace dklb::domain {

/// One mistake in a text that a person wrote: the annotation or the configuration file.
struct mistake {
  int line = 0;    ///< 1-based; 0 where it belongs to the text as a whole
  std::string key; ///< dotted path, e.g. `concurrency.poll.min`; empty where no key is to blame
  std::string what;

  friend bool operator==(const mistake&, const mistake&) = default;
};

} // namespace dklb::domain
