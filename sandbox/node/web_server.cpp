#include "sandbox/node/web_server.hpp"

namespace dklb::sandbox {
namespace {

using http::server::incoming;
using http::server::outgoing;

outgoing welcome(const web_settings& settings) {
  return {200, "text/html",
          "<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n"
          "<p>Pod "
            + settings.pod + " on node " + settings.node
            + ", served by the sandbox's own web server.</p>\n"};
}

outgoing echo(const web_settings& settings, const incoming& request) {
  return {200, "text/plain",
          "pod: " + settings.pod + "\nnode: " + settings.node + "\n" + request.method + " "
            + request.path + "\n" + request.body};
}

} // namespace

domain::result<web_listeners> open_web_server(const web_settings& settings) {
  web_listeners listeners;
  http::server::listener_options options;
  options.allow_post = true;
  for (const int port : settings.ports) {
    auto opened = http::server::listener::open(
      settings.address + ":" + std::to_string(port),
      [settings](const incoming& request) {
        return settings.image == "nginx" ? welcome(settings) : echo(settings, request);
      },
      options);
    if (!opened) {
      return opened.failure();
    }
    listeners.push_back(std::move(*opened));
  }
  return listeners;
}

} // namespace dklb::sandbox
