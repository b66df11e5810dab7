#include "tests/support/imposter.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace dklb::support {
namespace {

/// First path segment of a labelled base URL.
constexpr std::string_view label_prefix = "/as/";

std::string take_label(loopback_request& request) {
  if (!request.path.starts_with(label_prefix))
    return {};
  const auto end = request.path.find('/', label_prefix.size());
  auto label = request.path.substr(label_prefix.size(), end - label_prefix.size());
  request.path = end == std::string::npos ? "/" : request.path.substr(end);
  request.target.erase(0, label_prefix.size() + label.size());
  return label;
}

loopback_reply html_page(const fault& what) {
  loopback_reply page;
  page.status = what.code;
  page.content_type = "text/html";
  page.body = what.text.empty() ? "<html><head><title>Bad Gateway</title></head><body>"
                                  "<h1>502 Bad Gateway</h1></body></html>"
                                : what.text;
  return page;
}

} // namespace

bool fault::matches(const loopback_request& request) const {
  return times != 0 && (method.empty() || method == request.method)
         && (path.empty() || ::fnmatch(path.c_str(), request.path.c_str(), 0) == 0)
         && (query.empty()
             || request.target.find(query, request.target.find('?')) != std::string::npos);
}

bool log_entry::write() const {
  return meaning.verb == "create" || meaning.verb == "update" || meaning.verb == "patch"
         || meaning.verb == "delete";
}

imposter::~imposter() {
  shut_down();
}

void imposter::start() {
  server_ = std::make_unique<loopback_server>(static_cast<loopback_handler&>(*this));
}

void imposter::shut_down() {
  if (server_)
    server_->stop();
}

int imposter::port() const {
  return server_->port();
}

std::string imposter::url(const std::string& client_label) const {
  const auto base = "http://127.0.0.1:" + std::to_string(port());
  return client_label.empty() ? base : base + std::string(label_prefix) + client_label;
}

std::size_t imposter::inject(fault what) {
  const auto lock = locked();
  faults_.emplace_back(next_fault_, std::move(what));
  return next_fault_++;
}

void imposter::remove_fault(std::size_t id) {
  const auto lock = locked();
  std::erase_if(faults_, [id](const auto& entry) { return entry.first == id; });
}

void imposter::clear_faults() {
  const auto lock = locked();
  faults_.clear();
}

void imposter::require_authorization(std::string value) {
  const auto lock = locked();
  authorization_ = std::move(value);
}

void imposter::go_away() {
  server_->go_away();
}

void imposter::come_back() {
  server_->come_back();
}

std::optional<fault> imposter::take_fault(const loopback_request& request) {
  for (auto entry = faults_.rbegin(); entry != faults_.rend(); ++entry) {
    if (!entry->second.matches(request))
      continue;
    if (entry->second.times > 0)
      --entry->second.times;
    return entry->second;
  }
  return std::nullopt;
}

void imposter::on_request(loopback_request request, exchange answer) {
  const auto lock = locked();
  const auto entry = std::make_shared<log_entry>();
  entry->client = take_label(request);
  entry->meaning = understand(request);
  entry->exchange_id = answer.id();
  entry->method = request.method;
  entry->target = request.target;
  entry->user_agent = request.header("user-agent");
  entry->started = std::chrono::steady_clock::now();
  if (keep_bodies_)
    entry->body = request.body;
  ++counts_[entry->meaning.verb + " " + entry->meaning.resource];
  writes_ += entry->write() ? 1U : 0U;
  if (entry->meaning.verb != "watch")
    peak_in_flight_ = std::max(peak_in_flight_, ++in_flight_);
  open_[answer.id()] = entry;
  log_.push_back(entry);
  received(*entry);

  const auto what = take_fault(request);
  if (!what) {
    if (const auto reply = serve_logged(request, *entry, answer))
      answer.reply(*reply);
  } else if (what->delay.count() == 0) {
    answer_with(*what, request, *entry, answer);
  } else {
    // Also where the client does not wait that long: a slow server does the work all the same.
    server_->after(what->delay, [this, what = *what, request = std::move(request), entry, answer] {
      const auto relock = locked();
      answer_with(what, request, *entry, answer);
      changed();
    });
  }
  changed();
}

