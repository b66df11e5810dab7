#pragma once

#include "domain/explanation/page_fields.hpp"
#include "http/kube/access/access.hpp"
#include "program/inspect/dklb_pages.hpp"

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace dklb::program {

/// What is shown of a running dklb.
enum class inspect_command { explain, services, pools, actors, events, plan };

/// A command line of `dklb explain` or `kubectl dklb`.
struct inspect_request {
  dklb_place place;
  inspect_command command = inspect_command::explain;
  std::string subject;         ///< `NAMESPACE/NAME` or `NAME` of a Service, or a pool; may be ""
  std::string kind;            ///< of actors; "": all
  std::string output = "text"; ///< or `json`
};

/// Exit statuses. `plan` has those of `dklb plan` (console.hpp).
inline constexpr int exit_shown = 0;
inline constexpr int exit_unknown = 1;   ///< dklb knows no such Service or pool
inline constexpr int exit_no_answer = 2; ///< dklb was not found or did not answer; a wrong argument

/// The surroundings of a command. A parameter, so that tests can set them.
struct inspect_surroundings {
  http::kube::access_environment environment;
  std::ostream& out;
  std::ostream& errors;
  std::function<domain::page::moment()> now;
};

/// Runs a command and returns its exit status. Output goes to `out`, one line about a failure to
/// `errors`. Texts from outside are escaped. Blocks for the answers of the servers, each for a
/// bounded time. Source: docs/introspection.md, "In a terminal".
int inspect(const inspect_request& request, const inspect_surroundings& around);

/// inspect() with the surroundings of this process.
int inspect(const inspect_request& request);

/// The names that may stand as the subject of a command now: Services or pools. Empty if dklb does
/// not answer. For the completion of command lines.
std::vector<std::string> subjects(const inspect_request& request,
                                  const http::kube::access_environment& environment);

} // namespace dklb::program
