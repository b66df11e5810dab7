#pragma once

#include "domain/config/config.hpp"
#include "program/config_file.hpp"

#include <optional>
#include <string>

/// What the subcommands of dklb and of its kubectl plugin share.
namespace dklb::program {

/// Prints a line for the operator on standard error. The text may be from a server, so control
/// characters are escaped.
void complain(const std::string& what);

/// Reads and checks a configuration file. Prints every mistake; nothing if there is one.
std::optional<domain::config> load_config(const config_file& file);

/// Exit statuses of `dklb plan`, the same as those of `kubectl diff`.
inline constexpr int exit_no_change = 0;
inline constexpr int exit_changes = 1;
inline constexpr int exit_failed = 2;

/// `dklb plan`: prints the changes that a dklb with this configuration would make to EdgeLB, and
/// makes none. Returns the exit status. Blocks until both servers have been read.
/// `context` is that of the kubeconfig, "" for the current one.
int print_plan(const domain::config& settings, bool as_json, const std::string& context = {});

/// Prints JSON on standard output. Everything but ASCII is escaped, so that no text from outside
/// steers the terminal.
void print_json(const nlohmann::json& value);

} // namespace dklb::program
