#pragma once

#include "domain/text/timestamp.hpp"

/// The API server's times, under the names of this folder.
namespace dklb::http::kube {

using domain::format_micro_time;
using domain::format_time;
using domain::micro_time;
using domain::parse_time;

} // namespace dklb::http::kube
