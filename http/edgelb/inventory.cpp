#include "http/edgelb/client.hpp"
#include "http/edgelb/pool_reader.hpp"
#include "http/text/text.hpp"

#include <algorithm>

namespace dklb::http::edgelb {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t shown_bytes = 120;

/// Cuts the text of a JSON array into its elements without parsing them, so that one that is broken
/// does not spoil the others. `null` counts as an empty array.
class array_splitter {
public:
  explicit array_splitter(std::string_view text);

  /// The text of the next element; nothing at the end or where the text is no array.
  std::optional<std::string_view> next();
  /// True where the array was complete. Meaningful once `next` gave nothing.
  bool complete() const { return state_ == state::complete; }

private:
  enum class state { first, between, complete, broken };

  void skip_blanks();
  void skip_string();
  std::string_view take_element();
  std::optional<std::string_view> end(state how);

  std::string_view text_;
  std::size_t at_ = 0;
  state state_ = state::first;
};

array_splitter::array_splitter(std::string_view text) : text_(text) {
  skip_blanks();
  if (text_.substr(at_).rfind("null", 0) == 0) {
    at_ += 4;
    skip_blanks();
    state_ = at_ == text_.size() ? state::complete : state::broken;
  } else if (at_ == text_.size() || text_[at_] != '[') {
    state_ = state::broken;
  } else {
    ++at_;
  }
}

void array_splitter::skip_blanks() {
  at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
}

std::optional<std::string_view> array_splitter::end(state how) {
  state_ = how;
  return std::nullopt;
}

std::optional<std::string_view> array_splitter::next() {
  if (state_ == state::complete || state_ == state::broken) {
    return std::nullopt;
  }
  skip_blanks();
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
    skip_blanks();
    return end(at_ == text_.size() ? state::complete : state::broken);
  }
  if (state_ == state::between) {
    if (at_ == text_.size() || text_[at_] != ',') {
      return end(state::broken);
    }
    ++at_;
    skip_blanks();
  }
  const std::string_view element = take_element();
  if (element.empty() || at_ == text_.size()) {
    return end(state::broken);
  }
  state_ = state::between;
  return element;
}

void array_splitter::skip_string() {
  for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    if (text_[at_] == '\\') {
      ++at_;
    }
  }
}

/// Up to the comma or bracket that ends the element; strings may hold either.
std::string_view array_splitter::take_element() {
  const std::size_t begin = at_;
  std::size_t depth = 0;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      skip_string();
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
      break;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  at_ = std::min(at_, text_.size());
  return text_.substr(begin, at_ - begin);
}

} // namespace

domain::result<std::size_t> visit_pools(const std::string& body, const pool_visitor& visit) {
  array_splitter pools(body);
  json_reader reader;
  std::size_t malformed = 0;
  std::size_t seen = 0;
  while (const auto text = pools.next()) {
    if (++seen > max_pools) {
      return domain::error{domain::error_code::malformed,
                           "EdgeLB's list has more than " + std::to_string(max_pools) + " pools",
                           std::nullopt, 0};
    }
    if (text->size() > max_pool_bytes) {
      ++malformed;
      continue;
    }
    const auto document = reader.read(*text);
    auto name = document ? text_at(*document, {"name"}) : std::string{};
    if (!name.empty()) {
      visit(std::move(name), {std::string{*text}, digest(*document)});
    } else {
      ++malformed;
    }
  }
  if (!pools.complete()) {
    return domain::error{
      domain::error_code::malformed,
      "EdgeLB's list of pools is not a complete JSON array; it starts with \""
        + readable(without_markup(std::string_view(body).substr(0, 4096)), shown_bytes) + "\"",
      std::nullopt, 0};
  }
  return malformed;
}

} // namespace dklb::http::edgelb
