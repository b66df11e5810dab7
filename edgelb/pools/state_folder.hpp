#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <filesystem>

namespace dklb::edgelb {

/// Makes the state folder and the folders in it (`pools`, `damaged`, `i`, `scratch`), with mode
/// 0700. Takes a lock that keeps out a second server while the result lives. A link in place of an
/// inner folder is an error.
domain::result<descriptor> claim_state_folder(const std::filesystem::path& state);

} // namespace dklb::edgelb
