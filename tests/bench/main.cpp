#include "tests/bench/rows.hpp"

#include <CLI/CLI.hpp>

#include <curl/curl.h>

#include <filesystem>
#include <iostream>

namespace {

using dklb::bench::bench;

const std::vector<std::pair<std::string, bench>>& all_benches() {
  static const std::vector<std::pair<std::string, bench>> table{
    {"pool-each", dklb::bench::pool_each},         {"one-pool", dklb::bench::one_pool},
    {"added-latency", dklb::bench::added_latency}, {"steady-state", dklb::bench::steady_state},
    {"resync", dklb::bench::resync_reads},         {"restart", dklb::bench::restart},
    {"delete", dklb::bench::delete_some},          {"admission", dklb::bench::admission_reviews}};
  return table;
}

std::string beside_this_program(const char* name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

void make_small(dklb::bench::context& about) {
  about.many = 200;
  about.most = 1000;
  about.steady = std::chrono::seconds(20);
  about.samples = 100;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures dklb against loopback servers and the least that a client can do."};
  dklb::bench::context about;
  about.program = beside_this_program("dklb");
  std::string scale = "full";
  std::string only;
  app.add_option("--dklb", about.program, "path of the dklb program");
  app.add_option("--scale", scale, "how many Services")->check(CLI::IsMember({"small", "full"}));
  app.add_option("--only", only, "run one measurement");
  CLI11_PARSE(app, argc, argv);
  if (scale == "small")
    make_small(about);
  about.note = [](const std::string& text) { std::cerr << text << std::endl; };
  ::curl_global_init(CURL_GLOBAL_DEFAULT);

  bool failed = false;
  std::vector<dklb::bench::row> rows;
  for (const auto& [name, run] : all_benches()) {
    if (!only.empty() && only != name)
      continue;
    about.note("measuring " + name);
    try {
      for (auto& line : run(about))
        rows.push_back(std::move(line));
    } catch (const std::exception& problem) {
      failed = true;
      rows.push_back({name, problem.what(), "", ""});
    }
  }
  if (rows.empty()) {
    std::cerr << "no measurement is called " << only << '\n';
    return 2;
  }
  std::cout << dklb::bench::markdown(rows);
  return failed ? 1 : 0;
}
