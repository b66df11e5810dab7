#pragma once

#include <cstdint>
#include <string_view>

namespace dklb::process {

/// What a log line is about: the keys of the JSON format beside time, level and message
/// (docs/operations.md, "The log"). The text format does not show them. An empty one is left out.
struct log_fields {
  std::string_view service{}; ///< NAMESPACE/NAME
  std::string_view pool{};
  std::string_view actor{};  ///< kind and key, as in /actors
  std::string_view reason{}; ///< a word that stays the same from release to release
  std::uint32_t attempt = 0; ///< the number of failures in a row; 0: left out
};

/// Gives these fields to the lines that this thread logs during its life. Lives on the stack,
/// around a call of a logger that writes on the caller's thread.
class log_context {
public:
  explicit log_context(const log_fields& about);
  ~log_context();
  log_context(const log_context&) = delete;
  log_context& operator=(const log_context&) = delete;

  /// The fields of this thread's innermost context; null outside of any.
  static const log_fields* present();

private:
  const log_fields about_;
  const log_fields* const before_;
};

} // namespace dklb::process
