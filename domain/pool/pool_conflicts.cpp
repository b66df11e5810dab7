#include "domain/pool/pool_conflicts.hpp"

#include "domain/document/pool_bind.hpp"
#include "domain/document/pool_document.hpp"
#include "domain/document/pool_section.hpp"
#include "domain/pool/pool_refusals.hpp"
#include "domain/pool/socket_map.hpp"

#include <algorithm>
#include <memory>
#include <unordered_map>

namespace dklb::domain {

namespace {

struct candidate {
  const pool_claim* claim = nullptr;
  std::vector<bound_socket> wanted; ///< what it asks for
  std::vector<bound_socket> bound;  ///< what its frontends in the pool bind now; none where paused
  /// What a paused claim that has joined has set in the pool.
  std::unique_ptr<const pool_claim> held;
  bool joined = false;   ///< it owns an object in the pool
  bool barred = false;   ///< refused whatever the other claims become
  bool accepted = false; ///< in the present walk
  std::optional<claim_refusal> refusal;
};

bool wants(const candidate& each, const bound_socket& socket) {
  return std::ranges::any_of(each.wanted,
                             [&](const auto& wanted) { return overlap(wanted, socket); });
}

bool permits_creation(const pool_claim& claim) {
  return claim.creation.value_or(creation_strategy::if_not_present)
           == creation_strategy::if_not_present
         || (claim.creation == creation_strategy::once && !claim.had_address);
}

/// Judges the claims on one pool. Claims are candidates, by their position in age order.
class claim_judge {
public:
  claim_judge(std::string_view cluster, const pool_document* pool,
              const std::vector<const pool_claim*>& claims)
    : pool_(pool) {
    candidates_.resize(claims.size());
    for (std::size_t number = 0; number < claims.size(); ++number) {
      candidates_[number].claim = claims[number];
      numbers_.emplace(claims[number]->service, number);
    }
    if (pool_) {
      frontends_ = index_objects(cluster, *pool_, "frontends");
      backends_ = index_objects(cluster, *pool_, "backends");
    }
  }

  pool_verdict run() {
    read_claims();
    read_pool();
    settle_fixed_ports();
    walk_until_stable();
    if (!pool_ && std::none_of(candidates_.begin(), candidates_.end(), [](const candidate& each) {
          return each.accepted && permits_creation(*each.claim);
        })) {
      for (std::size_t number = 0; number < candidates_.size(); ++number) {
        const auto& claim = *candidates_[number].claim;
        if (!candidates_[number].barred && !claim.paused && !permits_creation(claim))
          bar(number, creation_forbidden(claim));
      }
      walk_until_stable();
    }
    return verdict();
  }

private:
  void read_claims() {
    for (std::size_t number = 0; number < candidates_.size(); ++number) {
      auto& each = candidates_[number];
      if (each.claim->paused)
        continue;
      each.refusal = invalid_claim(*each.claim);
      each.barred = each.refusal.has_value();
      if (is_cloud(*each.claim) || each.barred)
        continue;
      const auto where = bind_of(*each.claim);
      for (const auto& port : each.claim->ports) {
        each.wanted.push_back({where, port.bind_port});
        wanters_.add(each.wanted.back(), number);
      }
    }
  }

  /// Ports bound by what this plan does not move, and what the claims own in the pool.
  void read_pool() {
    if (!pool_)
      return;
    const auto& entries = objects(*pool_, "frontends");
    for (const auto& object : frontends_) {
      const auto& entry = entries[object.position];
      const bound_socket socket{bind_in(entry, object.owner.has_value()),
                                port_number(member(entry, "bindPort"))};
      note_user(object);
      const auto number = number_of(object);
      if (number == no_candidate)
        hold(socket,
             {.service = object.owner ? &object.owner->service : nullptr, .frontend = object.name});
      else if (candidates_[number].claim->paused)
        hold(socket, holder_of(number));
      else if (socket.port != 0)
        candidates_[number].bound.push_back(socket);
    }
    const auto linked = linked_backends(*pool_);
    for (auto& object : backends_) {
      if (left_behind(objects(*pool_, "backends")[object.position], linked))
        object.owner.reset();
      note_user(object);
    }
    for (auto& each : candidates_) {
      if (each.joined && each.claim->paused)
        each.held = std::make_unique<const pool_claim>(as_present(*pool_, *each.claim));
      if (each.joined && !first_user_)
        first_user_ = &each.claim->service;
      if (each.joined && is_cloud(*each.claim) && !dedicated_to_)
        dedicated_to_ = &each.claim->service;
    }
    // Nothing tells that a Service whose claim is not known (yet) has not got the pool for itself.
    if (!dedicated_to_ && has_cloud_provider(*pool_))
      dedicated_to_ = absent_user_;
    const auto& statistics = member(member(*pool_, "haproxy"), "stats");
    hold({bind_in(statistics, false), port_number(member(statistics, "bindPort"))},
         {.statistics = true});
  }

