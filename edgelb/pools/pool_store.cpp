#include "edgelb/pools/pool_store.hpp"

#include "edgelb/haproxy/files.hpp"
#include "edgelb/pools/agents.hpp"
#include "edgelb/rules/pool_rules.hpp"

#include <algorithm>
#include <optional>

namespace dklb::edgelb {
namespace {

/// Checks the parts of a record other than the pool itself. The name of an instance becomes a
/// folder that is written and removed, so it must be a valid one.
std::optional<std::string> problem_of(const pool_record& record) {
  for (const auto& [listener, port] : record.ports) {
    if (port < 1 || port > 65535)
      return "the port of " + in_quotes(listener) + " must be from 1 to 65535";
  }
  for (const auto& one : record.instances) {
    if (!is_instance_id(one.id))
      return in_quotes(one.id) + " is no instance";
    if (!is_address(one.agent))
      return in_quotes(one.agent) + " is no agent's address";
  }
  for (const auto& id : record.draining) {
    if (!is_instance_id(id))
      return in_quotes(id) + " is no instance";
  }
  return {};
}

domain::result<pool_record> record_in(const std::filesystem::path& file) {
  const auto text = read_file(file, links::refused);
  if (!text)
    return text.failure();
  auto record = record_from(*text);
  if (record && text_at(record->pool, "name") != file.stem().string())
    return failure(500, "it is the record of the pool " + text_at(record->pool, "name")
                          + ", and must be named " + text_at(record->pool, "name") + ".json");
  return record;
}

} // namespace

std::string to_text(const pool_record& record) {
  document made;
  made["pool"] = record.pool;
  made["ports"] = record.ports;
  made["instances"] = document::array();
  for (const auto& one : record.instances)
    made["instances"].push_back({{"id", one.id}, {"agent", one.agent}});
  made["draining"] = record.draining;
  return made.dump(2) + "\n";
}

bool is_instance_id(std::string_view text) {
  return !text.empty() && text.size() <= 8
         && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

domain::result<pool_record> record_from(std::string_view text) {
  auto parsed = parse_document(text, "the record");
  if (!parsed)
    return parsed.failure();
  try {
    auto pool = accept_pool(parsed->at("pool"));
    if (!pool)
      return pool.failure();
    pool_record record;
    record.pool = std::move(*pool);
    for (const auto& [name, port] : parsed->at("ports").get_ref<const document::object_t&>()) {
      if (!is_int(port))
        return failure(500, "not a pool's record: " + in_quotes(name) + " has no port number");
      record.ports.emplace(name, port.get<int>());
    }
    for (const auto& one : parsed->at("instances"))
      record.instances.push_back(
        {one.at("id").get<std::string>(), one.at("agent").get<std::string>()});
    record.draining = parsed->at("draining").get<std::vector<std::string>>();
    if (const auto wrong = problem_of(record))
      return failure(500, "not a pool's record: " + *wrong);
    return record;
  } catch (const document::exception& problem) {
    return failure(500, std::string("not a pool's record: ") + problem.what());
  }
}

domain::result<loaded_records> pool_store::load() const {
  loaded_records found;
  std::error_code problem;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, problem)) {
    // Any other file is from a write that a crash cut short. The pool still has its older file.
    if (entry.path().extension() == ".json")
      files.push_back(entry.path());
  }
  if (problem)
    return failure(500, "cannot read " + folder_.string() + ": " + problem.message());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    auto record = record_in(file);
    if (record) {
      found.records.push_back(std::move(*record));
      continue;
    }
    const auto moved = move_into(file, damaged_);
    found.damaged.push_back({file.stem().string(), in_quotes(file.filename().string()),
                             record.failure().message,
                             moved ? in_quotes(moved->string()) : std::string{}});
  }
  return found;
}

std::set<std::string> pool_store::set_aside() const {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(damaged_, ignored)) {
    const auto file = entry.path().filename().string();
    names.insert(file.substr(0, file.find(".json")));
  }
  return names;
}

domain::result<domain::unit> pool_store::save(const pool_record& record) const {
  return write_durably(file_of(text_at(record.pool, "name")), to_text(record));
}

domain::result<domain::unit> pool_store::remove(const std::string& pool) const {
  return remove_durably(file_of(pool));
}

} // namespace dklb::edgelb
