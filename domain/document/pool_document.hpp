#pragma once

#include "domain/base/names.hpp"
#include "domain/pool/pool_plan.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace dklb::domain {

/// Reading a pool document that anybody may have written: every function here takes any JSON and
/// never throws. What is missing or of a wrong type reads as absent.

/// How deep brackets may nest. EdgeLB's pools nest less than a dozen levels.
inline constexpr int deepest_nesting = 100;

/// The document in a JSON text. A discarded value if the text is not JSON, is not UTF-8, or nests
/// deeper than `deepest_nesting`. The order of members is kept. Of members with the same name the
/// last one holds, in the place of the first. Integers of 64 bits are exact; longer ones become the
/// nearest double.
pool_document read_document(std::string_view text);

/// The member of an object; a null value where there is no such member or `value` is no object.
const pool_document& member(const pool_document& value, std::string_view key);

/// An object of these members (key, value, key, value, ...) in this order, with room for `more`.
/// The library's initializer lists copy each value, and an object that grows copies what it has.
template <std::size_t more = 0, class... Members>
pool_document object_of(Members&&... members) {
  auto out = pool_document::object();
  auto& list = out.get_ref<pool_document::object_t&>();
  list.reserve(sizeof...(members) / 2 + more);
  const auto add = [&list](const auto& self, const char* key, auto&& value, auto&&... rest) {
    list.emplace_back(key, std::forward<decltype(value)>(value));
    if constexpr (sizeof...(rest) > 0)
      self(self, std::forward<decltype(rest)>(rest)...);
  };
  if constexpr (sizeof...(members) > 0)
    add(add, std::forward<Members>(members)...);
  return out;
}

/// The items of an array; none where `value` is no array.
const std::vector<pool_document>& items(const pool_document& value);

/// The text of a string; empty where `value` is none.
std::string_view text(const pool_document& value);

/// A port number in 1..65535; 0 where `value` is none (null, -1, a string, ...).
int port_number(const pool_document& value);

/// `haproxy.frontends` or `haproxy.backends`, as `list` names it.
const std::vector<pool_document>& objects(const pool_document& pool, std::string_view list);

/// The role of an existing pool; EdgeLB's default where the document has none.
std::string_view role_of(const pool_document& pool);

/// The names of the virtual networks of an existing pool; none means the host network.
std::vector<std::string_view> networks_of(const pool_document& pool);

/// True where the pool is one behind a cloud provider's load balancer.
bool has_cloud_provider(const pool_document& pool);

/// True where the pool has no frontend and no backend. A part of a type that the contract does not
/// know counts as content: what cannot be read is not empty.
bool is_empty(const pool_document& pool);

/// True where the pool's statistics page asks for any free port, as in every pool that dklb
/// creates. A pool that somebody made has EdgeLB's default, or a port of their choice.
bool made_by_dklb(const pool_document& pool);

/// Why nothing can be put into this document (a part has a type that the contract does not know, so
/// that writing would drop it); nothing where it can be edited.
std::optional<std::string> unusable(const pool_document& pool);

/// One entry of `frontends` or `backends`, with what its name says.
struct indexed_object {
  std::size_t position = 0;
  /// Views into the document: valid as long as that entry is.
  std::string_view name;
  /// The Service of this cluster that it belongs to; nothing makes it foreign.
  std::optional<object_owner> owner;
};

/// Every entry of one list, in its order, each name parsed once.
std::vector<indexed_object> index_objects(std::string_view cluster, const pool_document& pool,
                                          std::string_view list);

/// The names of the backends that any frontend links to; views into the document.
std::unordered_set<std::string_view> linked_backends(const pool_document& pool);

/// Where the one server of a backend that serves nobody is said to be: nothing listens there.
inline constexpr const char* no_server_address = "127.0.0.1";
inline constexpr int no_server_port = 1;

/// True where a backend has no server that could answer: none at all, or only the one above.
bool serves_nobody(const pool_document& backend);

/// True where `backend` is one that a Service of ours left because another's frontend links to it.
/// It is nobody's until nothing links to it any more. `linked`: see linked_backends().
bool left_behind(const pool_document& backend, const std::unordered_set<std::string_view>& linked);

} // namespace dklb::domain
