#include "domain/service.hpp"

namespace dklb::domain {

std::string to_string(const service_key& key) {
  return key.name_space + "/" + key.name;
}

} // namespace dklb::domain
