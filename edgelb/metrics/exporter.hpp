#pragma once

#include "domain/base/error.hpp"
#include "edgelb/render/renderer.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace dklb::edgelb {

/// Adds the frontend of HAProxy's own exporter to an instance's configuration. It listens on a
/// socket in the instance's folder, so that nobody but this server's user reaches it.
rendered with_exporter(rendered configuration, const std::string& folder);

/// Reads the page of the exporter of a running instance: global series, and series per frontend and
/// backend; with `servers` also series per server. Takes at most `limit` in all. The error names
/// the socket and the cause.
domain::result<std::string> read_exporter(const std::filesystem::path& folder, bool servers,
                                          std::chrono::milliseconds limit);

} // namespace dklb::edgelb
