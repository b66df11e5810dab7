#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/files.hpp"

#include <chrono>
#include <mutex>
#include <random>
#include <set>
#include <string>

namespace dklb::edgelb {

/// The faults that a test injects, read from a file (edgelb/README.md, "Faults").
struct fault_plan {
  std::chrono::milliseconds latency{0};
  double failure_rate = 0; ///< share of requests, 0 to 1
  int failure_code = 503;
  bool html = false;            ///< the body of a failure is an HTML page, as from a proxy
  bool cut_after_write = false; ///< a write is done, but its response is not sent
  std::chrono::milliseconds metadata_delay{0};
  std::set<std::string> methods; ///< HTTP methods with faults; empty: all

  static domain::result<fault_plan> parse(std::string_view text);
};

/// The faults of one request.
struct fault {
  std::chrono::milliseconds delay{0};
  int code = 0; ///< 0: none
  bool html = false;
  bool cut_after_write = false;
};

/// Chooses the faults of each request from a plan file. Reads the file again when it changes.
/// Thread-safe.
class fault_injector {
public:
  /// An empty `file` means no faults.
  explicit fault_injector(std::filesystem::path file) : file_(std::move(file)) {}

  fault next(const std::string& method, const std::string& path);

private:
  std::mutex mutex_;
  watched_file file_;
  fault_plan plan_;
  std::mt19937 random_{std::random_device{}()};
};

} // namespace dklb::edgelb
