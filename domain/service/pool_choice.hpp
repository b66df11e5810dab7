#pragma once

#include "domain/service/service_plan.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

/// True where a pool of that name could serve the object: it is a pool's name, and where a cloud
/// provider is asked for it starts with `cloud`.
bool fits(const std::string& pool, const configuration_object& object);

/// True where dklb has to choose the pool's name: none is given, or one that does not fit.
bool needs_generated_name(const configuration_object& object);

/// The pool that the Service's own annotations name: that of the text, or else that of
/// `kubernetes.dcos.io/dklb-pool`. Nothing where neither is a pool's name.
std::optional<std::string> named_pool(const service& service, const configuration_object& object);

/// The name that was chosen for a Service whose text names no pool: what this process knows of it,
/// then the pool that holds its objects, then the annotation. The annotation counts for less
/// because a user may have edited it, or copied it with the manifest of another Service. `served`
/// says that the Service has dklb's finalizer. Nothing where no name was chosen yet.
std::optional<std::string> chosen_name(const service_plan_input& input,
                                       const configuration_object& object, bool served);

/// The pool that serves the Service although its text names another one: a name that was added
/// while dklb did not look. Nothing where the text may stand.
std::optional<std::string> pool_before_renaming(const service_plan_input& input,
                                                const configuration_object& object);

/// True where `pool` is known to be, or to have been, the Service's own: what stands in
/// `kubernetes.dcos.io/dklb-pool` is then no word of a user.
bool known_as_its_pool(const service_plan_input& input, const std::string& pool);

/// Services of this cluster with objects in one pool; null where there are none.
using pool_owners = std::shared_ptr<const std::vector<service_key>>;

/// What the owners of a pool's objects are to this Service.
pool_holders holders_among(const pool_owners& owners, const service_key& service);

/// A generated name that no pool has yet. Nothing where every candidate of many was taken.
std::optional<std::string> new_name(const configuration_object& object,
                                    const service_settings& settings,
                                    const service_plan_input& input);

} // namespace dklb::domain
