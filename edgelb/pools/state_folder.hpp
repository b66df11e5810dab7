#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <filesystem>

namespace dklb::edgelb {

/// Makes the state folder and the folders in it (`pools`, `damaged`, `i`, `scratch`), for this user
/// alone, and takes the lock that keeps a second server out for as long as the result lives. A link
/// in place of one of the inner folders is an error, and is not followed.
domain::result<descriptor> claim_state_folder(const std::filesystem::path& state);

} // namespace dklb::edgelb
