#include "program/inspect/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace dklb::program {

namespace {

/// The argument of a command.
enum class subject_kind { none, service, any_service, pool };

struct command_description {
  const char* name;
  inspect_command command;
  subject_kind subject;
  const char* about;
  const char* details; ///< after the flags: exit status and examples
};

constexpr std::array commands{
  command_description{
    "explain", inspect_command::explain, subject_kind::service,
    "Say why a Service has an address or none, and what to do next",
    "Exit status: 0 the Service is shown, 1 dklb does not know it, 2 an error.\n\n"
    "Examples:\n"
    "  # Why has Service web in namespace shop no address?\n"
    "  kubectl dklb explain shop/web\n\n"
    "  # The same for a program, with all transitions that dklb remembers\n"
    "  kubectl dklb explain shop/web -o json\n"},
  command_description{"pools", inspect_command::pools, subject_kind::pool,
                      "List the EdgeLB pools, or show one with what dklb would change in it",
                      "Examples:\n"
                      "  kubectl dklb pools\n"
                      "  kubectl dklb pools dklb-redis\n"},
  command_description{"services", inspect_command::services, subject_kind::none,
                      "List the Services of type LoadBalancer with phase, pool and addresses",
                      "Examples:\n"
                      "  kubectl dklb services\n"},
  command_description{"actors", inspect_command::actors, subject_kind::none,
                      "List the actors of the leader with mailboxes, restarts and last errors",
                      "Examples:\n"
                      "  kubectl dklb actors --kind pool\n"},
  command_description{
    "plan", inspect_command::plan, subject_kind::none,
    "Show what the leader would change in EdgeLB now, and the Services that it does not serve",
    "With --config it plans that configuration from here instead, as `dklb plan` does: EdgeLB has "
    "to be reachable, and\nfiles with credentials that the configuration names have to be on this "
    "machine.\n\n"
    "Exit status: 0 nothing to do, 1 pools would change, 2 an error.\n\n"
    "Examples:\n"
    "  kubectl dklb plan\n\n"
    "  # Before a change of the configuration\n"
    "  kubectl dklb plan --config dklb.yaml\n"},
  command_description{"events", inspect_command::events, subject_kind::any_service,
                      "List the events that dklb wrote about a Service, or about all of the "
                      "context's namespace",
                      "Examples:\n"
                      "  kubectl dklb events shop/web\n"},
};

/// A flag of the plugin.
struct flag_description {
  const char* names; ///< as CLI11 takes them; the long one is the last
  const char* value; ///< "": it takes none
  const char* about;
  const char* command; ///< the only command that has it; null: all
};

constexpr std::array flags{
  flag_description{"-n,--namespace", "NAMESPACE", "the namespace of dklb's pods and of its Lease",
                   nullptr},
  flag_description{"--lease", "[NAMESPACE/]NAME",
                   "dklb's leaderElection.leaseName, with the Lease's namespace if it is another",
                   nullptr},
  flag_description{"--port", "PORT", "the port of dklb's http.listen", nullptr},
  flag_description{"--url", "URL", "ask dklb at this URL instead of through the API server",
                   nullptr},
  flag_description{"--kubeconfig", "FILE", "the kubeconfig to use", nullptr},
  flag_description{"--context", "NAME", "the context of the kubeconfig to use", nullptr},
  flag_description{"-o,--output", "FORMAT", "how it is printed", nullptr},
  flag_description{"--kind", "KIND", "only actors of this kind, e.g. service or pool", "actors"},
  flag_description{"--config", "FILE", "plan this configuration file", "plan"},
};

const char* about(std::string_view names) {
  const auto* const found = std::find_if(
    flags.begin(), flags.end(), [&](const flag_description& flag) { return flag.names == names; });
  return found->about;
}

const char* value_of(std::string_view names) {
  const auto* const found = std::find_if(
    flags.begin(), flags.end(), [&](const flag_description& flag) { return flag.names == names; });
  return found->value;
}

template <class Value>
CLI::Option* add_flag_of(CLI::App& command, const char* names, Value& value) {
  return command.add_option(names, value, about(names))->type_name(value_of(names));
}

void add_common(CLI::App& command, inspect_request& into) {
  auto& place = into.place;
  add_flag_of(command, "-n,--namespace", place.name_space)->capture_default_str();
  add_flag_of(command, "--lease", place.lease)->capture_default_str();
  add_flag_of(command, "--port", place.port)->capture_default_str()->check(CLI::Range(1, 65535));
  add_flag_of(command, "--url", place.url);
  add_flag_of(command, "--kubeconfig", place.kubeconfig);
  add_flag_of(command, "--context", place.context);
  add_flag_of(command, "-o,--output", into.output)
    ->capture_default_str()
    ->check(CLI::IsMember({"text", "json"}));
}

void add_subject(CLI::App& command, subject_kind subject, inspect_request& into) {
  switch (subject) {
  case subject_kind::none:
    return;
  case subject_kind::service:
    command
      .add_option("SERVICE", into.subject, "NAMESPACE/NAME, or NAME in the context's namespace")
      ->required();
    return;
  case subject_kind::any_service:
    command.add_option("SERVICE", into.subject,
                       "NAMESPACE/NAME, or NAME in the context's namespace");
    return;
  case subject_kind::pool:
    command.add_option("POOL", into.subject, "the name of a pool");
    return;
  }
}

bool has_flag(const command_description& command, const flag_description& flag) {
  return flag.command == nullptr || std::string_view{flag.command} == command.name;
}

/// The flag with this name, as it is typed; null if there is none.
const flag_description* flag_typed(std::string_view word) {
  const auto* const found =
    std::find_if(flags.begin(), flags.end(), [&](const flag_description& flag) {
      const std::string_view names{flag.names};
      const auto comma = names.find(',');
      return word == names.substr(comma == std::string_view::npos ? 0 : comma + 1)
             || (comma != std::string_view::npos && word == names.substr(0, comma));
    });
  return found == flags.end() ? nullptr : found;
}

/// The words of a command line so far, sorted into what they are.
struct typed_words {
  const command_description* command = nullptr;
  bool has_subject = false;
  const flag_description* open_flag = nullptr; ///< the next word is its value
  inspect_request request;
};

void take_value(inspect_request& into, std::string_view flag, const std::string& value) {
  if (flag == "-n,--namespace")
    into.place.name_space = value;
  if (flag == "--lease")
    into.place.lease = value;
  if (flag == "--url")
    into.place.url = value;
  if (flag == "--kubeconfig")
    into.place.kubeconfig = value;
  if (flag == "--context")
    into.place.context = value;
  if (flag == "--port")
    into.place.port = std::max(1, std::atoi(value.c_str()));
}

typed_words sorted(const std::vector<std::string>& words) {
  typed_words out;
  for (std::size_t index = 0; index + 1 < words.size(); ++index) {
    const auto& word = words[index];
    if (const auto* const flag = std::exchange(out.open_flag, nullptr)) {
      take_value(out.request, flag->names, word);
      continue;
    }
    if (word.starts_with('-')) {
      const auto equals = word.find('=');
      const auto* const flag = flag_typed(word.substr(0, equals));
      if (flag != nullptr && equals != std::string::npos)
        take_value(out.request, flag->names, word.substr(equals + 1));
      else
        out.open_flag = flag;
      continue;
    }
    if (out.command != nullptr) {
      out.has_subject = true;
      continue;
    }
    const auto* const found =
      std::find_if(commands.begin(), commands.end(),
                   [&](const command_description& one) { return word == one.name; });
    if (found == commands.end())
      break;
    out.command = found;
    out.request.command = found->command;
  }
  return out;
}

using candidates = std::vector<std::pair<std::string, std::string>>; ///< with descriptions

candidates flag_candidates(const command_description& command) {
  candidates out{{"--help", "how the command is used"}};
  for (const auto& flag : flags) {
    const std::string_view names{flag.names};
    if (has_flag(command, flag))
      out.emplace_back(names.substr(names.rfind("--")), flag.about);
  }
  return out;
}

candidates subject_candidates(const typed_words& typed,
                              const http::kube::access_environment& environment) {
  candidates out;
  if (typed.has_subject || typed.command->subject == subject_kind::none)
    return out;
  auto request = typed.request;
  // Somebody waits in front of a shell.
  request.place.timeout = std::chrono::seconds{2};
  for (auto& name : subjects(request, environment))
    out.emplace_back(std::move(name), "");
  return out;
}

candidates all_candidates(const typed_words& typed, const std::string& word,
                          const http::kube::access_environment& environment) {
  candidates out;
  if (typed.open_flag != nullptr) {
    if (std::string_view{typed.open_flag->names} == "-o,--output")
      return {{"text", "for people"}, {"json", "for programs"}};
    return out;
  }
  if (typed.command == nullptr) {
    for (const auto& command : commands)
      out.emplace_back(command.name, command.about);
    return out;
  }
  return word.starts_with('-') ? flag_candidates(*typed.command)
                               : subject_candidates(typed, environment);
}

} // namespace

