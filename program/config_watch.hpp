#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace dklb::program {

/// Watches a file with inotify, on a thread of its own that sleeps while nothing happens. It
/// watches the file's folder for the file's name and for `..data`, the link that Kubernetes swaps
/// in a volume of a ConfigMap, and it watches the file that the name leads to. A file that cannot
/// be watched is logged; reread() still works.
class config_watch {
public:
  /// Changes that follow each other faster than this are one: a program writes a file in steps.
  static constexpr std::chrono::milliseconds settle_time{100};

  /// `changed` runs on the watch's thread, one call at a time: once at the start, for a change that
  /// came before, and then after each change and each reread().
  config_watch(std::string file, std::function<void()> changed);
  /// `changed` does not run any more when this returns.
  ~config_watch();
  config_watch(const config_watch&) = delete;
  config_watch& operator=(const config_watch&) = delete;

  /// Asks for a call of `changed` now. Any thread.
  void reread() const;

private:
  void run();
  /// Watches what the file's name leads to now. The log gets what cannot be watched.
  void follow();
  /// Takes all events. True if one of them may have changed the file.
  bool take_events() const;

  const std::string file_;
  const std::string name_; ///< within its folder
  const std::function<void()> changed_;
  int inotify_ = -1; ///< -1: nothing is watched
  int wake_ = -1;
  std::vector<int> watches_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

} // namespace dklb::program
