#include "program/config_file.hpp"

#include "program/process.hpp"

namespace dklb::program {

domain::config_outcome config_file::read() const {
  const auto text = read_file(path);
  if (!text)
    return {std::nullopt, {{0, "", text.failure().message}}};
  auto outcome = domain::parse_config(*text, environment_cluster_name);
  if (outcome.value && !kubeconfig.empty())
    outcome.value->kubernetes.kubeconfig = kubeconfig;
  if (outcome.value && !log_level.empty())
    outcome.value->log.level = log_level;
  return outcome;
}

} // namespace dklb::program
