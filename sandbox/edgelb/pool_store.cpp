#include "sandbox/edgelb/pool_store.hpp"

#include "sandbox/edgelb/files.hpp"

#include <algorithm>

namespace dklb::sandbox::edgelb {

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

domain::result<pool_record> record_from(std::string_view text) {
  auto parsed = parse_document(text, "the record");
  if (!parsed)
    return parsed.failure();
  try {
    pool_record record;
    record.pool = parsed->at("pool");
    record.ports = parsed->at("ports").get<std::map<std::string, int>>();
    for (const auto& one : parsed->at("instances"))
      record.instances.push_back(
        {one.at("id").get<std::string>(), one.at("agent").get<std::string>()});
    record.draining = parsed->at("draining").get<std::vector<std::string>>();
    return record;
  } catch (const document::exception& problem) {
    return failure(500, std::string("not a pool's record: ") + problem.what());
  }
}

domain::result<std::vector<pool_record>> pool_store::load() const {
  std::vector<pool_record> records;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, problem)) {
    if (entry.path().extension() != ".json")
      continue; // a write that a crash cut short; its pool has the older file
    const auto text = read_file(entry.path());
    if (!text)
      return text.failure();
    auto record = record_from(*text);
    if (!record)
      return failure(500, entry.path().string() + ": " + record.failure().message
                            + "; repair it or move it away, then start again");
    records.push_back(std::move(*record));
  }
  if (problem)
    return failure(500, "cannot read " + folder_.string() + ": " + problem.message());
  std::sort(records.begin(), records.end(), [](const auto& left, const auto& right) {
    return text_at(left.pool, "name") < text_at(right.pool, "name");
  });
  return records;
}

domain::result<domain::unit> pool_store::save(const pool_record& record) const {
  return write_durably(file_of(text_at(record.pool, "name")), to_text(record));
}

domain::result<domain::unit> pool_store::remove(const std::string& pool) const {
  return remove_durably(file_of(pool));
}

} // namespace dklb::sandbox::edgelb
