#include "domain/base/error.hpp"

#include <utility>

namespace dklb::domain {

error malformed(std::string message) {
  return {error_code::malformed, std::move(message), {}, 0};
}

bool access_refused(error_code code) {
  return code == error_code::unauthorized || code == error_code::forbidden;
}

const char* to_string(error_code code) {
  switch (code) {
  case error_code::invalid:
    return "invalid";
  case error_code::not_found:
    return "not_found";
  case error_code::conflict:
    return "conflict";
  case error_code::gone:
    return "gone";
  case error_code::unauthorized:
    return "unauthorized";
  case error_code::forbidden:
    return "forbidden";
  case error_code::rejected:
    return "rejected";
  case error_code::throttled:
    return "throttled";
  case error_code::unavailable:
    return "unavailable";
  case error_code::timeout:
    return "timeout";
  case error_code::transport:
    return "transport";
  case error_code::malformed:
    return "malformed";
  case error_code::not_leader:
    return "not_leader";
  case error_code::cancelled:
    return "cancelled";
  }
  return "unknown";
}

} // namespace dklb::domain
