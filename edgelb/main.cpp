#include "domain/text/utf8.hpp"
#include "edgelb/api/api_server.hpp"
#include "edgelb/pools/agents.hpp"
#include "edgelb/pools/pool_table.hpp"
#include "process/log_format.hpp"
#include "process/signals.hpp"

#include <CLI/CLI.hpp>
#include <dklb/version.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <iostream>

namespace {

using namespace dklb::edgelb;

struct options {
  std::string listen = "127.0.0.1:8088";
  std::string state_folder;
  std::string agents_range = "127.0.64.0/26";
  std::string agents_file;
  std::string tasks_file;
  std::string token_file;
  std::string fault_file;
  std::string haproxy;
  std::string log_level = "info";
  long drain_seconds = 3600;
  bool stop_instances = false;
  std::string list_url;
};

void describe(CLI::App& app, options& given) {
  app.set_version_flag("--version", dklb::version);
  app.add_option("--listen", given.listen, "address and port of the API; port 0 is a free one")
    ->capture_default_str();
  app.add_option("--state-dir", given.state_folder, "folder of the pools and their instances");
  app.add_option("--agents", given.agents_range, "range of addresses that stand for agents")
    ->capture_default_str();
  app.add_option("--agents-file", given.agents_file,
                 "JSON list of real agents, instead of --agents");
  app.add_option("--tasks", given.tasks_file, "JSON file of the tasks that pools can select");
  app.add_option("--token-file", given.token_file,
                 "tokens that callers must carry, one a line; without it everybody may call");
  app.add_option("--haproxy", given.haproxy, "the haproxy program, where it is not in PATH");
  app
    .add_option("--drain-seconds", given.drain_seconds,
                "how long open connections outlive a reload or a replaced instance")
    ->check(CLI::Range(1L, 31L * 86400))
    ->capture_default_str();
  app.add_flag("--stop-instances-on-exit", given.stop_instances,
               "end all instances on SIGTERM and SIGINT; otherwise traffic goes on");
  app.add_option("--fault-file", given.fault_file, "JSON file of faults, for tests");
  app.add_option("--log-level", given.log_level, "how much is said on standard error")
    ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error"}))
    ->capture_default_str();
}

int complain(const dklb::domain::error& problem) {
  std::cerr << "edgelb-local: " << dklb::domain::visible(problem.message, 2048) << "\n";
  return problem.http_status == 400 ? 2 : 1;
}

int list(const options& given) {
  std::string token;
  if (!given.token_file.empty()) {
    auto text = read_file(given.token_file);
    if (!text)
      return complain(text.failure());
    const auto tokens = tokens_in(*text);
    if (tokens.empty())
      return complain(failure(400, "the token file " + given.token_file + " holds no token"));
    token = tokens.front();
  }
  const auto table = list_pools(given.list_url, token);
  if (!table)
    return complain(table.failure());
  std::cout << *table;
  return 0;
}

dklb::domain::result<std::vector<agent>> agents_of(const options& given) {
  if (given.agents_file.empty())
    return agents_from_range(given.agents_range);
  const auto text = read_file(given.agents_file);
  if (!text)
    return text.failure();
  auto agents = agents_from_json(*text);
  return agents ? present_on_this_machine(std::move(*agents)) : agents;
}

void warn_of_open_access(const options& given) {
  const bool local = given.listen.rfind("127.", 0) == 0 || given.listen.rfind("[::1]", 0) == 0
                     || given.listen.rfind("localhost:", 0) == 0;
  if (!local && given.token_file.empty())
    spdlog::warn("whoever reaches {} can change every pool: give a --token-file", given.listen);
}

int serve(dklb::process::signals& signals, const options& given) {
  auto program = haproxy_program::find(given.haproxy);
  if (!program)
    return complain(program.failure());
  auto agents = agents_of(given);
  if (!agents)
    return complain(agents.failure());
  auto tokens = token_file::open(given.token_file);
  if (!tokens)
    return complain(tokens.failure());
  reconciler_settings settings;
  settings.state_folder = given.state_folder;
  settings.tasks_file = given.tasks_file;
  settings.agents = *agents;
  settings.drain_time = std::chrono::seconds(given.drain_seconds);
  auto pools = reconciler::open(*program, std::move(settings));
  if (!pools)
    return complain(pools.failure());
  fault_injector faults(given.fault_file);
  auto server = api_server::open(given.listen, {**pools, **tokens, faults});
  if (!server)
    return complain(server.failure());
  warn_of_open_access(given);
  spdlog::info("serving {} with HAProxy {} on {} agents", (*server)->url(), program->version(),
               agents->size());
  std::cout << "edgelb-local serves " << (*server)->url() << std::endl;
  signals.wait();
  spdlog::info("ending; instances {}", given.stop_instances ? "end, too" : "go on");
  signals.end_in_order(dklb::process::longest_end, [&] {
    (*server)->stop();
    if (given.stop_instances)
      (*pools)->stop_instances();
    else
      (*pools)->stop();
  });
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  dklb::process::signals signals;
  options given;
  CLI::App app("An EdgeLB V2 server for one machine: every pool is real HAProxy processes.",
               "edgelb-local");
  describe(app, given);
  auto* listing = app.add_subcommand("list", "Print the pools of a server as a table.");
  listing->add_option("--url", given.list_url, "where the server is")->required();
  listing->add_option("--token-file", given.token_file, "file with the token to send");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("edgelb-local"));
  spdlog::set_formatter(dklb::process::log_format("[%Y-%m-%d %H:%M:%S.%e] [%n] [%^%l%$] %v"));
  spdlog::set_level(spdlog::level::from_str(given.log_level));
  if (listing->parsed()) {
    signals.release();
    return list(given);
  }
  if (given.state_folder.empty()) {
    std::cerr << "edgelb-local: --state-dir is needed: the folder that keeps the pools\n";
    return 2;
  }
  return serve(signals, given);
}
