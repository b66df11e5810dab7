#include "edgelb/pools/state_folder.hpp"

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/files.hpp"

#include <fcntl.h>
#include <sys/file.h>

namespace dklb::edgelb {

domain::result<descriptor> claim_state_folder(const std::filesystem::path& state) {
  std::error_code problem;
  std::filesystem::create_directories(state, problem);
  if (!problem)
    std::filesystem::permissions(state, std::filesystem::perms::owner_all, problem);
  if (problem)
    return failure(500, "cannot use the state folder " + state.string() + ": " + problem.message());
  // The path of the state folder may have a link, but nothing in the folder may be one. Otherwise
  // writes and removals could reach files elsewhere.
  for (const char* name : {"pools", "damaged", "i", "scratch"}) {
    if (auto made = make_private_folder(state / name); !made)
      return made.failure();
  }
  descriptor lock(
    ::open((state / "lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return failure(500, "the state folder " + state.string()
                          + " is in use by another edgelb-local; give this one its own");
  return lock;
}

} // namespace dklb::edgelb
