#include "program/process.hpp"

#include "http/text/bounded_file.hpp"
#include "process/log_format.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <random>
#include <unistd.h>

namespace dklb::program {

domain::result<std::string> read_file(const std::string& path) {
  auto text = http::read_bounded_file(path);
  if (!text)
    text.failure().message = "cannot be read: " + text.failure().message;
  return text;
}

std::string identity() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0)
    host[0] = '\0';
  std::random_device random;
  const auto word = [&] { return static_cast<unsigned>(random()); };
  // A version 4 UUID.
  return fmt::format("{}_{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:08x}{:04x}", host.data(), word(),
                     word() & 0xffffU, word() & 0xfffU, 8U + (word() & 3U), word() & 0xfffU, word(),
                     word() & 0xffffU);
}

void adjust_log(spdlog::logger& log, const domain::log_config& settings) {
  log.set_level(spdlog::level::from_str(settings.level));
  log.set_formatter(process::log_format(settings.json ? process::json_lines : process::text_lines));
}

void set_up_log(const domain::log_config& settings) {
  auto logger =
    std::make_shared<spdlog::logger>("dklb", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  adjust_log(*logger, settings);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

} // namespace dklb::program
