#include "domain/document/pool_document.hpp"
#include "http/edgelb/client.hpp"
#include "http/text/text.hpp"

#include <utility>

namespace dklb::http::edgelb {

namespace {

using domain::pool_document;
using event = pool_document::parse_event_t;

constexpr std::size_t shown_bytes = 120;

/// Ends the parsing: the library has no other way to stop at a callback's wish.
struct too_many_pools {};

/// Takes the pools out of a list while the library parses it, so that one pool at a time is a tree.
class pool_taker {
public:
  explicit pool_taker(const pool_visitor& visit) : visit_(visit) {}

  /// What the parser asks at each value: true keeps `value` in the tree.
  bool parsed(int depth, event what, const pool_document& value) {
    if (depth == 0) {
      in_list_ = what == event::array_start;
      return true;
    }
    const bool begins = what == event::object_start || what == event::array_start;
    if (begins && depth > domain::deepest_nesting) {
      too_deep_ = true;
      return false;
    }
    if (!in_list_ || depth > 1 || begins || what == event::key)
      return true;
    take(value);
    return false;
  }

  std::size_t malformed() const { return malformed_; }

private:
  void take(const pool_document& pool) {
    const bool too_deep = std::exchange(too_deep_, false);
    if (++seen_ > max_pools)
      throw too_many_pools{};
    std::string name{domain::text(domain::member(pool, "name"))};
    auto snapshot = too_deep || name.empty() ? domain::pool_snapshot{} : domain::snapshot_of(pool);
    if (snapshot.json.empty() || snapshot.json.size() > max_pool_bytes)
      ++malformed_;
    else
      visit_(std::move(name), std::move(snapshot));
  }

  const pool_visitor& visit_;
  bool in_list_ = false;
  bool too_deep_ = false; ///< a part of the pool that is read now was left out
  std::size_t seen_ = 0;
  std::size_t malformed_ = 0;
};

} // namespace

domain::result<std::size_t> visit_pools(const std::string& body, const pool_visitor& visit) {
  pool_taker pools{visit};
  pool_document rest;
  try {
    rest = pool_document::parse(
      body,
      [&pools](int depth, event what, const pool_document& value) {
        return pools.parsed(depth, what, value);
      },
      false);
  } catch (const too_many_pools&) {
    return domain::malformed("EdgeLB's list has more than " + std::to_string(max_pools) + " pools");
  }
  if (!rest.is_array() && !rest.is_null())
    return domain::malformed(
      "EdgeLB's list of pools is not a complete JSON array; it starts with \""
      + readable(without_markup(std::string_view(body).substr(0, 4096)), shown_bytes) + "\"");
  return pools.malformed();
}

} // namespace dklb::http::edgelb
