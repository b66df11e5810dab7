#pragma once

#include <memory>

namespace dklb::domain {

/// A member that most objects of a class have no use for most of the time, such as what is needed
/// only while something fails: a pointer's room until it is edited. Reads as a default one then.
template <class T>
class rare {
public:
  const T& operator*() const& {
    static const T unused{};
    return value_ ? *value_ : unused;
  }
  const T* operator->() const& { return &**this; }

  const T& operator*() const&& = delete; // it would not outlive the expression

  /// For changes.
  T& edit() & {
    if (!value_)
      value_ = std::make_unique<T>();
    return *value_;
  }
  /// The default again, and its room given back.
  void reset() { value_.reset(); }

private:
  std::unique_ptr<T> value_;
};

} // namespace dklb::domain
