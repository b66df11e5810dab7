#include "actors/base/base.hpp"

namespace dklb::actors {

caf::error actor_base::broken(const std::exception_ptr& cause) const {
  std::string what = "unknown exception";
  try {
    std::rethrow_exception(cause);
  } catch (const std::exception& problem) {
    what = problem.what();
  } catch (...) { // NOLINT(bugprone-empty-catch): said above
  }
  const auto actor = run->actors->name_of(id_);
  log_about(*run->log, spdlog::level::err, {.actor = actor, .reason = "failed"}, "{} failed: {}",
            actor, what);
  return caf::make_error(caf::sec::runtime_error, what);
}

} // namespace dklb::actors
