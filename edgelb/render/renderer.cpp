#include "edgelb/render/renderer.hpp"

#include "edgelb/pools/ports.hpp"
#include "edgelb/render/config_text.hpp"
#include "edgelb/render/raw_lines.hpp"
#include "edgelb/render/server_ids.hpp"
#include "edgelb/rules/pool_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <thread>

namespace dklb::edgelb {
namespace {

/// The text around the pool's name in the first line of a configuration.
constexpr const char* head_begin = "# Pool ";
constexpr const char* head_end = " on ";

/// HAProxy's threads: the pool's `cpus`, rounded up, at most the CPUs of this machine.
int threads_of(const document& pool) {
  const auto& cpus = member_at(pool, "cpus");
  const double wanted = cpus.is_number() ? std::ceil(cpus.get<double>()) : 1;
  const double there = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<int>(std::clamp(wanted, 1.0, there));
}

/// The descriptor limit of HAProxy, which takes 64 bytes of memory for each at its start. A
/// connection needs two descriptors, and about 42 KiB while data waits in it (two buffers of 16 KiB
/// and its state). So 24 connections fit into 1 MiB of the pool's `mem`.
std::int64_t descriptors_of(const document& pool) {
  constexpr std::int64_t for_a_mebibyte = 48;
  return std::clamp<std::int64_t>(integer_at(pool, "mem", 0) * for_a_mebibyte, 2048, 100000);
}

void render_defaults(config_text& out) {
  out.section("defaults");
  // A server that was down before a reload stays down after it.
  out.line("load-server-state-from-file global");
  out.line("retries 3");
  // A new server counts as up until its first failed check. So each retry goes to another server at
  // once, instead of waiting for the same one.
  out.line("option redispatch 1");
  out.line("option dontlognull");
  out.line("timeout connect 5s");
  out.line("timeout queue 30s");
  out.line("timeout http-request 15s");
  out.line("timeout http-keep-alive 60s");
}

/// True for the protocols HTTP and HTTPS. TLS towards a server is the option `ssl` in the
/// endpoint's miscStr, as with EdgeLB.
bool speaks_http(const document& section) {
  const auto protocol = text_at(section, "protocol");
  return protocol == "HTTP" || protocol == "HTTPS";
}

/// True if a raw line of a section sets this time-out. HAProxy warns of one that is set twice.
bool sets_timeout(const document& section, const std::string& side) {
  const auto lines = raw_lines(section);
  return std::any_of(lines.begin(), lines.end(), [&](const auto& words) {
    return words.size() > 2 && words[0] == "timeout" && words[1] == side;
  });
}

/// In TCP mode HAProxy cannot see requests, so a connection may be idle for a day. TCP keepalive
/// detects a lost peer.
void render_mode(config_text& out, const document& section, const char* side) {
  const bool is_http = speaks_http(section);
  out.line(is_http ? "mode http" : "mode tcp");
  if (!sets_timeout(section, side))
    out.line(std::string("timeout ") + side + (is_http ? " 60s" : " 24h"));
  // For upgraded connections. In TCP mode it would replace the two others.
  if (is_http && std::string_view(side) == "server" && !sets_timeout(section, "tunnel"))
    out.line("timeout tunnel 24h");
  out.line(std::string("option ") + (std::string_view(side) == "client" ? "clitcpka" : "srvtcpka"));
}

void render_binds(config_text& out, const render_input& input, const listener& what,
                  const std::string& modifier) {
  const auto port = input.ports.find(what.key);
  const int number = port == input.ports.end() ? what.port : port->second;
  for (const auto& address : what.addresses_on(input.where)) {
    auto bind = "bind " + socket_text(address, number);
    if (!modifier.empty())
      bind.append(" ").append(modifier);
    out.raw(bind);
  }
}

void render_stats(config_text& out, const render_input& input, const listener& what) {
  out.section("listen", stats_section);
  out.line("mode http");
  out.line("timeout client 60s");
  out.line("timeout server 60s");
  render_binds(out, input, what, "");
  out.line("monitor-uri /_haproxy_health_check");
  out.line("http-request redirect location /haproxy?stats if { path / }");
  out.line("stats enable");
  out.line("stats uri /haproxy?stats");
}

void render_frontend(config_text& out, const render_input& input, const document& frontend,
                     const listener& what) {
  // Another machine has the address that this frontend binds.
  if (what.addresses_on(input.where).empty())
    return;
  out.section("frontend", text_at(frontend, "name"));
  render_mode(out, frontend, "client");
  render_binds(out, input, what, text_at(frontend, "bindModifier"));
  for (const auto& line : member_at(frontend, "miscStrs"))
    out.raw(line.get<std::string>());
  render_routing(out, frontend);
  if (const auto target = text_at(member_at(frontend, "linkBackend"), "defaultBackend");
      !target.empty())
    out.setting("default_backend", target);
}

void render_check(config_text& out, const document& check) {
  if (flag_at(check, "httpchk", false)) {
    const auto options = text_at(check, "httpchkMiscStr");
    if (options.empty())
      out.line("option httpchk");
    out.phrase("option httpchk", options);
  }
  if (flag_at(check, "sslHelloChk", false))
    out.line("option ssl-hello-chk");
  out.raw(text_at(check, "miscStr"));
}

/// True if an option of the server is this word.
bool has_option(const server& what, const std::string& word) {
  const auto words = words_of(what.check_options + " " + what.options);
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// `id` is 0 if HAProxy may choose one.
void render_server(config_text& out, const server& what, bool sticky, int id) {
  const bool by_name = !is_address(what.address);
  out.refuse_control(what.address);
  auto line =
    "server " + quoted_word(what.name) + " " + quoted_word(socket_text(what.address, what.port));
  if (id != 0 && !has_option(what, "id"))
    line += " id " + std::to_string(id);
  // The C library's resolver would make HAProxy and the caller wait for DNS.
  if (by_name)
    line += " resolvers edgelb init-addr last,none";
  if (sticky)
    line += " cookie " + quoted_word(what.name);
  if (what.check)
    line += " check" + (what.check_options.empty() ? "" : " " + what.check_options);
  out.raw(what.options.empty() ? line : line + " " + what.options);
}

void render_backend(config_text& out, const document& backend, const std::vector<server>& servers) {
  out.section("backend", text_at(backend, "name"));
  render_mode(out, backend, "server");
  out.phrase("balance", text_at(backend, "balance"));
  const bool is_http = speaks_http(backend);
  const auto& sticky = member_at(member_at(backend, "rewriteHttp"), "sticky");
  const bool with_cookie = is_http && flag_at(sticky, "enabled", false);
  if (with_cookie) {
    const auto custom = text_at(sticky, "customStr");
    out.raw("cookie " + (custom.empty() ? "EDGELB insert indirect nocache" : custom));
  }
  render_check(out, member_at(backend, "customCheck"));
  if (is_http)
    render_rewrite(out, backend);
  for (const auto& line : member_at(backend, "miscStrs"))
    out.raw(line.get<std::string>());
  const auto ids =
    places_by_id(backend) ? server_ids(servers) : std::vector<int>(servers.size(), 0);
  for (std::size_t index = 0; index < servers.size(); ++index)
    render_server(out, servers[index], with_cookie, ids[index]);
}

void render_resolvers(config_text& out, const std::vector<std::vector<server>>& servers) {
  const bool needed = std::any_of(servers.begin(), servers.end(), [](const auto& of_backend) {
    return std::any_of(of_backend.begin(), of_backend.end(),
                       [](const server& one) { return !is_address(one.address); });
  });
  if (!needed)
    return;
  out.section("resolvers", "edgelb");
  out.line("parse-resolv-conf");
  // A failing DNS does not remove a server.
  for (const char* problem : {"other", "refused", "timeout"})
    out.line(std::string("hold ") + problem + " 24h");
}

void render_global(config_text& out, const render_input& input) {
  out.section("global");
  out.setting("stats socket", input.folder + "/s", "mode 600 level admin expose-fd listeners");
  out.setting("server-state-file", input.folder + "/state");
  out.line("nbthread " + std::to_string(threads_of(input.pool)));
  out.line("fd-hard-limit " + std::to_string(descriptors_of(input.pool)));
  out.line("hard-stop-after " + std::to_string(input.drain_time.count()) + "s");
}

/// The servers of each backend. Names from the hosts file are replaced by their addresses.
std::vector<std::vector<server>> servers_of(const render_input& input) {
  std::vector<std::vector<server>> servers;
  for (const auto& backend : input.pool["haproxy"]["backends"]) {
    servers.push_back(input.tasks.servers_of(backend));
    for (auto& one : servers.back()) {
      const auto known = input.hosts.find(one.address);
      if (known != input.hosts.end())
        one.address = known->second;
    }
  }
  return servers;
}

} // namespace

std::string pool_of(const rendered& configuration) {
  const auto& text = configuration.text;
  const auto start = std::string_view(head_begin).size();
  const auto end = text.find(head_end, start);
  if (text.rfind(head_begin, 0) != 0 || end == std::string::npos || end > text.find('\n'))
    return {};
  return text.substr(start, end - start);
}

domain::result<rendered> render(const render_input& input) {
  config_text out;
  render_global(out, input);
  render_defaults(out);
  const auto& haproxy = input.pool["haproxy"];
  const auto servers = servers_of(input);
  render_resolvers(out, servers);
  const auto listeners = listeners_of(input.pool); // the statistics first, then each frontend
  render_stats(out, input, listeners.front());
  for (std::size_t index = 0; index < haproxy["frontends"].size(); ++index)
    render_frontend(out, input, haproxy["frontends"][index], listeners[index + 1]);
  for (std::size_t index = 0; index < haproxy["backends"].size(); ++index)
    render_backend(out, haproxy["backends"][index], servers[index]);
  if (out.problem())
    return failure(400, *out.problem());
  const auto head = head_begin + text_at(input.pool, "name") + head_end + input.where.name()
                    + ". Written by edgelb-local; the next change overwrites it.\n";
  return rendered{head + out.text()};
}

} // namespace dklb::edgelb
