#include "http/kube/object_fields.hpp"

#include <limits>

namespace dklb::http::kube {

fields::fields(std::optional<json_view> object, const fields* within, const char* name,
               std::optional<std::size_t> position)
  : object_(object), within_(within), name_(name), position_(position) {
  if (object_ && !object_->is_object())
    throw wrong_field(path() + " is no object");
}

std::string fields::text(const char* name, std::string_view fallback) const {
  const auto member = find(name);
  std::string_view value = fallback;
  if (member && member->get(value) != simdjson::SUCCESS)
    throw wrong_field(path_of(name) + " is no string");
  return std::string{value};
}

std::string fields::required_text(const char* name, const std::string& fallback) const {
  auto value = text(name);
  if (value.empty())
    value = fallback;
  if (value.empty())
    throw wrong_field(path_of(name) + " is missing");
  return value;
}

std::int64_t fields::number(const char* name) const {
  const auto member = find(name);
  std::int64_t value = 0;
  if (member && member->get(value) != simdjson::SUCCESS)
    throw wrong_field(path_of(name) + " is no integer");
  return value;
}

int fields::small_number(const char* name) const {
  const auto value = number(name);
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
    throw wrong_field(path_of(name) + " is out of range");
  return static_cast<int>(value);
}

std::optional<simdjson::dom::array> fields::array(const char* name) const {
  const auto member = find(name);
  if (!member)
    return std::nullopt;
  simdjson::dom::array items;
  if (member->get(items) != simdjson::SUCCESS)
    throw wrong_field(path_of(name) + " is no array");
  return items;
}

std::vector<std::string> fields::texts(const char* name) const {
  std::vector<std::string> values;
  const auto items = array(name);
  if (!items)
    return values;
  for (const auto item : *items) {
    std::string_view value;
    if (item.get(value) != simdjson::SUCCESS)
      throw wrong_field(path_of(name) + " holds something that is no string");
    values.emplace_back(value);
  }
  return values;
}

std::optional<json_view> fields::find(const char* name) const {
  const auto member = object_ ? value_at(*object_, {name}) : std::nullopt;
  return member && !member->is_null() ? member : std::nullopt;
}

std::string fields::path() const {
  const auto own = within_ == nullptr ? std::string{} : within_->path_of(name_);
  return position_ ? own + '[' + std::to_string(*position_) + ']' : own;
}

std::string fields::path_of(const char* name) const {
  const auto own = path();
  return own.empty() ? std::string{name} : own + '.' + name;
}

} // namespace dklb::http::kube
