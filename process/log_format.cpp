#include "process/log_format.hpp"

#include "domain/text/utf8.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>

#include <string_view>
#include <utility>

namespace dklb::process {

namespace {

/// A longer line helps nobody and may be somebody's attempt to fill a disk.
constexpr std::size_t longest_line = 16U << 10U;

class message_flag final : public spdlog::custom_flag_formatter {
public:
  explicit message_flag(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const auto text =
      domain::visible({message.payload.data(), message.payload.size()}, longest_line);
    if (!json_) {
      out.append(text.data(), text.data() + text.size());
      return;
    }
    const auto quoted = nlohmann::json(text).dump(); // visible() leaves nothing but UTF-8
    out.append(quoted.data() + 1, quoted.data() + quoted.size() - 1);
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<message_flag>(json_);
  }

private:
  bool json_;
};

} // namespace

std::unique_ptr<spdlog::formatter> log_format(std::string pattern) {
  auto out = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  out->add_flag<message_flag>('v', false);
  out->add_flag<message_flag>('*', true);
  out->set_pattern(std::move(pattern));
  return out;
}

} // namespace dklb::process
