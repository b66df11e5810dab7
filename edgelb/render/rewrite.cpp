#include "edgelb/render/config_text.hpp"
#include "edgelb/render/renderer.hpp"

#include <optional>

namespace dklb::edgelb {
namespace {

/// `rewriteHttp.path`: paths under `from` become paths under `to`. Both are kept without the slash
/// at their end, so "" is the whole site.
struct path_change {
  std::string from;
  std::string to;
  /// `fromPath` ends in a slash: "/app" itself stays as it is, only what lies below it changes.
  bool only_below = false;
};

std::string without_last_slash(const std::string& path) {
  return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

/// Nothing where fromPath or toPath is missing; an empty one is the whole site.
std::optional<path_change> path_change_of(const document& rewrite) {
  const auto& path = member_at(rewrite, "path");
  const auto& from = member_at(path, "fromPath");
  const auto& to = member_at(path, "toPath");
  if (!from.is_string() || !to.is_string())
    return {};
  const auto prefix = from.get<std::string>();
  return path_change{without_last_slash(prefix), without_last_slash(to.get<std::string>()),
                     prefix.ends_with('/')};
}

/// A path inside a regular expression's replacement that is a log format as well.
std::string replacement(const std::string& path) {
  std::string made;
  for (const char letter : path)
    made += letter == '\\' ? std::string("\\\\") : std::string(1, letter);
  return without_format(made);
}

void rewrite_path(config_text& out, const path_change& change) {
  const auto prefix = "^" + regex_escaped(change.from);
  const auto end = change.only_below ? "/" : "(/|$)";
  out.setting("acl edgelb_path path -m reg --", prefix + end);
  // The answer's Location is turned back only where the request was rewritten.
  out.line("http-request set-var(txn.edgelb_rewritten) bool(true) if edgelb_path");
  // Each of the two replacements keeps the path from becoming empty.
  const bool bare = change.to.empty() || change.only_below;
  out.line("http-request replace-path " + quoted_word(prefix + (bare ? "(/(.*))?$" : "(/.*)?$"))
           + " " + quoted_word(replacement(change.to) + (bare ? "/\\2" : "\\1"))
           + " if edgelb_path");
}

/// What follows `to` in a Location, and what takes its place behind `from`. The origin is the
/// expression's first group.
struct location_rest {
  const char* pattern;
  const char* replacement;
};

location_rest rest_of(const path_change& change) {
  // The site's root may be written without a path. Where nothing comes before the rest, it must not
  // begin with two slashes: a client would take what follows for a host.
  if (change.from.empty() && change.to.empty())
    return {"/*(.*)$", "/\\2"};
  if (change.from.empty())
    return {change.only_below ? "(/+)(.*)$" : "(/+|$)(.*)$", "/\\3"};
  if (change.to.empty())
    return {"/?(.*)$", "/\\2"};
  if (change.only_below)
    return {"/(.*)$", "/\\2"};
  return {"([/?#].*)?$", "\\2"};
}

/// One scheme's part of turn_back(): `kept` is how much of the origin stays.
void replace_location(config_text& out, const path_change& change, const std::string& origin,
                      const std::string& kept, const std::string& condition) {
  const auto rest = rest_of(change);
  out.line("http-response replace-header Location "
           + quoted_word("^" + origin + regex_escaped(change.to) + rest.pattern) + " "
           + quoted_word(kept + replacement(change.from) + rest.replacement) + " if " + condition);
}

/// A Location at the backend's own scheme and host, or without any, becomes a path that the client
/// can follow on its connection. At the other scheme only the path is changed: an application that
/// sends its clients to HTTPS must not send them in circles.
void turn_back(config_text& out, const path_change& change, bool over_tls,
               const std::string& condition) {
  const auto origin = [](bool tls) {
    return std::string(tls ? "(https" : "(http") + "://[^/?#]*)";
  };
  replace_location(out, change, "()", "", condition + " edgelb_own_path");
  replace_location(out, change, origin(!over_tls), "\\1", condition + " edgelb_own_host");
  replace_location(out, change, origin(over_tls), "", condition + " edgelb_own_host");
}

/// The conditions under which a Location points at the backend's own site. It is the host that the
/// request carried when it left, without the port: servers put their own port there.
void define_own_site(config_text& out) {
  out.line("http-request set-var(txn.edgelb_host) "
           "'req.hdr(host),regsub(\":[0-9]+$\",\"\"),lower'");
  out.line("acl edgelb_own_host 'res.fhdr(Location),regsub(\"^https?://([^/?#]*).*$\",\"\\1\",i),"
           "regsub(\":[0-9]+$\",\"\"),lower,strcmp(txn.edgelb_host)' eq 0");
  out.line("acl edgelb_own_path res.fhdr(Location) -m reg -- '^/([^/]|$)'");
  out.line("acl edgelb_rewritten var(txn.edgelb_rewritten) -m bool");
}

} // namespace

void render_rewrite(config_text& out, const document& backend) {
  const auto& rewrite = member_at(backend, "rewriteHttp");
  const auto& request = member_at(rewrite, "request");
  if (flag_at(request, "forwardfor", true))
    out.line("option forwardfor");
  if (flag_at(request, "xForwardedPort", true))
    out.line("http-request set-header X-Forwarded-Port %[dst_port]");
  if (flag_at(request, "xForwardedProtoHttpsIfTls", true))
    out.line("http-request set-header X-Forwarded-Proto https if { ssl_fc }");
  const auto host = text_at(rewrite, "host");
  const bool changes_host = !host.empty() && flag_at(request, "setHostHeader", true);
  if (changes_host)
    out.setting("http-request set-header Host", without_format(host));
  const auto change =
    flag_at(request, "rewritePath", true) ? path_change_of(rewrite) : std::optional<path_change>{};
  if (change)
    rewrite_path(out, *change);
  if ((!change && !changes_host)
      || !flag_at(member_at(rewrite, "response"), "rewriteLocation", true))
    return;
  define_own_site(out);
  const bool over_tls = text_at(backend, "protocol") == "HTTPS";
  if (change)
    turn_back(out, *change, over_tls, "edgelb_rewritten");
  if (changes_host)
    turn_back(out, {}, over_tls, "!edgelb_rewritten");
}

} // namespace dklb::edgelb
