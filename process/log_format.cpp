#include "process/log_format.hpp"

#include "domain/text/utf8.hpp"
#include "process/log_fields.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>

#include <string_view>
#include <utility>

namespace dklb::process {

namespace {

/// A longer line helps nobody and may be somebody's attempt to fill a disk.
constexpr std::size_t longest_line = 16U << 10U;

/// The text for a JSON string, without the quotes.
std::string escaped(std::string_view text) {
  const auto quoted = nlohmann::json(text).dump(); // visible() leaves nothing but UTF-8
  return quoted.substr(1, quoted.size() - 2);
}

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
    const auto inside = escaped(text);
    out.append(inside.data(), inside.data() + inside.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<message_flag>(json_);
  }

private:
  bool json_;
};

/// The fields of the line, as `,"key":"value"` each.
class fields_flag final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const auto* const about = log_context::present();
    if (about == nullptr)
      return;
    std::string text;
    const auto add = [&](const char* key, std::string_view value) {
      if (!value.empty())
        text +=
          std::string{",\""} + key + "\":\"" + escaped(domain::visible(value, longest_line)) + '"';
    };
    add("service", about->service);
    add("pool", about->pool);
    add("actor", about->actor);
    add("reason", about->reason);
    if (about->attempt > 0)
      text.append(",\"attempt\":").append(std::to_string(about->attempt));
    out.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<fields_flag>();
  }
};

} // namespace

std::unique_ptr<spdlog::formatter> log_format(std::string pattern) {
  auto out = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  out->add_flag<message_flag>('v', false);
  out->add_flag<message_flag>('*', true);
  out->add_flag<fields_flag>('&');
  out->set_pattern(std::move(pattern));
  return out;
}

} // namespace dklb::process
