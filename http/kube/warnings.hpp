#pragma once

#include "http/engine/message.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace dklb::http::kube {

/// The texts in one Warning header: `299 - "text"`, several divided by commas.
std::vector<std::string> warning_texts(std::string_view header);

/// Remembers which warnings of the API server were logged. Thread-safe.
class warning_log {
public:
  /// The texts in the headers that were never told before. At most 1,000 are remembered: a server
  /// that makes them up anew each time is not followed for ever.
  std::vector<std::string> fresh(const header_list& headers);
  /// Logs fresh(headers).
  void log(const header_list& headers);

private:
  std::mutex mutex_;
  std::unordered_set<std::string> told_;
};

} // namespace dklb::http::kube
