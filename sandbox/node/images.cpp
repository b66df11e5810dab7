#include "sandbox/node/images.hpp"

#include <map>

namespace dklb::sandbox {
namespace {

struct context {
  const pod& owner;
  const container& what;
  const std::string& address;
  const std::string& self;
  const std::string& folder;
};

launch redis(const context& run) {
  launch result{{"redis-server", "--bind", run.address, "--port", "6379", "--save", "", "--dir",
                 run.folder, "--protected-mode", "no"},
                {6379}};
  result.command.insert(result.command.end(), run.what.arguments.begin(), run.what.arguments.end());
  return result;
}

/// One of this program's own servers, on the container's ports, else on the usual one.
launch own_server(const context& run, const char* which, int usual_port) {
  launch result{
    {run.self, which, "--address", run.address, "--pod", run.owner.key(), "--node", run.owner.node},
    {}};
  for (const container_port& port : run.what.ports) {
    result.ports.push_back(port.number);
  }
  if (result.ports.empty()) {
    result.ports.push_back(usual_port);
  }
  for (const int port : result.ports) {
    result.command.insert(result.command.end(), {"--port", std::to_string(port)});
  }
  return result;
}

launch web_server(const context& run, int usual_port) {
  auto result = own_server(run, "web", usual_port);
  result.command.insert(result.command.end(), {"--image", image_name(run.what.image)});
  return result;
}

using launcher = launch (*)(const context&);

const std::map<std::string, launcher>& table() {
  static const std::map<std::string, launcher> images{
    {"redis", redis},
    {"nginx", [](const context& run) { return web_server(run, 80); }},
    {"echo", [](const context& run) { return web_server(run, 8080); }},
    {"echo-proxy", [](const context& run) { return own_server(run, "echo-proxy", 8080); }},
  };
  return images;
}

domain::error refusal(const std::string& message) {
  std::string known;
  for (const auto& [name, unused] : table()) {
    known += (known.empty() ? "" : ", ") + name;
  }
  return {domain::error_code::invalid,
          message + "; the sandbox runs these images as local processes: " + known,
          {},
          0};
}

} // namespace

std::string image_name(const std::string& image) {
  const std::string without_digest = image.substr(0, image.find('@'));
  const auto slash = without_digest.rfind('/');
  const std::string last =
    slash == std::string::npos ? without_digest : without_digest.substr(slash + 1);
  return last.substr(0, last.find(':'));
}

domain::result<launch> launch_of(const pod& owner, const container& what,
                                 const std::string& address, const std::string& self,
                                 const std::string& folder) {
  if (owner.has_init_containers) {
    return refusal("init containers cannot run here");
  }
  if (what.has_command) {
    return refusal("container \"" + what.name + "\" asks for a command of its own");
  }
  const auto found = table().find(image_name(what.image));
  if (found == table().end()) {
    return refusal("image \"" + what.image + "\" is not known here");
  }
  return found->second({owner, what, address, self, folder});
}

} // namespace dklb::sandbox
