#include "tests/http/kube/temporary_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace dklb::tests {

namespace fs = std::filesystem;

temporary_directory::temporary_directory() {
  std::string name = (fs::temp_directory_path() / "dklb-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no temporary directory can be made");
  path_ = name;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string temporary_directory::write(const std::string& name, const std::string& text) const {
  const auto file = path(name);
  fs::create_directories(fs::path(file).parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

std::string temporary_directory::write_program(const std::string& name,
                                               const std::string& script) const {
  const auto file = write(name, "#!/bin/sh\n" + script);
  fs::permissions(file, fs::perms::owner_all);
  return file;
}

bool temporary_directory::exists(const std::string& name) const {
  return fs::exists(path(name));
}

std::string temporary_directory::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace dklb::tests
