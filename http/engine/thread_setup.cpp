#include "http/engine/thread_setup.hpp"

#include <csignal>

#include <pthread.h>

namespace dklb::http {

void set_up_thread(const char* name) {
  sigset_t all;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, nullptr);
  (void)pthread_setname_np(pthread_self(), name);
}

} // namespace dklb::http