std::optional<loopback_reply> imposter::serve_logged(const loopback_request& request,
                                                     log_entry& entry, const exchange& answer) {
  std::optional<loopback_reply> reply;
  if (!authorization_.empty() && request.header("authorization") != authorization_)
    reply = error_reply(401, "Unauthorized");
  else
    reply = serve(request, entry.meaning, answer);
  entry.status = reply ? reply->status : 200;
  return reply;
}

void imposter::answer_with(const fault& what, const loopback_request& request, log_entry& entry,
                           const exchange& answer) {
  if (what.kind == fault_kind::status || what.kind == fault_kind::html) {
    auto reply = what.kind == fault_kind::html
                   ? html_page(what)
                   : error_reply(what.code, what.text.empty() ? "injected fault" : what.text);
    if (what.retry_after)
      reply.headers.emplace_back("Retry-After", std::to_string(what.retry_after->count()));
    entry.status = reply.status;
    answer.reply(reply);
    return;
  }
  if (what.kind == fault_kind::malformed) {
    loopback_reply reply;
    reply.body = what.text.empty() ? "{\"name\": \"cut of" : what.text;
    entry.status = reply.status;
    answer.reply(reply);
    return;
  }
  if (what.kind == fault_kind::cut_before) {
    answer.cut();
    return;
  }
  if (what.kind == fault_kind::hang)
    return;
  const auto reply = serve_logged(request, entry, answer);
  if (!reply || what.kind == fault_kind::hang_after)
    return;
  if (what.kind == fault_kind::cut_after)
    answer.cut();
  else if (what.kind == fault_kind::half_body)
    answer.reply_cut_short(*reply, reply->body.size() / 2);
  else
    answer.reply(*reply);
}

void imposter::on_finished(std::uint64_t exchange_id) {
  const auto lock = locked();
  const auto found = open_.find(exchange_id);
  if (found == open_.end())
    return;
  const auto entry = found->second;
  open_.erase(found);
  entry->finished = std::chrono::steady_clock::now();
  if (entry->meaning.verb != "watch")
    --in_flight_;
  ended(*entry);
  changed();
}

std::vector<log_entry> imposter::log() const {
  const auto lock = locked();
  std::vector<log_entry> out;
  out.reserve(log_.size());
  for (const auto& entry : log_)
    out.push_back(*entry);
  return out;
}

std::vector<log_entry> imposter::log(const std::string& verb, const std::string& resource,
                                     const std::string& key) const {
  const auto lock = locked();
  std::vector<log_entry> out;
  for (const auto& entry : log_) {
    if (entry->meaning.verb == verb && entry->meaning.resource == resource
        && (key.empty() || entry->meaning.key == key))
      out.push_back(*entry);
  }
  return out;
}

std::size_t imposter::count(const std::string& verb, const std::string& resource) const {
  const auto lock = locked();
  const auto found = counts_.find(verb + " " + resource);
  return found == counts_.end() ? 0 : found->second;
}

std::size_t imposter::count(const std::string& verb, const std::string& resource,
                            const std::string& key) const {
  const auto lock = locked();
  return static_cast<std::size_t>(
    std::count_if(log_.begin(), log_.end(), [&](const entry_pointer& entry) {
      return entry->meaning.verb == verb && entry->meaning.resource == resource
             && entry->meaning.key == key;
    }));
}

std::size_t imposter::writes() const {
  const auto lock = locked();
  return writes_;
}

std::map<std::string, std::size_t> imposter::counts() const {
  const auto lock = locked();
  return counts_;
}

std::size_t imposter::peak_in_flight() const {
  const auto lock = locked();
  return peak_in_flight_;
}

void imposter::clear_log() {
  const auto lock = locked();
  // Requests that are still open stay, because they end later.
  std::erase_if(log_,
                [&](const entry_pointer& entry) { return !open_.contains(entry->exchange_id); });
  counts_.clear();
  writes_ = 0;
  peak_in_flight_ = in_flight_;
}

void imposter::keep_bodies(bool keep) {
  const auto lock = locked();
  keep_bodies_ = keep;
}

void imposter::changed() const {
  if (waiters_ > 0)
    changed_.notify_all();
}

bool imposter::wait_until(const std::function<bool()>& predicate,
                          std::chrono::milliseconds deadline) const {
  auto lock = locked();
  ++waiters_;
  const bool held = changed_.wait_for(lock, deadline, predicate);
  --waiters_;
  return held;
}

} // namespace dklb::support
