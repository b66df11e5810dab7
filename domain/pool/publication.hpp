#pragma once

#include "domain/pool/pool_claim.hpp"

#include <string>

namespace dklb::domain {

/// Which addresses of its pool a Service publishes in its status.
struct publication {
  ip_families families = ip_families::unknown; ///< `unknown`: those of both families
  publish_kind kind = publish_kind::all;
  /// The only address, in its usual form; empty: every one. It counts whatever `kind` says.
  std::string address = {};

  /// Whether addresses of this family are wanted.
  bool wants_family(const std::string& ip) const;
  /// Whether the address is one that the Service publishes. `is_private` and `is_public`: how
  /// EdgeLB lists it.
  bool wants(const std::string& ip, bool is_private, bool is_public) const;
};

/// `fallback`: for a claim whose annotation does not say it (`services.publish`).
publication publication_of(const pool_claim& claim, publish_kind fallback);

/// True where both publish the same addresses of a pool.
bool same_publication(const pool_claim& left, const pool_claim& right);

/// Why nothing of what EdgeLB names is published; `named` is what it names.
std::string nothing_published_text(const publication& what, const std::string& named);

} // namespace dklb::domain
