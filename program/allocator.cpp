// The program's general allocator, set up before main (docs/decisions/jemalloc.md).
#include <jemalloc/jemalloc.h>

extern "C" {
/// Two arenas, because few threads allocate much and each has a cache; what bursts like the first
/// list leave behind goes back to the system within seconds, also while nothing is allocated.
const char* malloc_conf = // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
  "narenas:2,dirty_decay_ms:5000,muzzy_decay_ms:0,background_thread:true";
}
