#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dklb::http::kube {

/// Wakes and ends a run_command() from another thread.
class cancel_signal {
public:
  cancel_signal();
  ~cancel_signal();
  cancel_signal(const cancel_signal&) = delete;
  cancel_signal& operator=(const cancel_signal&) = delete;

  /// Any thread; for good.
  void cancel();
  /// Readable once cancelled.
  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

struct command {
  std::string program; ///< looked up in PATH where it has no slash
  std::vector<std::string> arguments;
  /// Set on top of our own environment.
  std::vector<std::pair<std::string, std::string>> environment;
  std::chrono::milliseconds timeout{30000};
  std::size_t max_output = 1U << 20U;
};

/// Runs a program to its end and returns what it printed. Its standard error is ours, its standard
/// input is empty. Blocks: never call it on the engine's thread. What does not end in time, prints
/// too much or is cancelled is killed with its whole process group. Errors name the program and
/// never its output.
domain::result<std::string> run_command(const command& what, const cancel_signal& cancel);

} // namespace dklb::http::kube
