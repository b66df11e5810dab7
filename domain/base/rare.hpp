#pragma once

#include <memory>
#include <utility>

namespace dklb::domain {

/// A member that few objects have. It reads as `T{}` where it is absent, and takes two pointers
/// then. Copies share the value, which never changes.
template <class T>
class rare {
public:
  rare() = default;
  rare(T value) : value_(value == T{} ? nullptr : std::make_shared<const T>(std::move(value))) {}

  /// False where the value is `T{}`.
  explicit operator bool() const { return value_ != nullptr; }

  const T& operator*() const {
    static const T nothing{};
    return value_ ? *value_ : nothing;
  }
  const T* operator->() const { return &**this; }

  friend bool operator==(const rare& left, const rare& right) {
    return left.value_ == right.value_ || *left == *right;
  }

private:
  std::shared_ptr<const T> value_;
};

} // namespace dklb::domain
