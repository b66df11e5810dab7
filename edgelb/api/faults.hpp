#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/files.hpp"

#include <chrono>
#include <mutex>
#include <random>
#include <set>
#include <string>

namespace dklb::edgelb {

/// What a test wants to go wrong (edgelb/README.md, "Faults").
struct fault_plan {
  std::chrono::milliseconds latency{0};
  double failure_rate = 0; ///< share of requests, 0 to 1
  int failure_code = 503;
  bool html = false;            ///< failures answer with a page of HTML, as a proxy does
  bool cut_after_write = false; ///< writes happen, the answer does not
  std::chrono::milliseconds metadata_delay{0};
  std::set<std::string> methods; ///< affected; empty: all

  static domain::result<fault_plan> parse(std::string_view text);
};

/// What one request must suffer.
struct fault {
  std::chrono::milliseconds delay{0};
  int code = 0; ///< 0: none
  bool html = false;
  bool cut_after_write = false;
};

/// Reads the plan from a file, again whenever it changes. Thread-safe.
class fault_injector {
public:
  /// `file` may be empty: nothing ever goes wrong.
  explicit fault_injector(std::filesystem::path file) : file_(std::move(file)) {}

  fault next(const std::string& method, const std::string& path);

private:
  std::mutex mutex_;
  watched_file file_;
  fault_plan plan_;
  std::mt19937 random_{std::random_device{}()};
};

} // namespace dklb::edgelb
