#pragma once

#include "domain/document/pool_bind.hpp"

#include <unordered_map>
#include <utility>

namespace dklb::domain {

/// Values by the sockets that they are about, found by overlap: a socket on every address meets one
/// on a single address.
template <class Value>
class socket_map {
public:
  void add(bound_socket where, Value value) {
    entries_.emplace(where.port, entry{std::move(where.where), std::move(value)});
  }

  void clear() { entries_.clear(); }

  /// A value whose socket overlaps and that `counts`; null where there is none.
  template <class Predicate>
  const Value* find(const bound_socket& where, Predicate counts) const {
    const auto [begin, end] = entries_.equal_range(where.port);
    for (auto each = begin; each != end; ++each)
      if (overlap(each->second.where, where.where) && counts(each->second.value))
        return &each->second.value;
    return nullptr;
  }

  const Value* find(const bound_socket& where) const {
    return find(where, [](const Value&) { return true; });
  }

  template <class Visitor>
  void visit(const bound_socket& where, Visitor visitor) const {
    const auto [begin, end] = entries_.equal_range(where.port);
    for (auto each = begin; each != end; ++each)
      if (overlap(each->second.where, where.where))
        visitor(each->second.value);
  }

private:
  struct entry {
    bind_point where;
    Value value;
  };
  std::unordered_multimap<int, entry> entries_;
};

} // namespace dklb::domain
