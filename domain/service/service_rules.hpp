#pragma once

#include "domain/pool/pool_claim.hpp"
#include "domain/service/configuration_object.hpp"
#include "domain/service/service_owner.hpp"

#include <string>
#include <vector>

namespace dklb::domain {

/// Everything that the Service's fields say, its ports apart, and that cannot be provisioned:
/// source ranges that cannot be read, and keys of `object` that contradict a field. Each text has
/// the key, its line in the annotation where it stands there, and the next step. Source:
/// docs/guide.md, "Fields of the Service".
std::vector<std::string> field_problems(const service_settings& settings, const service& service,
                                        const configuration_object& object);

/// What the fields ask for. Ranges that cannot be read are left out: field_problems() has them.
claimed_fields fields_of(const service& service);

/// True where the Service's ranges let in no client of the families that it serves.
bool shuts_everybody_out(const pool_claim& claim);

/// A warning that says so.
std::string shut_out_text(const service& service);

} // namespace dklb::domain
