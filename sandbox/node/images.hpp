#pragma once

#include "domain/base/error.hpp"
#include "sandbox/node/model.hpp"

#include <string>
#include <vector>

namespace dklb::sandbox {

/// The local process that a container is run as.
struct launch {
  std::vector<std::string> command; ///< program and arguments
  std::vector<int> ports;           ///< the container is ready when all accept connections
};

/// Looks up the process for a container's image. The registry, tag and digest of the image do not
/// matter. `self` is the path of this program, which is also the web server. `folder` is the
/// container's working folder. The error is for the user who created the pod: the cause, and the
/// images that can run.
domain::result<launch> launch_of(const pod& owner, const container& what,
                                 const std::string& address, const std::string& self,
                                 const std::string& folder);

/// The name of an image without registry, tag and digest: "redis" for
/// "registry.example:5000/library/redis:5.0.3@sha256:...".
std::string image_name(const std::string& image);

} // namespace dklb::sandbox
