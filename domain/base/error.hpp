#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace dklb::domain {

/// What went wrong, in the only terms that decide what happens next.
enum class error_code {
  invalid,      ///< our own or the user's input is wrong; repeating it cannot help
  not_found,    ///< 404
  conflict,     ///< 409: somebody else changed or created it first; read, then decide again
  gone,         ///< 410: a resource version or a continue token is too old
  unauthorized, ///< 401
  forbidden,    ///< 403
  rejected,     ///< any other 4xx: a definite refusal, nothing was written
  throttled,    ///< 429: not done, come again after `retry_after`
  unavailable,  ///< 5xx or an answer that is not the protocol (HTML, half a body): ambiguous
  timeout,      ///< no answer within the deadline: ambiguous
  transport,    ///< connection refused, reset, cut: ambiguous
  malformed,    ///< a 2xx whose body does not parse: ambiguous
  not_leader,   ///< refused by ourselves: leadership is not held at the moment of the write
  cancelled,    ///< the engine or the actor went away first
};

/// A failure below the actors. `message` is for people and carries the server's own words.
struct error {
  error_code code = error_code::invalid;
  std::string message;
  /// How long the server asked us to wait (Retry-After).
  std::optional<std::chrono::milliseconds> retry_after;
  /// The HTTP status, 0 where there was none.
  int http_status = 0;

  friend bool operator==(const error&, const error&) = default;
};

/// An error of code `malformed`.
error malformed(std::string message);

/// True where the server does not accept who asks: somebody has to grant something.
bool access_refused(error_code code);

/// The enumerator's name, e.g. `not_found`.
const char* to_string(error_code code);

/// A value or an error. Never empty.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(error failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  error& failure() { return std::get<1>(state_); }
  const error& failure() const { return std::get<1>(state_); }

private:
  std::variant<T, error> state_;
};

/// The value of a result that only says whether something worked.
struct unit {
  friend bool operator==(const unit&, const unit&) = default;
};

} // namespace dklb::domain
