#include "domain/service/service_machine.hpp"

#include "domain/base/names.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dklb::domain {
namespace {

namespace event = service_event;
namespace effect = service_effect;
using std::chrono::milliseconds;

/// Of each size of a test alike.
int draw(int below) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, below));
}

bool is_ours(const service& object) {
  return std::ranges::find(object.finalizers, finalizer_name) != object.finalizers.end();
}

/// The rest of the world of one machine: the API server, the pools and the users. What happens next
/// is drawn; the answers come in any order.
class world {
public:
  world() {
    object_.key = {"default", "a"};
    object_.uid = "uid-0";
    object_.creation_timestamp = "2024-01-01T00:00:00Z";
    object_.type = "LoadBalancer";
    object_.ports = {{"http", "TCP", 80, 30080}};
    object_.config_annotation = "name: p";
    object_.finalizers = {finalizer_name};
    tell(event::begun{version(), true});
  }

  void happen(int what) {
    now_ += milliseconds{draw(3000)};
    switch (what) {
    case 0:
      return change();
    case 1:
      return recreate();
    case 2:
      return show();
    case 3:
    case 4:
      return answer_patch();
    case 5:
    case 6:
      return settle();
    case 7:
    case 8:
    case 9:
      return confirm_release();
    case 10:
    case 11:
      return find();
    case 12:
      return tell(
        event::timer_due{static_cast<service_timer>(draw(static_cast<int>(service_timers)))});
    case 13:
      return tell(event::pool_ended{any_pool()});
    case 14:
      return tell(event::pool_unavailable{any_pool()});
    case 15:
      return tell(event::objects_found{{holding_.begin(), holding_.end()}});
    default:
      return tell(event::gate_moved{draw(6) != 0, ""});
    }
  }
  bool over() const { return over_; }
  bool freed() const { return freed_; }

private:
  std::shared_ptr<const service> version() {
    object_.resource_version = std::to_string(++versions_);
    told_.push_back(std::make_shared<const service>(object_));
    return told_.back();
  }
  static std::string any_pool() { return *rc::gen::element<std::string>("p", "q", "r"); }

  /// A user, or another program.
  void change() {
    if (gone_)
      return;
    switch (draw(9)) {
    case 0:
    case 1:
      object_.config_annotation = "name: " + any_pool();
      break;
    case 2:
      object_.deleting = true;
      break;
    case 3:
      object_.paused = true;
      break;
    case 4:
    case 5:
      object_.paused = false;
      break;
    case 6:
    case 7:
      object_.type = object_.type == "LoadBalancer" ? "ClusterIP" : "LoadBalancer";
      break;
    default:
      object_.config_annotation = "{name: p, size: none}";
    }
    (void)version();
  }

  void recreate() {
    if (gone_) {
      gone_ = false;
      object_.uid = "uid-" + std::to_string(versions_);
      object_.deleting = false;
      object_.finalizers.clear();
      (void)version();
    } else if (object_.deleting && object_.finalizers.empty()) {
      gone_ = true;
      if (*rc::gen::arbitrary<bool>())
        tell(event::deleted{});
    }
  }

  /// The watch tells of one of the last versions, seldom out of order.
  void show() {
    if (told_.empty() || gone_)
      return;
    const auto back = static_cast<std::size_t>(draw(6) == 0);
    tell(event::seen{told_[told_.size() - 1 - std::min(back, told_.size() - 1)]});
  }

  void answer_patch() {
    if (!patch_)
      return;
    const auto sent = *std::exchange(patch_, std::nullopt);
    if (gone_ || sent.object->resource_version != object_.resource_version)
      return tell(event::patch_answered{error{error_code::conflict, "older", {}, 409}});
    if (draw(4) == 0)
      return tell(event::patch_answered{error{error_code::unavailable, "away", {}, 503}});
    object_.finalizers = sent.patch.finalizers.value_or(object_.finalizers);
    object_.pool_annotation = sent.patch.pool_annotation.value_or(object_.pool_annotation);
    freed_ = freed_ || !is_ours(object_);
    tell(event::patch_answered{version()});
  }

  void settle() {
    const auto& claim = machine_.facts().claim;
    if (!claim)
      return;
    if (*rc::gen::arbitrary<bool>())
      tell(event::claim_settled{claim, {}});
    else
      tell(event::claim_settled{claim, claim_refusal{refusal_reason::port_conflict, "taken"}});
  }

  void confirm_release() {
    if (asked_.empty())
      return;
    const auto place = draw(static_cast<int>(asked_.size()));
    const auto pool = *std::next(asked_.begin(), place);
    holding_.erase(pool);
    tell(event::released{pool});
  }

  void find() {
    if (questions_ == 0)
      return;
    --questions_;
    if (draw(3) == 0)
      return tell(event::pools_found{});
    tell(event::pools_found{std::vector<std::string>{holding_.begin(), holding_.end()}});
  }

  void tell(const event::any& what) {
    if (over_)
      return;
    const service_surroundings around{
      .settings = settings_,
      .retry_base = milliseconds{5000},
      .retry_max = milliseconds{60000},
      .address_grace = milliseconds{2000},
      .now = now_,
      .add_pools = [](service_plan_input& input) { input.suffix = [] { return name_suffix(0); }; }};
    for (const auto& one : machine_.handle(what, around))
      std::visit([this](const auto& each) { obey(each); }, one);
  }

  void obey(const effect::patch_object& one) {
    RC_ASSERT(!patch_);
    const auto frees =
      is_ours(*one.object) && one.patch.finalizers
      && std::ranges::find(*one.patch.finalizers, finalizer_name) == one.patch.finalizers->end();
    if (frees)
      RC_ASSERT(holding_.empty());
    patch_ = one;
  }
  void obey(const effect::claim_pool& one) {
    RC_ASSERT(!asked_.contains(one.claim->pool));
    holding_.insert(one.claim->pool);
  }
  void obey(const effect::release_pool& one) { asked_.insert(one.pool); }
  void obey(const effect::end_release& one) { RC_ASSERT(asked_.erase(one.pool) == 1U); }
  void obey(const effect::find_pools& /*one*/) { ++questions_; }
  void obey(const effect::quit& /*one*/) { over_ = true; }
  template <class Effect>
  void obey(const Effect& /*one*/) {}

  const service_settings settings_{.cluster = "dev/kubernetes01"};
  service_machine machine_;
  service object_; ///< as the API server has it
  std::vector<std::shared_ptr<const service>> told_;
  int versions_ = 0;
  milliseconds now_{0};
  bool gone_ = false;
  bool over_ = false;
  bool freed_ = false;
  int questions_ = 0;
  std::optional<effect::patch_object> patch_; ///< in flight
  std::set<std::string> asked_;               ///< pools that are asked for a release
  /// Pools that may hold something of it; r since before the process began.
  std::set<std::string> holding_{"r"};
};

/// In whatever order the answers come: the finalizer never goes before each pool that may hold
/// something has confirmed its release, and one patch at most is in flight (both asserted above).
RC_GTEST_PROP(ServiceMachineProperties, TheFinalizerGoesLastAndPatchesOneByOne, ()) {
  world all;
  for (auto events = 400; events > 0 && !all.over(); --events)
    all.happen(draw(17));
  RC_CLASSIFY(all.freed(), "the finalizer was taken off");
}

} // namespace
} // namespace dklb::domain
