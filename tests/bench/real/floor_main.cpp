#include "tests/bench/real/floor.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

/// Serves until SIGTERM; says "watching" once it knows every Service. The token comes from the
/// environment (BENCH_TOKEN), which others cannot read.
int main(int argc, char** argv) {
  CLI::App app{"Patches one address into the status of every Service, and does nothing else."};
  dklb::bench::access access;
  app.add_option("--server", access.server, "https://host:port")->required();
  app.add_option("--ca", access.ca_file, "PEM file")->required();
  CLI11_PARSE(app, argc, argv);
  if (const char* token = std::getenv("BENCH_TOKEN"))
    access.token = token;
  ::curl_global_init(CURL_GLOBAL_DEFAULT);
  try {
    dklb::bench::floor_client client(access);
    client.list();
    std::cout << "watching" << std::endl;
    client.run();
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
}
