#include "tests/support/edgelb_imposter.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>

/// EdgeLB's API for the benchmark, without latency or with the milliseconds of the argument before
/// each answer: prints its URL, then answers each line of
/// standard input, the name of a pool or nothing for all, with the number of writes so far. Ends at
/// SIGTERM or the end of its input.
int main(int argc, char** argv) {
  dklb::support::edgelb_imposter server;
  if (argc > 1)
    server.inject({.kind = dklb::support::fault_kind::delay_only,
                   .delay = std::chrono::milliseconds{std::strtol(argv[1], nullptr, 10)}});
  server.keep_bodies(false); // ten thousand pools
  std::cout << server.url() << std::endl;
  std::string pool;
  while (std::getline(std::cin, pool))
    std::cout << (pool.empty() ? server.writes() : server.writes_to(pool).count) << std::endl;
}
