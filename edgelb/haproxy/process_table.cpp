#include "edgelb/haproxy/files.hpp"
#include "edgelb/haproxy/process.hpp"

#include <charconv>
#include <sstream>

namespace dklb::edgelb {
namespace {

std::filesystem::path proc(pid_t pid, const char* name) {
  return std::filesystem::path("/proc") / std::to_string(pid) / name;
}

std::vector<std::string> command_of(pid_t pid) {
  const auto text = read_file(proc(pid, "cmdline"));
  std::vector<std::string> words;
  if (!text)
    return words;
  std::istringstream whole(*text);
  for (std::string word; std::getline(whole, word, '\0');)
    words.push_back(word);
  return words;
}

pid_t number_in(const std::string& text) {
  pid_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

} // namespace

std::vector<found_process> running_processes() {
  std::vector<found_process> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto name = entry.path().filename().string();
    const auto pid = number_in(name);
    if (pid <= 0)
      continue;
    auto command = command_of(pid);
    if (command.empty())
      continue;
    found.push_back({pid, std::move(command)});
  }
  return found;
}

} // namespace dklb::edgelb
