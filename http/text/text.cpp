#include "http/text/text.hpp"

#include "domain/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace dklb::http {

namespace {

constexpr std::size_t longest_page = 64U << 10U;

bool is_blank(unsigned char c) {
  return c <= ' ' || c == 0x7F;
}

/// Case-insensitive `text.find(word, from)`; `word` in lower case.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
  };
  if (from > text.size()) {
    return std::string_view::npos;
  }
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(from);
  const auto found = std::search(begin, text.end(), word.begin(), word.end(), same);
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return find_word(text.substr(0, word.size()), word, 0) == 0;
}

/// Where the tag, comment or hidden element that starts at `at` ends.
std::size_t end_of_tag(std::string_view text, std::size_t at, bool skip_head) {
  const std::string_view rest = text.substr(at);
  if (rest.rfind("<!--", 0) == 0) {
    const auto end = text.find("-->", at);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"<head>", "</head>"},
        {"<head ", "</head>"},
        {"<script", "</script>"},
        {"<style", "</style>"}}) {
    const bool hidden = starts_with_word(rest, open) && (skip_head || close != "</head>");
    if (hidden) {
      const auto end = find_word(text, close, at);
      return end == std::string_view::npos ? text.size() : end + close.size();
    }
  }
  const auto end = text.find('>', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string decoded_entities(std::string text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> entities = {
    {{"&lt;", "<"},
     {"&gt;", ">"},
     {"&quot;", "\""},
     {"&#39;", "'"},
     {"&apos;", "'"},
     {"&nbsp;", " "},
     {"&amp;", "&"}}};
  for (const auto& [entity, character] : entities) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
      text.replace(at, entity.size(), character);
    }
  }
  return text;
}

std::string strip(std::string_view text, bool skip_head) {
  std::string seen;
  for (std::size_t at = 0; at < text.size();) {
    const bool tag = text[at] == '<' && at + 1 < text.size()
                     && (std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0
                         || text[at + 1] == '/' || text[at + 1] == '!' || text[at + 1] == '?');
    if (tag) {
      at = end_of_tag(text, at, skip_head);
      seen += ' ';
    } else {
      seen += text[at++];
    }
  }
  return decoded_entities(std::move(seen));
}

} // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = domain::utf8_sequence(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string readable(std::string_view text, std::size_t limit) {
  constexpr std::string_view ellipsis = "...";
  std::string line;
  std::size_t fits = 0; // how much of the line leaves room for the ellipsis
  while (!text.empty()) {
    const std::size_t length = domain::utf8_sequence(text);
    const auto sequence = text.substr(0, length);
    if (sequence == " " || (length > 0 && domain::steers_terminal(sequence))) {
      if (!line.empty() && line.back() != ' ') {
        line += ' ';
      }
    } else {
      line += length == 0 ? std::string_view("?") : sequence;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
    if (line.size() + ellipsis.size() <= limit) {
      fits = line.size();
    }
    if (line.size() > limit) {
      line.resize(fits);
      return line.append(ellipsis);
    }
  }
  if (!line.empty() && line.back() == ' ') {
    line.pop_back();
  }
  return line;
}

std::string without_markup(std::string_view text) {
  text = text.substr(0, longest_page);
  const bool html = find_word(text.substr(0, 1024), "<html", 0) != std::string_view::npos
                    || find_word(text.substr(0, 1024), "<!doctype", 0) != std::string_view::npos;
  if (!html) {
    return std::string(text);
  }
  std::string body = strip(text, true);
  const bool nothing = std::all_of(body.begin(), body.end(),
                                   [](char c) { return is_blank(static_cast<unsigned char>(c)); });
  return nothing ? strip(text, false) : body;
}

std::string without_secret(std::string text, std::string_view secret) {
  constexpr std::string_view mask = "***";
  if (secret.empty()) {
    return text;
  }
  for (auto at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + mask.size())) {
    text.replace(at, secret.size(), mask);
  }
  return text;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z')
                       || (byte >= 'A' && byte <= 'Z')
                       || std::string_view("-._~").find(character) != std::string_view::npos;
    if (plain) {
      encoded += character;
    } else {
      encoded += '%';
      encoded += digits[byte >> 4U];
      encoded += digits[byte & 0x0FU];
    }
  }
  return encoded;
}

} // namespace dklb::http
