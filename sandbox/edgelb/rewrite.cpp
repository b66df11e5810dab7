#include "sandbox/edgelb/config_text.hpp"
#include "sandbox/edgelb/renderer.hpp"

#include <algorithm>
#include <vector>

namespace dklb::sandbox::edgelb {
namespace {

/// Without the slashes at its end: "/app/" and "/app" name the same part of a site, "/" all of it.
std::string trimmed(std::string path) {
  while (!path.empty() && path.back() == '/')
    path.pop_back();
  return path;
}

/// The path prefixes under which frontends send requests to this backend, the longest first; all of
/// the site ("") where no map entry names one.
std::vector<std::string> prefixes_of(const document& pool, const std::string& backend) {
  std::vector<std::string> prefixes;
  for (const auto& frontend : pool["haproxy"]["frontends"]) {
    for (const auto& entry : member_at(member_at(frontend, "linkBackend"), "map")) {
      const auto path = text_at(entry, "pathBeg");
      if (text_at(entry, "backend") == backend && !path.empty() && path.front() == '/')
        prefixes.push_back(trimmed(path));
    }
  }
  if (prefixes.empty())
    prefixes.emplace_back();
  std::sort(prefixes.begin(), prefixes.end(), [](const auto& left, const auto& right) {
    return left.size() != right.size() ? left.size() > right.size() : left < right;
  });
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  return prefixes;
}

/// A path inside a regular expression's replacement that is a log format as well.
std::string replacement(const std::string& path) {
  std::string made;
  for (const char letter : path)
    made += letter == '\\' ? std::string("\\\\") : std::string(1, letter);
  return without_format(made);
}

std::string prefix_is(std::size_t number) {
  return "{ var(txn.edgelb_prefix) -m int " + std::to_string(number) + " }";
}

/// Requests under a prefix go to the backend's own path; which prefix it was is remembered for the
/// way back.
void rewrite_paths(config_text& out, const std::vector<std::string>& prefixes,
                   const std::string& path) {
  for (std::size_t number = 0; number < prefixes.size(); ++number) {
    const auto name = "prefix" + std::to_string(number);
    out.setting("acl " + name + " path -m reg --", "^" + regex_escaped(prefixes[number]) + "(/|$)");
    out.line("http-request set-var(txn.edgelb_prefix) int(" + std::to_string(number) + ") if "
             + name + " !{ var(txn.edgelb_prefix) -m found }");
  }
  for (std::size_t number = 0; number < prefixes.size(); ++number)
    out.line("http-request replace-path "
             + quoted_word("^" + regex_escaped(prefixes[number]) + "(/(.*))?$") + " "
             + quoted_word(replacement(trimmed(path)) + "/\\2") + " if " + prefix_is(number));
}

/// A Location that points into the backend's own path, or at its own host, is turned into a path
/// that the client can follow.
void rewrite_locations(config_text& out, const std::vector<std::string>& prefixes,
                       const std::string& path, const std::string& host) {
  const auto origin = host.empty() ? std::string("(https?://[^/]*)?")
                                   : "(https?://" + regex_escaped(host) + "(:[0-9]+)?)?";
  const auto rest = host.empty() ? "/\\3" : "/\\4";
  for (std::size_t number = 0; number < prefixes.size(); ++number)
    out.line("http-response replace-header Location "
             + quoted_word("^" + origin + regex_escaped(trimmed(path)) + "(/(.*))?$") + " "
             + quoted_word(replacement(prefixes[number]) + rest) + " if " + prefix_is(number));
}

} // namespace

void render_rewrite(config_text& out, const document& pool, const document& backend) {
  const auto& rewrite = member_at(backend, "rewriteHttp");
  const auto& request = member_at(rewrite, "request");
  const auto host = text_at(rewrite, "host");
  const auto path = text_at(rewrite, "path");
  if (flag_at(request, "forwardfor", true))
    out.line("option forwardfor");
  if (flag_at(request, "xForwardedPort", true))
    out.line("http-request set-header X-Forwarded-Port %[dst_port]");
  if (flag_at(request, "xForwardedProtoHttpsIfTls", true))
    out.line("http-request set-header X-Forwarded-Proto https if { ssl_fc }");
  if (!host.empty() && flag_at(request, "setHostHeader", true))
    out.setting("http-request set-header Host", without_format(host));
  if (path.empty() || path.front() != '/' || !flag_at(request, "rewritePath", true))
    return;
  const auto prefixes = prefixes_of(pool, text_at(backend, "name"));
  rewrite_paths(out, prefixes, path);
  if (flag_at(member_at(rewrite, "response"), "rewriteLocation", true))
    rewrite_locations(out, prefixes, path, host);
}

} // namespace dklb::sandbox::edgelb
