#pragma once

#include "domain/cluster/leader_lease.hpp"
#include "http/kube/client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace dklb::http::kube {

/// The record in a coordination.k8s.io/v1 Lease. Absent fields are empty; a field of the wrong type
/// is a `malformed` error that names it.
domain::result<domain::lease_record> decode_lease(const nlohmann::json& object);

/// `document` (null: a new object) with the record in its spec, times as MicroTime; whatever else
/// stands in it is kept.
nlohmann::json encode_lease(nlohmann::json document, const std::string& name_space,
                            const std::string& name, const domain::lease_record& record);

/// Reads and writes one Lease. Its requests are never repeated by themselves, and go first: an
/// elector has its own retry period. Give it a client over an engine of its own, so that a renewal
/// never shares a connection with the traffic it guards. Replies come on that engine's thread; one
/// request at a time.
/// Source: docs/kubernetes.md, "Leadership".
class lease_store : public std::enable_shared_from_this<lease_store> {
public:
  lease_store(std::shared_ptr<client> client, std::string name_space, std::string name,
              std::chrono::milliseconds timeout)
    : client_(std::move(client)), name_space_(std::move(name_space)), name_(std::move(name)),
      timeout_(timeout) {}

  /// The record, or nothing where there is no such Lease.
  void get(reply<std::optional<domain::lease_record>> done);
  /// Creates it; `conflict` where somebody was faster.
  void create(const domain::lease_record& record, reply<domain::lease_record> done);
  /// Replaces it if it still has the record's version, else `conflict`.
  void update(const domain::lease_record& record, reply<domain::lease_record> done);

private:
  void write(const char* method, std::string path, nlohmann::json body,
             reply<domain::lease_record> done);
  std::string collection() const;

  std::shared_ptr<client> client_;
  std::string name_space_;
  std::string name_;
  std::chrono::milliseconds timeout_;
  nlohmann::json document_; ///< as last seen, for what is not ours in it
};

} // namespace dklb::http::kube
