#pragma once

#include "domain/config/config.hpp"

#include <optional>
#include <string>

namespace dklb::program {

/// The configuration file of a process, and what stands above or below it: the command line
/// overrides keys, the environment names the cluster where the file does not.
struct config_file {
  std::string path;
  std::string kubeconfig; ///< --kubeconfig; "": not given
  std::string log_level;  ///< --log-level; "": not given
  std::optional<std::string> environment_cluster_name;

  /// Reads and checks the file. A file that cannot be read is a mistake without a line. Any thread.
  domain::config_outcome read() const;
};

} // namespace dklb::program
