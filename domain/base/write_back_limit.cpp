#include "domain/base/write_back_limit.hpp"

namespace dklb::domain {

write_back_limit::time write_back_limit::put_back(time now) {
  if (times_ > 0 && over(now))
    *this = {};
  if (times_ > 0 && now - last_ < pause_)
    return last_ + pause_ - now;
  ++times_;
  last_ = now;
  pause_ = pauses_.next({time{1000}, longest_pause, 2.0, 0.0});
  return time{0};
}

} // namespace dklb::domain
