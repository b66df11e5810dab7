#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dklb::sandbox {

/// The header of the PROXY protocol at the beginning of a connection.
/// Source: HAProxy's proxy-protocol.txt, versions 1 and 2.
struct proxy_header {
  enum class kind {
    incomplete, ///< more bytes are needed
    absent,     ///< the connection begins with something else
    v1,
    v2,
    malformed,
  };
  kind what = kind::incomplete;
  std::size_t length = 0; ///< bytes of the header
  /// The client's address. Empty where the header names none (UNKNOWN, LOCAL, another family).
  std::string client;
};

/// Reads the header out of the first bytes of a connection.
proxy_header read_proxy_header(std::string_view received);

} // namespace dklb::sandbox
