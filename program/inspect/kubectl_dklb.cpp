/// kubectl-dklb: `kubectl dklb`, which shows a running dklb in a terminal (docs/introspection.md).
#include "http/kube/access/access.hpp"
#include "program/console.hpp"
#include "program/inspect/command_line.hpp"

#include <dklb/version.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>
#include <string_view>

namespace {

using namespace dklb;

int run(const program::plugin_arguments& given) {
  if (given.config.empty())
    return program::inspect(given.request);
  program::config_file file;
  file.path = given.config;
  file.kubeconfig = given.request.place.kubeconfig;
  file.environment_cluster_name = http::kube::process_environment().get_env("CLUSTER_NAME");
  const auto settings = program::load_config(file);
  if (!settings)
    return program::exit_failed;
  return program::print_plan(*settings, given.request.output == "json",
                             given.request.place.context);
}

} // namespace

int main(int argc, char** argv) {
  // A server that closes a connection, or a pager that is closed, is an error of a call.
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string_view{argv[1]} == "__complete") {
    std::cout << program::completion({argv + 2, argv + argc}, http::kube::process_environment());
    return 0;
  }
  CLI::App app{"Shows why Services have an address or none, from the dklb that leads.\n\n"
               "The leader is found by its Lease and asked through the API server. That needs the "
               "Role dklb-viewer\n(docs/operations.md).",
               "kubectl dklb"};
  app.set_version_flag("--version", std::string{"kubectl-dklb "} + version);
  app.require_subcommand(1);
  app.footer("\nUse \"kubectl dklb COMMAND --help\" for more about a command.");
  program::plugin_arguments given;
  program::add_plugin_commands(app, given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : program::exit_no_answer;
  }
  return run(given);
}
