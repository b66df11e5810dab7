// libFuzzer's entry to the target that DKLB_FUZZ_TARGET in the environment names.
#include "tests/fuzz/targets.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void (*chosen)(std::string_view) = nullptr;

} // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  const char* const name = std::getenv("DKLB_FUZZ_TARGET");
  dklb::fuzz::require(name != nullptr, "DKLB_FUZZ_TARGET names a target");
  for (const auto& each : dklb::fuzz::targets())
    if (name == std::string{each.name})
      chosen = each.run;
  dklb::fuzz::require(chosen != nullptr, "the target exists");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen({reinterpret_cast<const char*>(data), size});
  return 0;
}
