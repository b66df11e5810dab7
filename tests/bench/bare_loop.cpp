#include "tests/bench/bare_loop.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>
#include <memory>
#include <stdexcept>
#include <thread>

namespace dklb::bench {
namespace {

using clock = std::chrono::steady_clock;

std::size_t drop_body(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

double thread_cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// Where a chain stands.
struct cursor {
  const bare_chain* chain = nullptr;
  std::size_t step = 0;
};

/// An easy handle that is used again and again.
struct slot {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::string content_type;
  std::size_t group = 0;
  cursor current;
};

class loop {
public:
  explicit loop(const std::vector<std::size_t>& limits) : waiting_(limits.size()) {
    multi_ = ::curl_multi_init();
    for (std::size_t group = 0; group < limits.size(); ++group) {
      for (std::size_t i = 0; i < limits[group]; ++i)
        add_slot(group);
    }
  }
  ~loop() {
    for (auto* stream : streams_) {
      ::curl_multi_remove_handle(multi_, stream);
      ::curl_easy_cleanup(stream);
    }
    for (auto& entry : slots_) {
      ::curl_easy_cleanup(entry->easy);
      ::curl_slist_free_all(entry->headers);
    }
    ::curl_multi_cleanup(multi_);
  }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Receives what this URL tells until the loop is destroyed.
  void open_stream(const std::string& url) {
    auto* stream = ::curl_easy_init();
    ::curl_easy_setopt(stream, CURLOPT_WRITEFUNCTION, drop_body);
    ::curl_easy_setopt(stream, CURLOPT_URL, url.c_str());
    ::curl_multi_add_handle(multi_, stream);
    streams_.push_back(stream);
  }

  bare_outcome run(const std::vector<bare_chain>& chains) {
    const auto start = clock::now();
    const auto used = thread_cpu_seconds();
    for (const auto& chain : chains) {
      outcome_.requests += chain.size();
      if (!chain.empty())
        waiting_[chain.front().group].push_back({&chain, 0});
    }
    while (done_ < outcome_.requests) {
      start_waiting();
      int running = 0;
      ::curl_multi_perform(multi_, &running);
      if (!take_finished() && done_ < outcome_.requests)
        ::curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    outcome_.seconds = std::chrono::duration<double>(clock::now() - start).count();
    outcome_.cpu_seconds = thread_cpu_seconds() - used;
    return outcome_;
  }

private:
  void add_slot(std::size_t group) {
    auto entry = std::make_unique<slot>();
    entry->easy = ::curl_easy_init();
    entry->group = group;
    ::curl_easy_setopt(entry->easy, CURLOPT_WRITEFUNCTION, drop_body);
    ::curl_easy_setopt(entry->easy, CURLOPT_PRIVATE, entry.get());
    ::curl_easy_setopt(entry->easy, CURLOPT_TCP_NODELAY, 1L);
    free_.push_back(entry.get());
    slots_.push_back(std::move(entry));
  }

  void start_waiting() {
    std::erase_if(free_, [this](slot* entry) {
      auto& queue = waiting_[entry->group];
      if (queue.empty())
        return false;
      entry->current = queue.front();
      queue.pop_front();
      start(*entry);
      return true;
    });
  }

  void start(slot& entry) {
    const auto& what = (*entry.current.chain)[entry.current.step];
    auto* easy = entry.easy;
    ::curl_easy_setopt(easy, CURLOPT_URL, what.url.c_str());
    if (what.method == "GET") {
      ::curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
      ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, nullptr);
    } else {
      ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, what.body.c_str());
      ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(what.body.size()));
      ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
    }
    if (entry.content_type != what.content_type) {
      ::curl_slist_free_all(entry.headers);
      entry.content_type = what.content_type;
      entry.headers = ::curl_slist_append(nullptr, ("Content-Type: " + what.content_type).c_str());
      ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, entry.headers);
    }
    ::curl_multi_add_handle(multi_, easy);
  }

  bool take_finished() {
    bool any = false;
    int left = 0;
    while (const auto* message = ::curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      any = true;
      auto* easy = message->easy_handle;
      if (std::find(streams_.begin(), streams_.end(), easy) != streams_.end()) {
        ++outcome_.failures;
        continue;
      }
      long status = 0;
      ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      if (message->data.result != CURLE_OK || status < 200 || status > 299)
        ++outcome_.failures;
      ::curl_multi_remove_handle(multi_, easy);
      char* owner = nullptr;
      ::curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
      finish(*reinterpret_cast<slot*>(owner));
    }
    return any;
  }

  void finish(slot& entry) {
    ++done_;
    auto next = entry.current;
    if (++next.step < next.chain->size())
      waiting_[(*next.chain)[next.step].group].push_back(next);
    free_.push_back(&entry);
  }

  CURLM* multi_ = nullptr;
  std::vector<std::unique_ptr<slot>> slots_;
  std::vector<slot*> free_;
  std::vector<CURL*> streams_;
  std::vector<std::deque<cursor>> waiting_;
  bare_outcome outcome_;
  std::size_t done_ = 0;
};

} // namespace

bare_outcome run_bare_loop(const std::vector<bare_chain>& chains,
                           const std::vector<std::size_t>& limits,
                           const std::vector<std::string>& streams) {
  loop client(limits);
  for (const auto& url : streams)
    client.open_stream(url);
  return client.run(chains);
}

std::vector<double> idle_round_trips(const std::string& url, std::size_t count) {
  std::vector<double> seconds;
  loop client({1});
  const std::vector<bare_chain> once{{{0, "GET", url, "", ""}}};
  for (std::size_t i = 0; i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const auto start = clock::now();
    client.run(once);
    seconds.push_back(std::chrono::duration<double>(clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

} // namespace dklb::bench
