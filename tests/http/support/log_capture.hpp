#pragma once

#include <spdlog/logger.h>

#include <cstddef>
#include <memory>
#include <sstream>
#include <string>

namespace dklb::tests {

/// What is logged while it lives, from any thread.
class log_capture {
public:
  log_capture();
  ~log_capture();
  log_capture(const log_capture&) = delete;
  log_capture& operator=(const log_capture&) = delete;

  std::string text() const;
  /// How often a piece of text is there.
  std::size_t count(const std::string& piece) const;

private:
  struct sink;
  std::shared_ptr<sink> sink_;
  std::shared_ptr<spdlog::logger> before_;
};

} // namespace dklb::tests
