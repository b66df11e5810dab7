// A pool's machine against a model of EdgeLB: events in any order, answers of any kind.
#include "domain/pool/pool_machine.hpp"

#include "domain/base/names.hpp"
#include "domain/document/pool_document.hpp"
#include "tests/domain/support/plan_support.hpp"

#include <rapidcheck/gtest.h>

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dklb::domain::testing {
namespace {

using namespace std::chrono_literals;
using namespace pool_effects;

constexpr std::array<const char*, 4> services{"a1", "b2", "c3", "d4"};

// RC_ASSERT takes an expression apart and evaluates both sides of || and &&, so those stand in
// parentheses of their own.

/// EdgeLB, the inventory, the owners of the claims, and the actor that carries effects out.
class model {
public:
  void claim(unsigned which, unsigned port) {
    const std::string name = services.at(which % services.size());
    const auto number = static_cast<int>(8000 + 10 * (which % services.size()) + port % 3);
    standing_.insert(name);
    served_.erase(name);
    called_off_ = name;
    step(machine_->claim(std::make_shared<const pool_claim>(testing::claim(name, {number})), now_));
    called_off_.clear();
  }
  void release(unsigned which) {
    const std::string name = services.at(which % services.size());
    standing_.erase(name);
    served_.erase(name);
    awaiting_.insert(name);
    step(machine_->release(key(name), {}, false, now_));
  }
  void drift() {
    touched_ = false;
    step(machine_->drifted(now_));
  }
  void set_gate(bool open) {
    gate_ = open;
    step(machine_->gate_changed(open, now_));
  }
  /// Somebody else adds a frontend, or makes the pool by hand.
  void edit_by_hand() {
    if (!edgelb_)
      edgelb_ = pool();
    const auto name = "theirs-" + std::to_string(edits_);
    (*edgelb_)["haproxy"]["frontends"].push_back({{"name", name}, {"bindPort", 9000 + edits_}});
    ++edits_;
    touched_ = true;
    // A write that is in flight overwrites it, which nobody can help.
    if (!write_)
      theirs_.insert(name);
  }
  void delete_by_hand() {
    edgelb_.reset();
    theirs_.clear();
    touched_ = true;
  }
  void pass(milliseconds by) {
    now_ += by;
    for (auto each = timers_.begin(); each != timers_.end();) {
      if (each->first > now_) {
        ++each;
        continue;
      }
      const auto what = each->second;
      timers_.erase(each);
      step(machine_->timer_due(what.purpose, what.epoch, now_));
      each = timers_.begin();
    }
  }
  void answer(unsigned how) {
    if (std::exchange(recalling_, false)) {
      const bool tells = how % 2 == 0;
      if (tells && !edgelb_)
        step(machine_->recalled(nullptr, true, now_));
      else
        step(machine_->recalled(tells ? snapshot() : nullptr, false, now_));
    } else if (std::exchange(reading_, false)) {
      just_read_ = true;
      step(machine_->read_answered(read_outcome(how), pool_timing{}, now_, 0.5));
      just_read_ = false;
    } else if (write_) {
      auto outcome = write_outcome(*std::exchange(write_, {}), how);
      step(machine_->write_answered(std::move(outcome), pool_timing{}, now_, 0.5));
    }
  }

  /// From now on everything is answered well, until nothing is left to do. What EdgeLB refused is
  /// tried again by itself. Only what was edited by hand has to be found by the inventory.
  void settle() {
    set_gate(true);
    if (touched_)
      drift();
    for (int i = 0; i < 500 && !settled(); ++i) {
      if (in_flight())
        answer(0);
      else
        pass(1s);
    }
    RC_ASSERT(settled());
  }
  void check_settled() {
    const auto held = edgelb_ ? owners_in(cluster, *edgelb_) : std::set<service_key>{};
    std::set<service_key> wanted;
    for (const auto& name : standing_)
      wanted.insert(key(name));
    RC_ASSERT(held == wanted);
    for (const auto& name : theirs_)
      RC_ASSERT((edgelb_ && !find(*edgelb_, "frontends", name).is_null()));
    if (!standing_.empty())
      RC_ASSERT(machine_->plan_for(edgelb_).action == pool_action::none);
  }
  std::size_t writes() const { return writes_; }

private:
  bool in_flight() const { return recalling_ || reading_ || write_; }
  bool quiet() const { return !in_flight() && machine_->doing() == pool_activity::idle; }
  bool settled() const { return quiet() && served_ == standing_ && awaiting_.empty(); }
  pool_machine::snapshot_ptr snapshot() const {
    return std::make_shared<const pool_snapshot>(pool_snapshot{edgelb_->dump(), 1});
  }
  result<pool_machine::snapshot_ptr> read_outcome(unsigned how) const {
    if (how % 4 == 3)
      return error{error_code::timeout, "no answer", {}, 0};
    if (!edgelb_)
      return error{error_code::not_found, "no such pool", {}, 404};
    return snapshot();
  }
  result<pool_machine::snapshot_ptr> write_outcome(const write& what, unsigned how) {
    const bool creates = what.action == pool_action::create;
    if (how % 8 == 7)
      return error{error_code::rejected, "no", {}, 400};
    if (how % 8 == 6)
      return error{error_code::transport, "cut before it arrived", {}, 0};
    if (creates && edgelb_)
      return error{error_code::conflict, "it exists", {}, 409};
    if (!creates && !edgelb_)
      return error{error_code::not_found, "no such pool", {}, 404};
    ++writes_;
    if (what.action == pool_action::remove)
      edgelb_.reset();
    else
      edgelb_ = *what.document;
    if (how % 8 == 5)
      return error{error_code::timeout, "done, but not answered", {}, 0};
    return edgelb_ ? snapshot() : nullptr;
  }

  void step(const pool_machine::effects& effects) {
    for (const auto& each : effects)
      std::visit([this](const auto& what) { perform(what); }, each);
    if (ended_) {
      // A claim that comes later starts another actor.
      ended_ = false;
      timers_.clear();
      machine_.emplace(settings_, nullptr, gate_);
    }
    while (!questions_.empty()) {
      const auto [claim, words] = questions_.front();
      questions_.pop_front();
      step(machine_->users_found(claim, words, {}, now_));
    }
  }
  void perform(const recall&) {
    RC_ASSERT(!in_flight());
    recalling_ = true;
  }
  void perform(const pool_effects::read&) {
    RC_ASSERT(!in_flight());
    reading_ = true;
  }
  void perform(const write& what) {
    RC_ASSERT(!in_flight());
    RC_ASSERT(gate_);
    RC_ASSERT((what.action == pool_action::create || just_read_));
    write_ = what;
  }
  void perform(const confirm_release& what) {
    const auto& name = what.service.name;
    RC_ASSERT(awaiting_.erase(name) == 1);
    const bool gone = !edgelb_ || !owners_in(cluster, *edgelb_).contains(what.service);
    RC_ASSERT((gone || called_off_ == name));
  }
  void perform(const settle_claim& what) {
    const auto& name = what.claim->service.name;
    if (what.refusal)
      served_.erase(name);
    else
      served_.insert(name);
  }
  void perform(const find_port_users& what) { questions_.push_back(what); }
  void perform(const arm_timer& what) {
    RC_ASSERT(what.delay > 0ms);
    timers_.emplace(now_ + what.delay, what);
    RC_ASSERT(timers_.size() < 20);
  }
  void perform(const quit&) {
    RC_ASSERT(!in_flight());
    RC_ASSERT((standing_.empty() && awaiting_.empty()));
    ended_ = true;
  }
  template <class Told>
  void perform(const Told&) {}

  std::shared_ptr<const pool_settings> settings_ =
    std::make_shared<const pool_settings>(mesos_mode());
  bool gate_ = true;
  std::optional<pool_machine> machine_{std::in_place, settings_, nullptr, true};
  milliseconds now_{1000000};
  std::optional<pool_document> edgelb_;
  int edits_ = 0;
  std::size_t writes_ = 0;
  bool recalling_ = false;
  bool reading_ = false;
  bool just_read_ = false; ///< this step is the answer to a read
  std::optional<write> write_;
  bool ended_ = false;
  bool touched_ = false; ///< by hand, and no drift was reported since
  std::multimap<milliseconds, arm_timer> timers_;
  std::list<find_port_users> questions_;
  std::set<std::string> standing_;
  std::set<std::string> served_;
  std::set<std::string> awaiting_; ///< releases that are not confirmed
  std::string called_off_;         ///< the claim that is made in this step
  std::set<std::string> theirs_;
};

/// Half of all moves are answers, so that rounds come to their end.
void move(model& world, std::uint8_t what, std::uint8_t how) {
  switch (what % 16) {
  case 0:
  case 1:
  case 2:
    return world.claim(how, how / 4U);
  case 3:
  case 4:
    return world.release(how);
  case 5:
    return how % 4 == 0 ? world.delete_by_hand() : world.edit_by_hand();
  case 6:
    return how % 4 == 0 ? world.drift() : world.set_gate(how % 4 != 1);
  case 7:
  case 8:
    return world.pass(milliseconds{1U << (how % 16)});
  default:
    return world.answer(how);
  }
}

RC_GTEST_PROP(PoolMachineModel, EndsAsItsClaimsSayWhateverCameInWhateverOrder,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& moves)) {
  model world;
  for (const auto& [what, how] : moves)
    move(world, what, how);
  world.settle();
  world.check_settled();
  const auto writes = world.writes();
  world.settle();
  RC_ASSERT(world.writes() == writes);
}

} // namespace
} // namespace dklb::domain::testing
