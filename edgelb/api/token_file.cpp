#include "edgelb/api/token_file.hpp"

#include "edgelb/api/document.hpp"

#include <spdlog/spdlog.h>

#include <sstream>

namespace dklb::edgelb {
namespace {

/// Compares in constant time, so that timing reveals nothing about the token.
bool equal(std::string_view left, std::string_view right) {
  if (left.size() != right.size())
    return false;
  unsigned difference = 0;
  for (std::size_t place = 0; place < left.size(); ++place)
    difference |= static_cast<unsigned>(static_cast<unsigned char>(left[place])
                                        ^ static_cast<unsigned char>(right[place]));
  return difference == 0;
}

} // namespace

std::vector<std::string> tokens_in(const std::string& text) {
  std::vector<std::string> tokens;
  std::istringstream whole(text);
  for (std::string line; std::getline(whole, line);) {
    const auto start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos)
      continue;
    tokens.push_back(line.substr(start, line.find_last_not_of(" \t\r") + 1 - start));
  }
  return tokens;
}

domain::result<std::unique_ptr<token_file>> token_file::open(const std::filesystem::path& path) {
  std::unique_ptr<token_file> made(new token_file(path));
  if (path.empty())
    return made;
  made->file_.changed();
  if (auto done = made->read(); !done)
    return done.failure();
  return made;
}

domain::result<domain::unit> token_file::read() {
  const auto text = read_file(file_.path());
  if (!text)
    return text.failure();
  auto tokens = tokens_in(*text);
  if (tokens.empty())
    return failure(400, "the token file " + file_.path().string()
                          + " holds no token: write one per line");
  tokens_ = std::move(tokens);
  return domain::unit{};
}

bool token_file::allows(std::string_view authorization) {
  const std::lock_guard lock(mutex_);
  if (file_.path().empty())
    return true;
  if (file_.changed()) {
    if (auto done = read(); !done)
      spdlog::error("{}; the tokens stay as they were", done.failure().message);
  }
  for (const std::string_view scheme : {"Bearer ", "bearer ", "token="}) {
    if (authorization.substr(0, scheme.size()) != scheme)
      continue;
    const auto given = authorization.substr(scheme.size());
    bool known = false;
    for (const auto& one : tokens_)
      known = equal(given, one) || known;
    return known;
  }
  return false;
}

} // namespace dklb::edgelb
