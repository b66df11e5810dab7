#include "domain/service/service.hpp"

namespace dklb::domain {

std::string to_string(const service_key& key) {
  return key.name_space + "/" + key.name;
}

bool usable(const node& node) {
  return node.ready && !node.address.empty();
}

} // namespace dklb::domain
