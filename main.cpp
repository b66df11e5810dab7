#include "domain/cluster/cluster_plan.hpp"
#include "domain/config/config.hpp"
#include "domain/text/utf8.hpp"
#include "http/kube/access/access.hpp"
#include "process/signals.hpp"
#include "program/cluster_reader.hpp"
#include "program/controller.hpp"
#include "program/process.hpp"

#include <dklb/version.hpp>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <iostream>
#include <optional>
#include <string>

namespace {

using namespace dklb;

constexpr int exit_ok = 0;
constexpr int exit_gave_up = 1;
constexpr int exit_bad_input = 2;
/// Exit statuses of `dklb plan`, the same as those of `kubectl diff`.
constexpr int exit_no_change = 0;
constexpr int exit_changes = 1;
constexpr int exit_failed = 2;

/// Prints an error for the operator. The text may be from a server, so control characters are
/// escaped.
void complain(const std::string& what) {
  std::cerr << domain::visible(what) << "\n";
}

/// Reads and checks the configuration file. Prints every mistake.
std::optional<domain::config> load(const std::string& file) {
  const auto environment = http::kube::process_environment();
  const auto text = program::read_file(file);
  if (!text) {
    complain(file + ": " + text.failure().message);
    return std::nullopt;
  }
  auto outcome = domain::parse_config(*text, environment.get_env("CLUSTER_NAME"));
  for (const auto& mistake : outcome.mistakes)
    complain(to_string(mistake, file));
  return outcome.mistakes.empty() ? outcome.value : std::nullopt;
}

/// `dklb plan`: prints the changes that dklb would make to EdgeLB, and makes none.
int plan(const domain::config& settings, bool as_json) {
  program::set_up_log(settings.log);
  const auto environment = http::kube::process_environment();
  const auto access = http::kube::find_access(settings.kubernetes.kubeconfig, environment);
  if (!access) {
    complain(access.failure().message);
    return exit_failed;
  }
  const auto observed = program::read_cluster(settings, *access, environment);
  if (!observed) {
    complain(observed.failure().message);
    return exit_failed;
  }
  const auto planned = domain::plan_cluster(settings, observed->nodes, observed->state);
  std::cout << (as_json ? plan_as_json(planned).dump(2, ' ', false,
                                                     nlohmann::json::error_handler_t::replace)
                            + "\n"
                        : plan_as_table(planned));
  return planned.pools.empty() ? exit_no_change : exit_changes;
}

int run(process::signals& signals, domain::config settings) {
  program::set_up_log(settings.log);
  spdlog::info("a changed configuration file takes effect with a restart");
  const auto environment = http::kube::process_environment();
  auto access = http::kube::find_access(settings.kubernetes.kubeconfig, environment);
  if (!access) {
    complain(access.failure().message);
    return exit_bad_input;
  }
  program::controller_arguments arguments{std::move(settings), std::move(*access), environment,
                                          program::identity(),
                                          [&](const std::string&) { signals.raise(); }};
  spdlog::info("dklb {} for cluster \"{}\", Kubernetes access from {}", version,
               arguments.settings.cluster_name, arguments.access.source);
  auto controller = program::controller::start(std::move(arguments));
  if (!controller) {
    complain(controller.failure().message);
    return exit_bad_input;
  }
  const auto orderly = signals.wait();
  spdlog::info(orderly ? "stopping" : "giving up");
  signals.end_in_order(process::longest_end, [&] { (*controller)->stop(); });
  return orderly ? exit_ok : exit_gave_up;
}

} // namespace

int main(int argc, char** argv) {
  process::signals signals;
  CLI::App app{"Turns Kubernetes Services of type LoadBalancer into EdgeLB pools", "dklb"};
  app.set_version_flag("--version", std::string{"dklb "} + version);
  std::string file;
  std::string kubeconfig;
  std::string level;
  app.add_option("--config", file, "configuration file")->type_name("FILE");
  app.add_option("--kubeconfig", kubeconfig, "overrides kubernetes.kubeconfig")->type_name("FILE");
  app.add_option("--log-level", level, "overrides log.level")
    ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  auto* check = app.add_subcommand("check-config", "checks a configuration file and ends");
  std::string checked;
  check->add_option("FILE", checked, "configuration file")->required();
  auto* planning = app.add_subcommand(
    "plan",
    "prints what each pool would become and why, and writes nothing; exit status 0: nothing "
    "to do, 1: changes, 2: an error");
  std::string output = "table";
  planning->add_option("--config", file, "configuration file")->type_name("FILE");
  planning->add_option("--kubeconfig", kubeconfig, "overrides kubernetes.kubeconfig")
    ->type_name("FILE");
  planning->add_option("-o,--output", output, "how it is printed")
    ->check(CLI::IsMember({"table", "json"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? exit_ok : exit_bad_input;
  }
  if (check->parsed() || planning->parsed())
    signals.release();
  if (check->parsed())
    return load(checked) ? exit_ok : exit_bad_input;
  if (file.empty()) {
    std::cerr << "--config is required\nRun with --help for more information.\n";
    return exit_bad_input;
  }
  auto settings = load(file);
  if (!settings)
    return exit_bad_input;
  if (!kubeconfig.empty())
    settings->kubernetes.kubeconfig = kubeconfig;
  if (!level.empty())
    settings->log.level = level;
  return planning->parsed() ? plan(*settings, output == "json")
                            : run(signals, std::move(*settings));
}
