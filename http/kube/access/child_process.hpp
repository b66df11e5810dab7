#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dklb::http::kube {

/// Cancels a run_command() from another thread.
class cancel_signal {
public:
  cancel_signal();
  ~cancel_signal();
  cancel_signal(const cancel_signal&) = delete;
  cancel_signal& operator=(const cancel_signal&) = delete;

  /// Cannot be undone. Any thread.
  void cancel();
  /// Becomes readable on cancel(), for poll().
  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

/// A program to run, with its limits.
struct command {
  std::string program; ///< without a slash: looked up in PATH
  std::vector<std::string> arguments;
  /// Added to this process's environment.
  std::vector<std::pair<std::string, std::string>> environment;
  std::chrono::milliseconds timeout{30000};
  std::size_t max_output = 1U << 20U; ///< bytes
};

/// Runs a program to its end and returns its standard output. It inherits standard error; its
/// standard input is empty. After the time-out, too much output or a cancellation, its whole
/// process group is killed. The error names the program and never has its output. Blocks, so never
/// call it on the engine's thread.
domain::result<std::string> run_command(const command& what, const cancel_signal& cancel);

} // namespace dklb::http::kube
