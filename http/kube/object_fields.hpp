#pragma once

#include "http/kube/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::http::kube {

/// Names the field that is wrong. Whoever reads an object catches it.
class wrong_field : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// One level of a Kubernetes object with its path, so that a mistake can be named. A member of the
/// wrong type throws wrong_field. Null counts as absent, as everywhere in the Kubernetes API.
class fields {
public:
  /// Nothing stands for an object that is absent, and has no member. `within` is what it stands in,
  /// and outlives it; `position` counts the items of a list.
  explicit fields(std::optional<json_view> object, const fields* within = nullptr,
                  const char* name = "", std::optional<std::size_t> position = {});

  std::string text(const char* name, std::string_view fallback = {}) const;

  /// Throws where there is neither a text nor a fallback.
  std::string required_text(const char* name, const std::string& fallback = {}) const;

  /// 0 where it is absent.
  std::int64_t number(const char* name) const;

  int small_number(const char* name) const;

  bool has(const char* name) const { return find(name).has_value(); }

  /// A member that is an object; an empty one where it is absent.
  fields object(const char* name) const { return fields{find(name), this, name}; }

  /// A member that is an array; nothing where it is absent.
  std::optional<simdjson::dom::array> array(const char* name) const;

  /// A member that is an array of strings; empty where it is absent.
  std::vector<std::string> texts(const char* name) const;

  template <class Action>
  void each_object(const char* name, Action action) const {
    const auto items = array(name);
    if (!items)
      return;
    std::size_t number = 0;
    for (const auto item : *items)
      action(fields{item, this, name, number++});
  }

private:
  std::optional<json_view> find(const char* name) const;
  std::string path() const;
  std::string path_of(const char* name) const;

  std::optional<json_view> object_;
  const fields* within_;
  const char* name_;
  std::optional<std::size_t> position_;
};

} // namespace dklb::http::kube
