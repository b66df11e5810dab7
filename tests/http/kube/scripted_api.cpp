#include "tests/http/kube/scripted_api.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <sstream>

namespace dklb::tests {
namespace {

using nlohmann::json;

api_request parse(const std::string& text) {
  api_request parsed;
  std::istringstream stream(text);
  std::string target;
  std::string line;
  stream >> parsed.method >> target;
  std::getline(stream, line);
  while (std::getline(stream, line) && line != "\r") {
    const auto colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    parsed.headers[name] = line.substr(colon + 2, line.size() - colon - 3);
  }
  parsed.body = text.substr(text.find("\r\n\r\n") + 4);
  const auto question = target.find('?');
  parsed.path = target.substr(0, question);
  std::istringstream query(question == std::string::npos ? "" : target.substr(question + 1));
  while (std::getline(query, line, '&'))
    parsed.query[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  return parsed;
}

} // namespace

scripted_api::scripted_api(std::vector<api_step> calls, std::vector<api_step> watches)
  : calls_(calls.begin(), calls.end()), watches_(watches.begin(), watches.end()),
    server_(
      std::make_unique<raw_server>([this](raw_connection& connection) { serve(connection); })) {}

scripted_api::~scripted_api() = default;

void scripted_api::serve(raw_connection& connection) {
  while (const auto text = connection.read_request()) {
    const auto request = parse(*text);
    api_step step;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      auto& script = request.is_watch() ? watches_ : calls_;
      if (!script.empty()) {
        step = std::move(script.front());
        script.pop_front();
      }
    }
    if (!step)
      step = request.is_watch() ? answer_watch({}, watch_end::hang)
                                : answer_status(500, "the script is at its end");
    step(request, connection);
  }
}

std::vector<api_request>
scripted_api::requests_that(const std::function<bool(const api_request&)>& fit) const {
  const std::lock_guard lock(mutex_);
  std::vector<api_request> found;
  std::copy_if(requests_.begin(), requests_.end(), std::back_inserter(found), fit);
  return found;
}

std::vector<api_request> scripted_api::requests() const {
  return requests_that([](const api_request&) { return true; });
}

std::vector<api_request> scripted_api::calls() const {
  return requests_that([](const api_request& request) { return !request.is_watch(); });
}

std::vector<api_request> scripted_api::watches() const {
  return requests_that([](const api_request& request) { return request.is_watch(); });
}

http::kube::client_settings scripted_api::settings() const {
  http::kube::client_settings settings;
  settings.access.where = plain_endpoint(server_->url());
  return settings;
}

json object_of(const std::string& name, const std::string& uid, const std::string& version) {
  return {{"metadata",
           {{"namespace", "default"}, {"name", name}, {"uid", uid}, {"resourceVersion", version}}}};
}

std::string event_text(const std::string& type, const json& object) {
  return json{{"type", type}, {"object", object}}.dump() + '\n';
}

std::string bookmark_text(const std::string& version, bool ends_initial_events) {
  json metadata{{"resourceVersion", version}};
  if (ends_initial_events)
    metadata["annotations"]["k8s.io/initial-events-end"] = "true";
  return event_text("BOOKMARK", {{"metadata", std::move(metadata)}});
}

json status_object(int code, const std::string& message) {
  return {{"kind", "Status"}, {"status", "Failure"}, {"code", code}, {"message", message}};
}

api_step answer_list(const std::string& version, const std::vector<json>& items,
                     const std::string& continue_token) {
  json metadata{{"resourceVersion", version}};
  if (!continue_token.empty())
    metadata["continue"] = continue_token;
  return answer_json(200, {{"kind", "ServiceList"}, {"metadata", metadata}, {"items", items}});
}

api_step answer_json(int status, const json& body, const std::string& headers) {
  return [status, text = body.dump(), headers](const api_request&, raw_connection& connection) {
    connection.reply(status, text, headers);
  };
}

api_step answer_status(int code, const std::string& message, const std::string& headers) {
  return answer_json(code, status_object(code, message), headers);
}

api_step answer_reset() {
  return [](const api_request&, raw_connection& connection) { connection.reset(); };
}

api_step answer_watch(const std::vector<std::string>& pieces, watch_end end) {
  return [pieces, end](const api_request&, raw_connection& connection) {
    write_watch_head(connection);
    for (const auto& piece : pieces)
      write_chunk(connection, piece);
    if (end == watch_end::close)
      connection.write("0\r\n\r\n");
    else if (end == watch_end::cut)
      connection.interrupt();
    connection.wait_for_end();
  };
}

void write_watch_head(const raw_connection& connection) {
  connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n");
}

void write_chunk(const raw_connection& connection, const std::string& text) {
  std::array<char, 24> size{};
  const auto length = std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  connection.write(std::string{size.data(), static_cast<std::size_t>(length)} + text + "\r\n");
}

} // namespace dklb::tests
