#include "http/edgelb/client.hpp"

#include "http/edgelb/caller.hpp"
#include "http/edgelb/metadata_reader.hpp"
#include "http/edgelb/pool_reader.hpp"
#include "http/text/text.hpp"

#include <algorithm>
#include <cctype>

namespace dklb::http::edgelb {

namespace {

using domain::error;
using domain::error_code;
using domain::pool_document;

constexpr std::size_t max_inventory_bytes = 64U << 20U;
constexpr std::size_t max_metadata_bytes = 4U << 20U;
constexpr std::size_t shown_bytes = 120;

error unexpected(const response& answer) {
  const std::string seen = readable(without_markup(answer.body), shown_bytes);
  return {error_code::malformed,
          "EdgeLB was expected to answer with a JSON object, but the answer is "
            + (seen.empty() ? "empty" : "\"" + seen + "\""),
          std::nullopt, answer.status};
}

/// Hands the body of a successful answer on.
completion with_body(reply<std::string> done) {
  return [done = std::move(done)](response_result answer) {
    if (answer) {
      done(std::move(answer->body));
    } else {
      done(std::move(answer.failure()));
    }
  };
}

/// Hands on what `parse` makes of the body of a successful answer; `malformed` where that is
/// nothing.
template <class T, class Parse>
completion with_parsed(reply<T> done, Parse parse) {
  return [done = std::move(done), parse = std::move(parse)](response_result answer) {
    if (!answer) {
      done(std::move(answer.failure()));
      return;
    }
    if (auto parsed = parse(answer->body)) {
      done(std::move(*parsed));
    } else {
      done(unexpected(*answer));
    }
  };
}

/// The pool that an answer tells.
completion with_pool(reply<domain::pool_snapshot> done) {
  return with_parsed(std::move(done), read_pool);
}

/// Servers answer a second creation with 409, or with another status and these words.
error as_creation_error(error failure) {
  std::string words = failure.message;
  std::transform(words.begin(), words.end(), words.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (failure.http_status >= 400 && words.find("already exists") != std::string::npos) {
    failure.code = error_code::conflict;
  }
  return failure;
}

request read_of(std::string path, priority order = priority::normal,
                std::size_t limit = max_pool_bytes) {
  request what;
  what.path = std::move(path);
  what.priority = order;
  what.max_response_bytes = limit;
  return what;
}

request write_of(std::string method, std::string path) {
  request what;
  what.method = std::move(method);
  what.path = std::move(path);
  what.max_response_bytes = max_pool_bytes;
  return what;
}

/// A write with a document, or why it cannot be sent.
domain::result<request> write_of(std::string method, std::string path,
                                 const pool_document& document) {
  request what = write_of(std::move(method), std::move(path));
  what.headers.emplace_back("Content-Type", "application/json");
  try {
    what.body = document.dump();
  } catch (const std::exception&) {
    return error{error_code::invalid, "the pool's document holds text that is not UTF-8",
                 std::nullopt, 0};
  }
  return what;
}

std::string pool_path(const std::string& name) {
  return "/v2/pools/" + percent_encoded(name);
}

} // namespace

class client::implementation {
public:
  implementation(http::engine& engine, client_settings settings)
    : edgelb(std::make_shared<caller>(engine, std::move(settings))) {}

  /// Sends a request about one pool; without a name it would be about the whole collection.
  void call_about(const std::string& name, domain::result<request> what, completion done) {
    if (name.empty()) {
      what =
        error{error_code::invalid, "a pool without a name cannot be addressed", std::nullopt, 0};
    }
    if (what) {
      edgelb->call(std::move(*what), std::move(done));
      return;
    }
    const auto kept = std::make_shared<completion>(std::move(done));
    auto fail = [kept, failure = std::move(what.failure())] { (*kept)(failure); };
    if (!edgelb->host().post(fail)) {
      fail();
    }
  }

  const std::shared_ptr<caller> edgelb;
};

client::client(http::engine& engine, client_settings settings)
  : implementation_(std::make_shared<implementation>(engine, std::move(settings))) {}

client::~client() = default;

void client::change(std::chrono::milliseconds timeout, std::size_t max_in_flight) {
  implementation_->edgelb->change(timeout, max_in_flight);
}

void client::read_inventory(reply<std::string> done) {
  implementation_->edgelb->call(read_of("/v2/pools", priority::low, max_inventory_bytes),
                                with_body(std::move(done)));
}

void client::get_pool(const std::string& name, reply<domain::pool_snapshot> done) {
  implementation_->call_about(name, read_of(pool_path(name)), with_pool(std::move(done)));
}

void client::create_pool(const pool_document& document, reply<domain::pool_snapshot> done) {
  auto finish = with_pool([done = std::move(done)](auto answer) {
    if (answer) {
      done(std::move(answer));
    } else {
      done(as_creation_error(std::move(answer.failure())));
    }
  });
  implementation_->call_about("new", write_of("POST", "/v2/pools", document), std::move(finish));
}

void client::replace_pool(const std::string& name, const pool_document& document,
                          reply<domain::pool_snapshot> done) {
  implementation_->call_about(name, write_of("PUT", pool_path(name), document),
                              with_pool(std::move(done)));
}

void client::delete_pool(const std::string& name, reply<domain::unit> done) {
  implementation_->call_about(
    name, write_of("DELETE", pool_path(name)), [done = std::move(done)](response_result answer) {
      const bool gone = answer || answer.failure().code == error_code::not_found;
      if (gone) {
        done(domain::unit{});
      } else {
        done(std::move(answer.failure()));
      }
    });
}

void client::get_metadata(const std::string& name, priority order,
                          reply<domain::pool_metadata> done) {
  implementation_->call_about(name,
                              read_of(pool_path(name) + "/metadata", order, max_metadata_bytes),
                              with_parsed(std::move(done), edgelb::read_metadata));
}

} // namespace dklb::http::edgelb
