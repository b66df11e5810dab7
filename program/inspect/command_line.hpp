#pragma once

#include "program/inspect/inspect.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace dklb::program {

/// Adds the subcommand `explain` to dklb's command line. If it is parsed, `into` is the request.
CLI::App* add_explain(CLI::App& app, inspect_request& into);

/// The command line `kubectl dklb ...`.
struct plugin_arguments {
  inspect_request request;
  std::string config; ///< of `plan`: plans this configuration from here, without a running dklb
};

/// Adds the subcommands of the kubectl plugin, with their flags and examples.
void add_plugin_commands(CLI::App& app, plugin_arguments& into);

/// The answer of `kubectl dklb __complete WORDS...`, in the form that kubectl reads from the
/// program `kubectl_complete-dklb`: a candidate per line, with a tab before its description, and
/// last `:4`, or `:0` if file names fit. The last word is the one that is being typed.
std::string completion(const std::vector<std::string>& words,
                       const http::kube::access_environment& environment);

} // namespace dklb::program
