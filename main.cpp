#include "domain/config/config.hpp"
#include "http/kube/access/access.hpp"
#include "process/signals.hpp"
#include "program/config_file.hpp"
#include "program/console.hpp"
#include "program/controller.hpp"
#include "program/inspect/command_line.hpp"
#include "program/process.hpp"

#include <dklb/version.hpp>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <iostream>
#include <string>
#include <utility>

namespace {

using namespace dklb;
using program::complain;
using program::load_config;

constexpr int exit_ok = 0;
constexpr int exit_gave_up = 1;
constexpr int exit_bad_input = 2;

int run(process::signals& signals, domain::config settings, program::config_file file) {
  program::set_up_log(settings.log);
  const auto environment = http::kube::process_environment();
  auto access = http::kube::find_access(settings.kubernetes.kubeconfig, environment);
  if (!access) {
    complain(access.failure().message);
    return exit_bad_input;
  }
  program::controller_arguments arguments{
    std::move(settings), std::move(file),     std::move(*access),
    environment,         program::identity(), [&](const std::string&) { signals.raise(); }};
  spdlog::info("dklb {} for cluster \"{}\", Kubernetes access from {}", version,
               arguments.settings.cluster_name, arguments.access.source);
  auto controller = program::controller::start(std::move(arguments));
  if (!controller) {
    complain(controller.failure().message);
    return exit_bad_input;
  }
  const auto orderly = signals.wait([&] { (*controller)->reread(); });
  spdlog::info(orderly ? "stopping" : "giving up");
  signals.end_in_order(process::longest_end, [&] { (*controller)->stop(); });
  return orderly ? exit_ok : exit_gave_up;
}

} // namespace

int main(int argc, char** argv) {
  process::signals signals;
  CLI::App app{"Turns Kubernetes Services of type LoadBalancer into EdgeLB pools", "dklb"};
  app.set_version_flag("--version", std::string{"dklb "} + version);
  program::config_file file;
  file.environment_cluster_name = http::kube::process_environment().get_env("CLUSTER_NAME");
  app.add_option("--config", file.path, "configuration file")->type_name("FILE");
  app.add_option("--kubeconfig", file.kubeconfig, "overrides kubernetes.kubeconfig")
    ->type_name("FILE");
  app.add_option("--log-level", file.log_level, "overrides log.level")
    ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  auto* check = app.add_subcommand("check-config", "checks a configuration file and ends");
  check->add_option("FILE", file.path, "configuration file")->required();
  auto* planning = app.add_subcommand(
    "plan",
    "prints what each pool would become and why, and writes nothing; exit status 0: nothing "
    "to do, 1: changes, 2: an error");
  std::string output = "table";
  planning->add_option("--config", file.path, "configuration file")->type_name("FILE");
  planning->add_option("--kubeconfig", file.kubeconfig, "overrides kubernetes.kubeconfig")
    ->type_name("FILE");
  planning->add_option("-o,--output", output, "how it is printed")
    ->check(CLI::IsMember({"table", "json"}));
  program::inspect_request asked;
  auto* explaining = program::add_explain(app, asked);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? exit_ok : exit_bad_input;
  }
  if (check->parsed() || planning->parsed() || explaining->parsed())
    signals.release();
  if (explaining->parsed())
    return program::inspect(asked);
  if (check->parsed())
    return load_config(file) ? exit_ok : exit_bad_input;
  if (file.path.empty()) {
    std::cerr << "--config is required\nRun with --help for more information.\n";
    return exit_bad_input;
  }
  auto settings = load_config(file);
  if (!settings)
    return exit_bad_input;
  return planning->parsed() ? program::print_plan(*settings, output == "json")
                            : run(signals, std::move(*settings), std::move(file));
}
