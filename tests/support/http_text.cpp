#include "tests/support/http_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace dklb::support {
namespace {

const char* reason_phrase(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 204:
    return "No Content";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 409:
    return "Conflict";
  case 410:
    return "Gone";
  case 422:
    return "Unprocessable Entity";
  case 429:
    return "Too Many Requests";
  case 500:
    return "Internal Server Error";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return "Status";
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void split_query(std::string_view text, loopback_request& request) {
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = part.find('=');
    const auto value =
      equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    if (!part.empty())
      request.query[percent_decode(part.substr(0, equals), true)] = percent_decode(value, true);
  }
}

bool parse_request_line(std::string_view line, loopback_request& request) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first
      || !line.substr(last + 1).starts_with("HTTP/1."))
    return false;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  request.path = percent_decode(target.substr(0, mark), false);
  if (mark != std::string_view::npos)
    split_query(target.substr(mark + 1), request);
  return !request.path.empty() && request.path.front() == '/';
}

bool parse_head(std::string_view head, loopback_request& request) {
  const auto end_of_line = head.find("\r\n");
  if (!parse_request_line(head.substr(0, end_of_line), request))
    return false;
  while (end_of_line != std::string_view::npos && !head.empty()) {
    const auto next = head.find("\r\n");
    if (next == std::string_view::npos)
      break;
    head.remove_prefix(next + 2);
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return false;
    request.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }
  return true;
}

} // namespace

std::string percent_decode(std::string_view text, bool query) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size()
        && std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr
             == text.data() + i + 3) {
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(query && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string loopback_request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string{} : found->second;
}

std::string loopback_request::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string{} : found->second;
}

parse_state take_request(std::string& input, loopback_request& request) {
  const auto head_end = input.find("\r\n\r\n");
  if (head_end == std::string::npos)
    return input.size() > 65536 ? parse_state::bad : parse_state::incomplete;
  if (!parse_head(std::string_view(input).substr(0, head_end), request)
      || !request.header("transfer-encoding").empty())
    return parse_state::bad;
  std::size_t length = 0;
  const auto text = request.header("content-length");
  if (!text.empty()
      && std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{})
    return parse_state::bad;
  const auto body = head_end + 4;
  if (input.size() - body < length) {
    return request.header("expect").empty() ? parse_state::incomplete : parse_state::wants_continue;
  }
  request.body = input.substr(body, length);
  input.erase(0, body + length);
  return parse_state::complete;
}

std::string response_head(const loopback_reply& answer) {
  std::string head =
    "HTTP/1.1 " + std::to_string(answer.status) + " " + reason_phrase(answer.status) + "\r\n";
  if (answer.status != 204) {
    head += "Content-Type: " + answer.content_type
            + "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  for (const auto& [name, value] : answer.headers)
    head += name + ": " + value + "\r\n";
  return head + "\r\n";
}

std::string stream_head(int status, const std::string& content_type) {
  return "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status)
         + "\r\nContent-Type: " + content_type + "\r\nTransfer-Encoding: chunked\r\n\r\n";
}

void append_chunks(std::string& out, std::string_view bytes, std::size_t chunk_bytes) {
  const auto most = chunk_bytes == 0 ? bytes.size() : chunk_bytes;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, most);
    bytes.remove_prefix(piece.size());
    char size[20];
    const auto end = std::to_chars(std::begin(size), std::end(size), piece.size(), 16).ptr;
    out.append(size, end).append("\r\n").append(piece).append("\r\n");
  }
}

} // namespace dklb::support
