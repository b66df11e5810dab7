#pragma once

#include "domain/base/error.hpp"
#include "sandbox/node/model.hpp"

#include <string>
#include <vector>

namespace dklb::sandbox {

/// A container as a local process.
struct launch {
  std::vector<std::string> command; ///< the first is the program
  std::vector<int> ports;           ///< all must accept connections before it is ready
};

/// What the table says about an image, whatever its registry, tag or digest. `self` is this program
/// (it is the web server, too), `folder` the container's own working folder.
/// An error is for the user who created the pod: why it cannot run here, and what can.
domain::result<launch> launch_of(const pod& owner, const container& what,
                                 const std::string& address, const std::string& self,
                                 const std::string& folder);

/// "registry.example:5000/library/redis:5.0.3@sha256:..." is "redis".
std::string image_name(const std::string& image);

} // namespace dklb::sandbox
