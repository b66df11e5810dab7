#include "tests/support/edgelb_imposter.hpp"

#include <iostream>

/// EdgeLB's API without latency, for the benchmark: prints its URL, then answers each line of
/// standard input, the name of a pool or nothing for all, with the number of writes so far. Ends at
/// SIGTERM or the end of its input.
int main() {
  dklb::support::edgelb_imposter server;
  server.keep_bodies(false); // ten thousand pools
  std::cout << server.url() << std::endl;
  std::string pool;
  while (std::getline(std::cin, pool))
    std::cout << (pool.empty() ? server.writes() : server.writes_to(pool).count) << std::endl;
}
