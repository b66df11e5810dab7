#pragma once

#include "domain/service/service_effect.hpp"
#include "domain/service/service_event.hpp"
#include "domain/service/service_facts.hpp"

namespace dklb::domain {

/// Decides what is done for one Service of type LoadBalancer. It takes events one by one and
/// answers with effects; the caller carries them out, in order. It asks plan_service for the next
/// step on the newest snapshot, has one patch in flight at most, and takes the finalizer off only
/// after each pool that may hold something of the Service has confirmed its release. Lifecycle:
/// `begun` is the first event, `quit` the last effect. Not thread-safe.
class service_machine {
public:
  service_effect::list handle(const service_event::any& event, const service_surroundings& around);

  const service_facts& facts() const { return facts_; }
  /// The object that the claims are of: the newest, or the deleted one before it.
  const service& subject() const { return facts_.former ? *facts_.former : *facts_.object; }
  bool has_addresses() const { return facts_.addresses && !facts_.addresses->empty(); }

private:
  service_facts facts_;
};

} // namespace dklb::domain
