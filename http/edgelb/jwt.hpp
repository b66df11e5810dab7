#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::edgelb {

/// A service account's secret as DC/OS gives it out.
struct service_account {
  std::string uid;
  std::string private_key; ///< PEM, RSA
  std::string login_endpoint;
};

/// Parses the secret. Refuses any scheme but RS256. Errors name the field, never its content.
domain::result<service_account> parse_service_account(std::string_view secret);

/// A login token: an RS256 JWT with the claims `uid` and `exp`.
domain::result<std::string> login_token(const service_account& account,
                                        std::chrono::system_clock::time_point expires);

/// The `exp` claim of a JWT; its signature is not looked at, that is the server's business.
std::optional<std::chrono::system_clock::time_point> expiry_of(std::string_view token);

/// Base64 in the alphabet of URLs, without padding.
std::string base64_url(std::string_view bytes);
std::optional<std::string> from_base64_url(std::string_view text);

} // namespace dklb::http::edgelb
