#include "sandbox/edgelb/files.hpp"
#include "sandbox/edgelb/process.hpp"

#include <charconv>
#include <cstdint>
#include <sstream>

namespace dklb::sandbox::edgelb {
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

/// The value of a line of /proc/<pid>/status; empty where there is none.
std::string status_of(pid_t pid, const std::string& key) {
  const auto text = read_file(proc(pid, "status"));
  if (!text)
    return {};
  std::istringstream whole(*text);
  for (std::string line; std::getline(whole, line);) {
    if (line.rfind(key + ":", 0) == 0)
      return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  }
  return {};
}

template <class Number>
Number number_in(const std::string& text, int base) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

} // namespace

std::vector<found_process> running_processes() {
  std::vector<found_process> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto name = entry.path().filename().string();
    const auto pid = number_in<pid_t>(name, 10);
    if (pid <= 0)
      continue;
    auto command = command_of(pid);
    if (command.empty())
      continue;
    found.push_back({pid, number_in<pid_t>(status_of(pid, "PPid"), 10), std::move(command)});
  }
  return found;
}

bool handles_signal(pid_t pid, int number) {
  const auto bit = 1ULL << static_cast<unsigned>(number - 1);
  const auto caught = number_in<std::uint64_t>(status_of(pid, "SigCgt"), 16);
  const auto blocked = number_in<std::uint64_t>(status_of(pid, "SigBlk"), 16);
  return (caught & bit) != 0 && (blocked & bit) == 0;
}

} // namespace dklb::sandbox::edgelb
