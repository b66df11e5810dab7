#pragma once

#include "domain/pool/pool_claim.hpp"
#include "domain/pool/pool_plan.hpp"

#include <cstdint>
#include <string>

namespace dklb::domain {

/// The addresses that a frontend binds: all of one family or of both, or a single one.
struct bind_point {
  enum class kind : std::uint8_t { all_ipv4, all_ipv6, all, one };
  kind what = kind::all_ipv4;
  std::string address = {}; ///< with `one`

  friend bool operator==(const bind_point&, const bind_point&) = default;
};

/// What the frontends of a claim bind: its address, or else every address of its families. A
/// Service without families binds IPv4, as it always did.
bind_point bind_of(const pool_claim& claim);

/// What a frontend of a pool binds. `ours`: a frontend of dklb binds `::` for IPv6 alone. What
/// others mean by it depends on the machine, so theirs count as both families; so does an address
/// that cannot be read.
bind_point bind_in(const pool_document& frontend, bool ours);

/// True where no two sockets can have both on one port.
bool overlap(const bind_point& left, const bind_point& right);

/// A port of a pool, with the addresses that it is bound on.
struct bound_socket {
  bind_point where;
  int port = 0;
};

/// True where the two sockets exclude each other.
bool overlap(const bound_socket& left, const bound_socket& right);

/// As a frontend has it: `0.0.0.0`, `::`, `:: v4v6` or the address.
std::string to_string(const bind_point& where);

/// Writes the address into a new frontend (`bindAddress`, and `bindModifier` for both families).
void set_bind(pool_document& frontend, const bind_point& where);

/// Prepares `desired` for the overlay of `current`: words that others put into `bindModifier` stay,
/// and the word that dklb added for both families goes where it is not wanted any more.
void keep_modifier(const pool_document& current, pool_document& desired);

} // namespace dklb::domain
