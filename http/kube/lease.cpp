#include "http/kube/lease.hpp"

#include "http/kube/timestamp.hpp"

#include <utility>

namespace dklb::http::kube {
namespace {

using nlohmann::json;

domain::error malformed_lease(const std::string& what) {
  return {domain::error_code::malformed, "Lease: " + what, {}, 0};
}

/// A time in the spec; `false` where it is there and wrong.
bool read_time(const json& spec, const char* name, micro_time& time) {
  const auto member = spec.find(name);
  if (member == spec.end() || member->is_null())
    return true;
  if (!member->is_string())
    return false;
  const auto parsed = parse_time(member->get_ref<const std::string&>());
  if (parsed)
    time = *parsed;
  return parsed.has_value();
}

/// A number in the spec; `false` where it is there and wrong.
bool read_number(const json& spec, const char* name, std::int64_t& number) {
  const auto member = spec.find(name);
  if (member == spec.end() || member->is_null())
    return true;
  if (!member->is_number_integer())
    return false;
  number = member->get<std::int64_t>();
  return true;
}

} // namespace

domain::result<domain::lease_record> decode_lease(const json& object) {
  if (!object.is_object() || !object.value("metadata", json()).is_object())
    return malformed_lease("no object with metadata");
  domain::lease_record record;
  const auto& metadata = object.at("metadata");
  if (const auto version = metadata.find("resourceVersion");
      version != metadata.end() && version->is_string())
    record.version = version->get<std::string>();
  record.duration = std::chrono::seconds{0};
  const auto spec = object.value("spec", json::object());
  if (spec.is_null())
    return record;
  if (!spec.is_object())
    return malformed_lease("spec is no object");
  if (const auto holder = spec.find("holderIdentity"); holder != spec.end() && !holder->is_null()) {
    if (!holder->is_string())
      return malformed_lease("spec.holderIdentity is no string");
    record.holder = holder->get<std::string>();
  }
  std::int64_t duration = 0;
  if (!read_number(spec, "leaseDurationSeconds", duration))
    return malformed_lease("spec.leaseDurationSeconds is no integer");
  record.duration = std::chrono::seconds{duration};
  if (!read_number(spec, "leaseTransitions", record.transitions))
    return malformed_lease("spec.leaseTransitions is no integer");
  if (!read_time(spec, "acquireTime", record.acquired))
    return malformed_lease("spec.acquireTime is no RFC 3339 time");
  if (!read_time(spec, "renewTime", record.renewed))
    return malformed_lease("spec.renewTime is no RFC 3339 time");
  return record;
}

json encode_lease(json document, const std::string& name_space, const std::string& name,
                  const domain::lease_record& record) {
  document["apiVersion"] = "coordination.k8s.io/v1";
  document["kind"] = "Lease";
  auto& metadata = document["metadata"];
  metadata["namespace"] = name_space;
  metadata["name"] = name;
  metadata.erase("managedFields");
  if (record.version.empty())
    metadata.erase("resourceVersion");
  else
    metadata["resourceVersion"] = record.version;
  auto& spec = document["spec"];
  spec["holderIdentity"] = record.holder;
  spec["leaseDurationSeconds"] = record.duration.count();
  spec["acquireTime"] = format_micro_time(record.acquired);
  spec["renewTime"] = format_micro_time(record.renewed);
  spec["leaseTransitions"] = record.transitions;
  return document;
}

std::string lease_store::collection() const {
  return "/apis/coordination.k8s.io/v1/namespaces/" + name_space_ + "/leases";
}

void lease_store::get(reply<std::optional<domain::lease_record>> done) {
  using answer = std::optional<domain::lease_record>;
  call what;
  what.path = collection() + '/' + name_;
  what.timeout = timeout_;
  what.retries = 0;
  client_->request(
    what, [self = shared_from_this(), done = std::move(done)](domain::result<json> object) {
      if (!object && object.failure().code == domain::error_code::not_found) {
        self->document_ = nullptr;
        return done(answer{});
      }
      if (!object)
        return done(std::move(object.failure()));
      auto record = decode_lease(*object);
      if (!record)
        return done(std::move(record.failure()));
      self->document_ = std::move(*object);
      done(answer{std::move(*record)});
    });
}

void lease_store::create(const domain::lease_record& record, reply<domain::lease_record> done) {
  auto fresh = record;
  fresh.version.clear();
  write("POST", collection(), encode_lease(nullptr, name_space_, name_, fresh), std::move(done));
}

void lease_store::update(const domain::lease_record& record, reply<domain::lease_record> done) {
  write("PUT", collection() + '/' + name_, encode_lease(document_, name_space_, name_, record),
        std::move(done));
}

void lease_store::write(const char* method, std::string path, json body,
                        reply<domain::lease_record> done) {
  call what;
  what.method = method;
  what.path = std::move(path);
  what.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  what.timeout = timeout_;
  what.guarded = false; // it is what leadership comes from
  what.retries = 0;
  client_->request(std::move(what), [self = shared_from_this(),
                                     done = std::move(done)](domain::result<json> object) {
    if (!object)
      return done(std::move(object.failure()));
    auto record = decode_lease(*object);
    if (record)
      self->document_ = std::move(*object);
    done(std::move(record));
  });
}

} // namespace dklb::http::kube