  std::size_t number_of(const indexed_object& object) const {
    if (!object.owner)
      return no_candidate;
    const auto found = numbers_.find(object.owner->service);
    return found == numbers_.end() ? no_candidate : found->second;
  }

  void note_user(const indexed_object& object) {
    if (const auto number = number_of(object); number != no_candidate)
      candidates_[number].joined = true;
    else if (object.owner && !absent_user_)
      absent_user_ = &object.owner->service;
    else if (!object.owner && !foreign_user_)
      foreign_user_ = object.name;
  }

  void hold(const bound_socket& socket, const port_holder& holder) {
    if (socket.port != 0)
      fixed_.add(socket, holder);
  }

  port_holder holder_of(std::size_t number) const {
    return {.candidate = number, .service = &candidates_[number].claim->service};
  }

  /// Refuses for good what wants a port that will not come free, and with it whoever wants a port
  /// that such a refused claim keeps. (The walks would come to the same, but bar one claim a walk.)
  void settle_fixed_ports() {
    hold_bound_ports([](const candidate& each, const bound_socket&) { return each.barred; });
    // Of two claims that bind one socket and want it, the older one has it.
    hold_bound_ports([this](const candidate& each, const bound_socket& socket) {
      return wants(each, socket) && fixed_.find(socket) == nullptr;
    });
    for (std::size_t number = 0; number < candidates_.size(); ++number) {
      if (candidates_[number].barred)
        continue;
      if (auto refusal = fixed_port_conflict(number))
        bar(number, std::move(*refusal));
    }
  }

  template <class Predicate>
  void hold_bound_ports(Predicate held) {
    for (std::size_t number = 0; number < candidates_.size(); ++number) {
      for (const auto& socket : candidates_[number].bound) {
        if (held(candidates_[number], socket))
          hold(socket, holder_of(number));
      }
    }
  }

  std::optional<claim_refusal> fixed_port_conflict(std::size_t number) const {
    for (const auto& socket : candidates_[number].wanted) {
      const auto* holder =
        fixed_.find(socket, [=](const port_holder& each) { return each.candidate != number; });
      if (holder != nullptr)
        return port_conflict(*candidates_[number].claim, socket.port, *holder);
    }
    return std::nullopt;
  }

  void bar(std::size_t first, claim_refusal refusal) {
    candidates_[first].barred = true;
    candidates_[first].refusal = std::move(refusal);
    std::vector<std::size_t> pending{first};
    while (!pending.empty()) {
      const auto number = pending.back();
      pending.pop_back();
      for (const auto& socket : candidates_[number].bound) {
        hold(socket, holder_of(number));
        wanters_.visit(socket, [&](std::size_t other) {
          if (other == number || candidates_[other].barred)
            return;
          candidates_[other].barred = true;
          candidates_[other].refusal =
            port_conflict(*candidates_[other].claim, socket.port, holder_of(number));
          pending.push_back(other);
        });
      }
    }
  }

  void walk_until_stable() {
    while (!walk()) {
    }
  }

