#include "tests/support/child_process.hpp"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace dklb::support {
namespace {

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> out;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!more.contains(text.substr(0, text.find('='))))
      out.push_back(text);
  }
  for (const auto& [name, value] : more)
    out.emplace_back(name).append("=").append(value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become(char** arguments, char** environment, int output) {
  // The child must not outlive a test that was killed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

} // namespace

child_process::child_process(const std::vector<std::string>& command,
                             const std::string& output_file,
                             const std::map<std::string, std::string>& environment) {
  auto words = command;
  auto variables = environment_with(environment);
  auto arguments = pointers(words);
  auto values = pointers(variables);
  const int output =
    ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644); // NOLINT
  if (output < 0)
    throw std::system_error(errno, std::generic_category(), output_file);
  // Not fork: after it each page that this process writes to is a page fault, and servers in it
  // would be slow for a while. The child makes system calls and nothing else.
  const auto child = ::vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (child == 0)
    become(arguments.data(), values.data(), output); // NOLINT(clang-analyzer-unix.Vfork)
  const int why = errno;
  ::close(output);
  pid_ = child;
  if (pid_ < 0)
    throw std::system_error(why, std::generic_category(), "vfork");
}

child_process::~child_process() {
  if (running()) {
    signal(SIGKILL);
    wait(std::chrono::seconds(10));
  }
}

bool child_process::running() {
  return !wait(std::chrono::milliseconds(0));
}

void child_process::signal(int number) const {
  if (!status_)
    ::kill(pid_, number);
}

std::optional<int> child_process::wait(std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!status_) {
    int raw = 0;
    if (::waitpid(pid_, &raw, WNOHANG) == pid_) {
      status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
      break;
    }
    if (std::chrono::steady_clock::now() >= until)
      break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return status_;
}

process_usage child_process::usage() const {
  const auto base = "/proc/" + std::to_string(pid_);
  process_usage used;
  const auto stat = read_file(base + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  used.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::istringstream pages(read_file(base + "/statm"));
  double resident = 0;
  double of_files = 0;
  pages >> skipped >> resident >> of_files;
  const auto page_megabytes = static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576.0;
  used.resident_megabytes = resident * page_megabytes;
  used.file_megabytes = of_files * page_megabytes;
  return used;
}

temporary_folder::temporary_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "dklb-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string temporary_folder::write(const std::string& name, const std::string& text) const {
  auto file = path_ + "/" + name;
  // Replaced in one step, as editors and kubelet do: a reader never sees half of it.
  std::ofstream(file + ".new") << text;
  std::filesystem::rename(file + ".new", file);
  return file;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string free_listen_address() {
  static std::atomic<int> used{0};
  const auto number = static_cast<unsigned>(::getpid());
  const auto turn = static_cast<unsigned>(used++);
  std::ostringstream address;
  address << "127." << 1 + (number >> 8U) % 250 << '.' << number % 256 << '.' << 1 + turn % 250;
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.str().c_str(), &where.sin_addr);
  auto* generic = reinterpret_cast<sockaddr*>(&where);
  socklen_t length = sizeof where;
  const bool bound =
    ::bind(probe, generic, length) == 0 && ::getsockname(probe, generic, &length) == 0;
  const int why = errno;
  ::close(probe);
  if (!bound)
    throw std::system_error(why, std::generic_category(), "bind " + address.str());
  address << ':' << ntohs(where.sin_port);
  return address.str();
}

} // namespace dklb::support
