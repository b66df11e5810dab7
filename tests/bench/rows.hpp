#pragma once

#include "tests/bench/world.hpp"

namespace dklb::bench {

/// Each is one measurement and may give several lines.
std::vector<row> pool_each(const context& about);
std::vector<row> one_pool(const context& about);
std::vector<row> added_latency(const context& about);
std::vector<row> steady_state(const context& about);
std::vector<row> resync_reads(const context& about);
std::vector<row> restart(const context& about);
std::vector<row> delete_some(const context& about);
std::vector<row> admission_reviews(const context& about);

} // namespace dklb::bench
