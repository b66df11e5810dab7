// The lines of an HTTP frontend that redirect requests, or choose their backend.
#include "edgelb/render/config_text.hpp"
#include "edgelb/render/renderer.hpp"

#include <array>
#include <string_view>

namespace dklb::edgelb {
namespace {

/// A condition on the Host header. Clients add a port that is not the default of the scheme, so the
/// condition holds with and without a port: two ACLs with one name are alternatives.
void render_host_acl(config_text& out, const std::string& name, const char* match,
                     const std::string& value) {
  const auto with = [&](const char* fetch) {
    out.setting("acl " + name + " " + fetch + " -i -m " + match + " --", value);
  };
  with("req.hdr(host),field(1,:)");
  with("req.hdr(host)");
}

/// `redirectToHttps`: redirects every request, except for the exceptions, to the same URL over TLS.
void render_redirect(config_text& out, const document& redirect) {
  if (redirect.is_null())
    return;
  int number = 0;
  for (const auto& exception : member_at(redirect, "except")) {
    const auto name = "except" + std::to_string(number++);
    const auto host = text_at(exception, "host");
    const auto path = text_at(exception, "pathBeg");
    if (host.empty() && path.empty())
      continue;
    // An exception with host and path needs both to match. All exceptions set one variable, because
    // a line has a limited number of words.
    if (!host.empty())
      render_host_acl(out, name + "_host", "str", host);
    if (!path.empty())
      out.setting("acl " + name + "_path path -m beg --", path);
    out.line("http-request set-var(txn.edgelb_plain) bool(true) if"
             + (host.empty() ? "" : " " + name + "_host")
             + (path.empty() ? "" : " " + name + "_path"));
  }
  out.line("http-request redirect scheme https code 301 if !{ ssl_fc } "
           "!{ var(txn.edgelb_plain) -m bool }");
}

/// An expression with a star at its begin is invalid, but EdgeLB's own examples have it: any text.
std::string expression(const std::string& text) {
  return text.starts_with('*') ? "." + text : text;
}

/// `linkBackend.map`, in its own order: the first entry with only true conditions decides.
void render_map(config_text& out, const document& map) {
  struct condition {
    const char* key;
    const char* match;
    bool of_host;
  };
  static constexpr std::array<condition, 5> conditions{{
    {"hostEq", "str", true},
    {"hostReg", "reg", true},
    {"pathBeg", "beg", false},
    {"pathEnd", "end", false},
    {"pathReg", "reg", false},
  }};
  int number = 0;
  for (const auto& entry : map) {
    const auto prefix = "map" + std::to_string(number++) + "_";
    std::string needed;
    for (const auto& one : conditions) {
      auto value = text_at(entry, one.key);
      if (value.empty())
        continue;
      if (std::string_view(one.match) == "reg")
        value = expression(value);
      const auto name = prefix + one.key;
      if (one.of_host)
        render_host_acl(out, name, one.match, value);
      else
        out.setting("acl " + name + " path -m " + one.match + " --", value);
      needed += " " + name;
    }
    out.setting("use_backend", text_at(entry, "backend"), "if" + needed);
  }
}

} // namespace

void render_routing(config_text& out, const document& frontend) {
  render_redirect(out, member_at(frontend, "redirectToHttps"));
  render_map(out, member_at(member_at(frontend, "linkBackend"), "map"));
}

} // namespace dklb::edgelb
