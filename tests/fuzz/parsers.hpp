#pragma once

#include <string_view>

namespace dklb::fuzz {

/// The annotation `kubernetes.dcos.io/dklb-config`: what was read, written and read again is the
/// same.
void fuzz_annotation(std::string_view input);
/// The configuration file.
void fuzz_configuration(std::string_view input);
/// A watch stream. The first byte says how large the pieces are in which the network brings it.
void fuzz_watch(std::string_view input);
/// A list of Services or nodes.
void fuzz_list(std::string_view input);
/// Bodies of EdgeLB that hold pools: the list, one pool, and a plan over it.
void fuzz_edgelb_pools(std::string_view input);
/// A pool's metadata, down to the addresses of a Service.
void fuzz_edgelb_metadata(std::string_view input);
/// The body of a call of the webhook, down to the answer.
void fuzz_admission(std::string_view input);
/// A kubeconfig.
void fuzz_kubeconfig(std::string_view input);
/// What an exec plugin prints, a service account's secret, and the tokens that are given out.
void fuzz_credentials(std::string_view input);
/// Bytes on a connection of the introspection server: request line, headers, body.
void fuzz_http_request(std::string_view input);
/// A page of introspection, or a list of Events, down to the texts of `kubectl dklb`.
void fuzz_introspection_page(std::string_view input);
/// The page of an instance's exporter, merged with that of another one.
void fuzz_exporter_page(std::string_view input);
/// A pool as edgelb-local takes it, down to HAProxy's configuration.
void fuzz_local_pool(std::string_view input);
/// A file of edgelb-local's state folder.
void fuzz_local_record(std::string_view input);

} // namespace dklb::fuzz