CLI::App* add_explain(CLI::App& app, inspect_request& into) {
  const auto& about_it = commands.front();
  auto* command = app.add_subcommand(
    about_it.name, "says why a Service has an address or none, and what to do next; exit status "
                   "0: shown, 1: dklb does not know the Service, 2: an error");
  add_subject(*command, about_it.subject, into);
  add_common(*command, into);
  return command;
}

void add_plugin_commands(CLI::App& app, plugin_arguments& into) {
  for (const auto& one : commands) {
    auto* command = app.add_subcommand(one.name, one.about);
    add_subject(*command, one.subject, into.request);
    add_common(*command, into.request);
    if (one.command == inspect_command::actors)
      add_flag_of(*command, "--kind", into.request.kind);
    if (one.command == inspect_command::plan)
      add_flag_of(*command, "--config", into.config);
    command->footer(std::string{"\n"} + one.details);
    command->callback([&into, what = one.command] { into.request.command = what; });
  }
}

std::string completion(const std::vector<std::string>& words,
                       const http::kube::access_environment& environment) {
  const auto word = words.empty() ? std::string{} : words.back();
  const auto typed = sorted(words);
  std::string out;
  for (const auto& [name, description] : all_candidates(typed, word, environment))
    if (name.starts_with(word))
      out += name + (description.empty() ? "" : "\t" + description) + "\n";
  const bool of_file =
    typed.open_flag != nullptr && std::string_view{typed.open_flag->value} == "FILE";
  return out + (of_file ? ":0\n" : ":4\n");
}

} // namespace dklb::program
