#include "program/console.hpp"

#include "domain/cluster/cluster_plan.hpp"
#include "domain/text/utf8.hpp"
#include "http/kube/access/access.hpp"
#include "program/cluster_reader.hpp"
#include "program/process.hpp"

#include <iostream>

namespace dklb::program {

void complain(const std::string& what) {
  std::cerr << domain::visible(what) << "\n";
}

std::optional<domain::config> load_config(const config_file& file) {
  auto outcome = file.read();
  for (const auto& mistake : outcome.mistakes)
    complain(to_string(mistake, file.path));
  return outcome.value;
}

int print_plan(const domain::config& settings, bool as_json, const std::string& context) {
  set_up_log(settings.log);
  const auto environment = http::kube::process_environment();
  const auto access = http::kube::find_access(settings.kubernetes.kubeconfig, environment, context);
  if (!access) {
    complain(access.failure().message);
    return exit_failed;
  }
  const auto observed = read_cluster(settings, *access, environment);
  if (!observed) {
    complain(observed.failure().message);
    return exit_failed;
  }
  const auto planned = domain::plan_cluster(settings, observed->nodes, observed->state);
  if (as_json)
    print_json(plan_as_json(planned));
  else
    std::cout << plan_as_table(planned);
  return planned.pools.empty() ? exit_no_change : exit_changes;
}

void print_json(const nlohmann::json& value) {
  std::cout << value.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) << "\n";
}

} // namespace dklb::program
