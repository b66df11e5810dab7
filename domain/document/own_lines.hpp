#pragma once

#include "domain/pool/pool_plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

// What dklb writes into fields of its objects that people write into as well: lines of `miscStrs`,
// and words of a server's line. dklb knows its own again by their form, also after a restart, and
// leaves everything else as it is. Every function here takes any JSON and never throws.
// Source: docs/decisions/own-lines-are-marked.md.

/// The line as dklb writes it, with the comment that marks it as dklb's.
std::string marked(std::string_view line);

/// How long the open connections of a server that leaves go on, as `# drain 30s`. A comment for
/// HAProxy and for EdgeLB; edgelb-local reads it. The form itself marks it as dklb's.
std::string drain_line(std::string_view duration);

/// True where dklb has written this line of `miscStrs`.
bool is_own_line(std::string_view line);

/// dklb's lines among the `miscStrs` of a frontend or backend, in their order.
std::vector<std::string> own_lines(const pool_document& object);

/// Makes dklb's lines exactly `lines`. They stand where the first of them stands already, or else
/// before those of others: HAProxy takes rules for a connection in their order. True where anything
/// changed.
bool set_own_lines(pool_document& object, const std::vector<std::string>& lines);

/// `text` with the words `before`, which dklb wrote, replaced by `wanted`. Words of others stay. If
/// `before` is not there as it was written, `wanted` is added, unless it is there already.
std::string replace_words(std::string_view text, std::string_view before, std::string_view wanted);

/// The same for the member `key` of an object, which goes once it holds nothing. True where
/// anything changed.
bool set_own_words(pool_document& object, const char* key, std::string_view before,
                   std::string_view wanted);

} // namespace dklb::domain
