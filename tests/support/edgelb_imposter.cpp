#include "tests/support/edgelb_imposter.hpp"

#include "domain/document/pool_document.hpp"

#include <algorithm>

namespace dklb::support {
namespace {

constexpr std::string_view pools_path = "/v2/pools";

/// FNV-1a, so that a pool has the same addresses in every run.
std::uint32_t stable_hash(const std::string& text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

loopback_reply bytes_reply(std::string bytes) {
  return {200, "application/json", std::move(bytes), {}};
}

/// Looks for the member "name" of the outermost object and stops there.
class name_finder : public nlohmann::json_sax<pool_json> {
public:
  std::string name;

  bool null() override { return go_on(); }
  bool boolean(bool) override { return go_on(); }
  bool number_integer(number_integer_t) override { return go_on(); }
  bool number_unsigned(number_unsigned_t) override { return go_on(); }
  bool number_float(number_float_t, const string_t&) override { return go_on(); }
  bool binary(binary_t&) override { return go_on(); }
  bool string(string_t& value) override {
    if (here_)
      name = value;
    return go_on();
  }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return depth_-- > 0; }
  bool start_array(std::size_t) override { return ++depth_ > 0; }
  bool end_array() override { return depth_-- > 0; }
  bool key(string_t& value) override {
    here_ = depth_ == 1 && value == "name";
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

private:
  bool go_on() const { return !here_; }

  int depth_ = 0;
  bool here_ = false;
};

/// The name that the document of a creation claims, for the log.
std::string created_name(const loopback_request& request) {
  name_finder finder;
  pool_json::sax_parse(request.body, &finder);
  return finder.name;
}

} // namespace

edgelb_imposter::edgelb_imposter() {
  start();
}

edgelb_imposter::~edgelb_imposter() {
  shut_down();
}

request_meaning edgelb_imposter::understand(const loopback_request& request) const {
  request_meaning meaning{"get", request.path, {}};
  if (request.path == pools_path || request.path == "/v2/config") {
    meaning.resource = "pools";
    meaning.verb = request.method == "POST" ? "create" : "list";
    if (request.method == "POST")
      meaning.key = created_name(request);
    return meaning;
  }
  if (!request.path.starts_with(std::string(pools_path) + "/"))
    return meaning;
  const auto rest = request.path.substr(pools_path.size() + 1);
  const auto slash = rest.find('/');
  meaning.key = rest.substr(0, slash);
  meaning.resource = slash == std::string::npos ? "pools" : "pools" + rest.substr(slash);
  if (request.method == "PUT")
    meaning.verb = "update";
  else if (request.method == "DELETE")
    meaning.verb = "delete";
  return meaning;
}

std::optional<loopback_reply> edgelb_imposter::serve(const loopback_request& request,
                                                     const request_meaning& meaning, exchange) {
  if (request.path == "/ping")
    return loopback_reply{200, "text/plain", "pong", {}};
  if (request.path == "/version")
    return loopback_reply{200, "text/plain", "v1.7.0", {}};
  if (meaning.verb == "list" && request.method == "GET")
    return serve_list(request.path == "/v2/config");
  if (meaning.resource == "pools" && (meaning.verb == "create" || meaning.verb == "update"))
    return serve_write(request, meaning);
  if (meaning.resource == "pools" && meaning.verb == "delete") {
    if (pools_.erase(meaning.key) == 0)
      return missing(meaning.key);
    return loopback_reply{204, "", "", {}};
  }
  if (request.method == "GET" && meaning.resource.starts_with("pools"))
    return serve_read(meaning);
  return error_reply(404, "path " + request.path + " was not found");
}

loopback_reply edgelb_imposter::serve_list(bool wrapped) const {
  std::size_t size = 16;
  for (const auto& [name, entry] : pools_)
    size += entry.bytes.size() + 1;
  std::string body = wrapped ? "{\"pools\":[" : "[";
  body.reserve(size);
  bool first = true;
  for (const auto& [name, entry] : pools_) {
    if (!std::exchange(first, false))
      body += ',';
    body += entry.bytes;
  }
  body += wrapped ? "]}" : "]";
  return bytes_reply(std::move(body));
}

loopback_reply edgelb_imposter::serve_write(const loopback_request& request,
                                            const request_meaning& meaning) {
  auto document = domain::read_document(request.body);
  if (document.is_discarded())
    return error_reply(400, "the body is not JSON");
  if (auto why = refuse_pool(document); !why.empty())
    return error_reply(400, why);
  if (rule_) {
    if (const auto why = rule_(document))
      return error_reply(400, *why);
  }
  const auto name = document["name"].get<std::string>();
  const bool exists = pools_.contains(name);
  if (meaning.verb == "create" && exists)
    return error_reply(409, "pool " + name + " already exists");
  if (meaning.verb == "update" && !exists)
    return missing(meaning.key);
  if (meaning.verb == "update" && name != meaning.key)
    return error_reply(400, "the name of a pool cannot be changed");
  return bytes_reply(store(name, std::move(document)).bytes);
}

edgelb_imposter::record& edgelb_imposter::store(const std::string& name, pool_json document) {
  const auto [found, fresh] = pools_.try_emplace(name);
  auto& entry = found->second;
  if (fresh)
    entry.created = std::chrono::steady_clock::now();
  complete_pool(document, [&](const std::string& frontend) {
    auto& port = entry.ports[frontend];
    if (port == 0)
      port = next_port_++;
    return port;
  });
  entry.document = std::move(document);
  entry.bytes = entry.document.dump();
  return entry;
}

loopback_reply edgelb_imposter::serve_read(const request_meaning& meaning) const {
  const auto found = pools_.find(meaning.key);
  if (found == pools_.end())
    return missing(meaning.key);
  if (meaning.resource == "pools")
    return bytes_reply(found->second.bytes);
  if (meaning.resource == "pools/metadata")
    return serve_metadata(meaning.key);
  if (meaning.resource == "pools/lbconfig")
    return {200, "text/plain", "# pool " + meaning.key + "\n", {}};
  return error_reply(404, "path was not found");
}

loopback_reply edgelb_imposter::serve_metadata(const std::string& name) const {
  const auto& entry = pools_.at(name);
  const auto age = std::chrono::steady_clock::now() - entry.created;
  if (all_held_ || held_.contains(name) || age < metadata_delay_ || entry.document.is_null())
    return error_reply(504, "metadata of pool " + name + " is not available yet");
  if (const auto found = metadata_.find(name); found != metadata_.end())
    return bytes_reply(found->second);
  return bytes_reply(metadata_of(entry.document, instances_of(name, entry)));
}

std::vector<pool_instance> edgelb_imposter::instances_of(const std::string& name,
                                                         const record& pool) const {
  if (const auto found = instances_.find(name); found != instances_.end())
    return found->second;
  std::vector<pool_instance> out;
  const auto& count = pool.document["count"];
  const auto wanted = count.is_number_integer() ? count.get<std::uint32_t>() : 1U;
  for (std::uint32_t i = 0; i < std::min(wanted, 64U); ++i) {
    const auto host = std::to_string((stable_hash(name) + i) % 254 + 1);
    const bool outside = pool.document["role"] == "slave_public";
    out.push_back({"10.0.0." + host, outside ? "203.0.113." + host : ""});
  }
  return out;
}

loopback_reply edgelb_imposter::missing(const std::string& name) const {
  return error_reply(404, "pool " + name + " not found");
}

loopback_reply edgelb_imposter::error_reply(int status, const std::string& message) const {
  return {status, "application/json", pool_json{{"code", status}, {"message", message}}.dump(), {}};
}

void edgelb_imposter::received(const log_entry& entry) {
  if (!entry.write())
    return;
  auto& state = writes_[entry.meaning.key];
  if (state.open++ > 0)
    state.seen.overlapped = true;
  if (state.seen.count++ > 0) {
    const auto gap = entry.started - state.last_start;
    state.seen.min_gap = std::min(state.seen.min_gap.value_or(gap), gap);
  }
  state.last_start = entry.started;
}

void edgelb_imposter::ended(const log_entry& entry) {
  if (entry.write())
    --writes_[entry.meaning.key].open;
}

std::optional<pool_json> edgelb_imposter::pool(const std::string& name) const {
  const auto lock = locked();
  const auto found = pools_.find(name);
  return found == pools_.end() ? std::nullopt : std::optional(found->second.document);
}

std::vector<std::string> edgelb_imposter::pool_names() const {
  const auto lock = locked();
  std::vector<std::string> names;
  for (const auto& [name, entry] : pools_)
    names.push_back(name);
  return names;
}

std::size_t edgelb_imposter::pool_count() const {
  const auto lock = locked();
  return pools_.size();
}

void edgelb_imposter::put_pool(pool_json document) {
  const auto lock = locked();
  const auto name = document.at("name").get<std::string>();
  store(name, std::move(document));
  changed();
}

void edgelb_imposter::put_raw_pool(const std::string& name, const std::string& json_text) {
  const auto lock = locked();
  pools_[name].bytes = json_text;
  changed();
}

void edgelb_imposter::remove_pool(const std::string& name) {
  const auto lock = locked();
  pools_.erase(name);
  changed();
}

void edgelb_imposter::set_instances(const std::string& name, std::vector<pool_instance> instances) {
  const auto lock = locked();
  instances_[name] = std::move(instances);
}

void edgelb_imposter::set_metadata(const std::string& name, std::optional<std::string> json_text) {
  const auto lock = locked();
  if (json_text)
    metadata_[name] = std::move(*json_text);
  else
    metadata_.erase(name);
}

void edgelb_imposter::hold_metadata(const std::string& name) {
  const auto lock = locked();
  if (name.empty())
    all_held_ = true;
  else
    held_.insert(name);
}

void edgelb_imposter::release_metadata(const std::string& name) {
  const auto lock = locked();
  if (name.empty()) {
    all_held_ = false;
    held_.clear();
  } else {
    held_.erase(name);
  }
}

void edgelb_imposter::set_metadata_delay(std::chrono::milliseconds delay) {
  const auto lock = locked();
  metadata_delay_ = delay;
}

void edgelb_imposter::refuse_when(
  std::function<std::optional<std::string>(const pool_json&)> rule) {
  const auto lock = locked();
  rule_ = std::move(rule);
}

pool_writes edgelb_imposter::writes_to(const std::string& name) const {
  const auto lock = locked();
  const auto found = writes_.find(name);
  return found == writes_.end() ? pool_writes{} : found->second.seen;
}

std::vector<std::string> edgelb_imposter::overlapped_pools() const {
  const auto lock = locked();
  std::vector<std::string> names;
  for (const auto& [name, state] : writes_) {
    if (state.seen.overlapped)
      names.push_back(name);
  }
  return names;
}

std::vector<writer_term> edgelb_imposter::writer_terms() const {
  std::vector<writer_term> terms;
  for (const auto& entry : log()) {
    if (!entry.write())
      continue;
    if (terms.empty() || terms.back().client != entry.client)
      terms.push_back({entry.client, entry.started, entry.started, 0});
    terms.back().last = entry.finished.value_or(entry.started);
    ++terms.back().writes;
  }
  return terms;
}

} // namespace dklb::support