  /// One walk from the oldest claim to the youngest. False where a refusal has taken a port from a
  /// claim accepted before in this walk: that one is barred then, and a new walk is needed. Each
  /// such walk bars one claim more, so they come to an end.
  bool walk() {
    taken_.clear();
    deciders_ = {};
    accepted_.clear();
    for (auto& each : candidates_)
      each.accepted = false;
    for (std::size_t number = 0; number < candidates_.size(); ++number) {
      auto& each = candidates_[number];
      if (each.held)
        deciders_.admit(*each.held);
      if (each.barred || each.claim->paused)
        continue;
      each.refusal = conflict(number);
      if (each.refusal) {
        if (!keep_ports(number))
          return false;
        continue;
      }
      each.accepted = true;
      accepted_.push_back(each.claim);
      deciders_.admit(*each.claim);
      for (const auto& socket : each.wanted)
        taken_.add(socket, number);
    }
    return true;
  }

  /// A refused claim keeps the ports that it binds now.
  bool keep_ports(std::size_t number) {
    for (const auto& socket : candidates_[number].bound) {
      const auto* loser =
        taken_.find(socket, [this](std::size_t holder) { return candidates_[holder].accepted; });
      if (loser != nullptr) {
        bar(*loser, port_conflict(*candidates_[*loser].claim, socket.port, holder_of(number)));
        return false;
      }
      taken_.add(socket, number);
    }
    return true;
  }

  std::optional<claim_refusal> conflict(std::size_t number) const {
    if (auto refusal = dedication_conflict(number))
      return refusal;
    const auto& claim = *candidates_[number].claim;
    if (auto refusal = section_conflict(pool_, deciders_, claim))
      return refusal;
    if (auto refusal = fixed_port_conflict(number))
      return refusal;
    for (const auto& socket : candidates_[number].wanted) {
      if (const auto* holder = taken_.find(socket); holder != nullptr)
        return port_conflict(claim, socket.port, holder_of(*holder));
    }
    return std::nullopt;
  }

  /// A cloud-provider pool is for one Service, and no pool in use becomes one.
  std::optional<claim_refusal> dedication_conflict(std::size_t number) const {
    const auto& each = candidates_[number];
    const auto& claim = *each.claim;
    if (deciders_.cloud_provider)
      return dedicated(claim, deciders_.cloud_provider->service);
    if (is_cloud(claim) && !accepted_.empty())
      return in_use(claim, "service " + to_string(accepted_.front()->service));
    if (each.joined || !pool_)
      return std::nullopt;
    if (!is_cloud(claim))
      return dedicated_to_ ? std::optional(dedicated(claim, *dedicated_to_)) : std::nullopt;
    if (const auto* user = first_user_ ? first_user_ : absent_user_)
      return in_use(claim, "service " + to_string(*user));
    if (foreign_user_)
      return in_use(claim, in_quotes(*foreign_user_) + ", which dklb does not manage");
    return std::nullopt;
  }

  pool_verdict verdict() {
    pool_verdict result;
    result.accepted = accepted_;
    for (auto& each : candidates_) {
      if (!each.accepted && each.refusal)
        result.refusals.emplace(each.claim->service, std::move(*each.refusal));
    }
    return result;
  }

  const pool_document* pool_;
  std::vector<candidate> candidates_;
  std::unordered_map<service_key, std::size_t> numbers_;
  std::vector<indexed_object> frontends_;
  std::vector<indexed_object> backends_;
  socket_map<port_holder> fixed_;
  socket_map<std::size_t> wanters_;           ///< candidates by what they want
  const service_key* first_user_ = nullptr;   ///< the oldest claim that owns something in the pool
  const service_key* absent_user_ = nullptr;  ///< a Service that does, without a claim
  const service_key* dedicated_to_ = nullptr; ///< the Service that has the pool for itself
  std::optional<std::string_view> foreign_user_;
  /// Of the present walk.
  socket_map<std::size_t> taken_;
  section_deciders deciders_;
  std::vector<const pool_claim*> accepted_;
};

} // namespace

pool_verdict judge_claims(std::string_view cluster, const pool_document* pool,
                          const std::vector<const pool_claim*>& claims) {
  if (const auto reason = pool ? unusable(*pool) : std::nullopt) {
    pool_verdict verdict;
    for (const auto* claim : claims)
      verdict.refusals.emplace(claim->service, uneditable(*claim, *reason));
    return verdict;
  }
  return claim_judge(cluster, pool, claims).run();
}

} // namespace dklb::domain
