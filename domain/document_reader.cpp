#include "domain/document_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace dklb::domain {

namespace {

/// Makes an object or array when all that belongs to it is there.
class builder {
public:
  pool_document result() { return std::move(values_.back()); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(pool_document::number_integer_t value) { return add(value); }
  bool number_unsigned(pool_document::number_unsigned_t value) { return add(value); }
  bool number_float(pool_document::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(pool_document::binary_t&) { return false; } // not in text
  bool start_object(std::size_t) { return start(); }
  bool start_array(std::size_t) { return start(); }
  bool key(std::string& name) {
    keys_.push_back(std::move(name));
    return true;
  }

  bool end_object() {
    const auto first = starts_.back();
    const auto count = values_.size() - first;
    const auto name = keys_.end() - static_cast<std::ptrdiff_t>(count);
    pool_document made = pool_document::object();
    auto& members = made.get_ref<pool_document::object_t&>();
    members.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto& key = name[static_cast<std::ptrdiff_t>(i)];
      const auto same = std::ranges::find(members, key, [](auto& member) { return member.first; });
      if (same == members.end())
        members.emplace_back(std::move(key), std::move(values_[first + i]));
      else
        same->second = std::move(values_[first + i]);
    }
    keys_.erase(name, keys_.end());
    return finish(std::move(made));
  }

  bool end_array() {
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(starts_.back());
    return finish(pool_document::array_t(std::make_move_iterator(first),
                                         std::make_move_iterator(values_.end())));
  }

  bool parse_error(std::size_t, const std::string&, const pool_document::exception&) {
    return false;
  }

private:
  template <class Value>
  bool add(Value&& value) {
    values_.emplace_back(std::forward<Value>(value));
    return true;
  }

  bool start() {
    starts_.push_back(values_.size());
    return true;
  }

  bool finish(pool_document made) {
    values_.resize(starts_.back());
    starts_.pop_back();
    return add(std::move(made));
  }

  std::vector<pool_document> values_; ///< those of all levels that are open, one after the other
  std::vector<std::string> keys_;     ///< of the values of objects among them
  std::vector<std::size_t> starts_;   ///< where each level begins in `values_`
};

} // namespace

pool_document read_document(std::string_view text) {
  builder made;
  const bool complete = pool_document::sax_parse(text, &made);
  return complete ? made.result() : pool_document(pool_document::value_t::discarded);
}

} // namespace dklb::domain
