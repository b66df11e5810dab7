#include "process/log_fields.hpp"

namespace dklb::process {

namespace {

thread_local const log_fields* innermost = nullptr;

} // namespace

log_context::log_context(const log_fields& about) : about_(about), before_(innermost) {
  innermost = &about_;
}

log_context::~log_context() {
  innermost = before_;
}

const log_fields* log_context::present() {
  return innermost;
}

} // namespace dklb::process
