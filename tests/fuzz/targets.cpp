#include "tests/fuzz/targets.hpp"

#include "tests/fuzz/parsers.hpp"

#include <cstdio>
#include <cstdlib>

namespace dklb::fuzz {

const std::vector<target>& targets() {
  static const std::vector<target> all{
    {"annotation", fuzz_annotation},
    {"configuration", fuzz_configuration},
    {"watch", fuzz_watch},
    {"list", fuzz_list},
    {"edgelb_pools", fuzz_edgelb_pools},
    {"edgelb_metadata", fuzz_edgelb_metadata},
    {"admission", fuzz_admission},
    {"kubeconfig", fuzz_kubeconfig},
    {"credentials", fuzz_credentials},
    {"http_request", fuzz_http_request},
    {"introspection_page", fuzz_introspection_page},
    {"exporter_page", fuzz_exporter_page},
    {"local_pool", fuzz_local_pool},
    {"local_record", fuzz_local_record},
  };
  return all;
}

void require(bool promise, const char* words) {
  if (promise)
    return;
  std::fprintf(stderr, "broken promise: %s\n", words);
  std::abort();
}

} // namespace dklb::fuzz
