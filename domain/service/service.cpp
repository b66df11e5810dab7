#include "domain/service/service.hpp"

namespace dklb::domain {

std::string to_string(const service_key& key) {
  return key.name_space + "/" + key.name;
}

std::string describe(const service_port& port) {
  const auto number = std::to_string(port.port) + "/" + port.protocol;
  return port.name.empty() ? "port " + number : "port \"" + port.name + "\" (" + number + ")";
}

bool is_served(const service_port& port) {
  return port.protocol == "TCP";
}

} // namespace dklb::domain
