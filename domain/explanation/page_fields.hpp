#pragma once

#include "domain/text/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

/// How the texts of this folder read a page's JSON: a field that is absent or of another type is as
/// good as an empty one, because the page may be of another version of dklb.
namespace dklb::domain::page {

/// The moment at which a text is made. A parameter, because domain/ has no clock.
using moment = micro_time;

/// A member; null if there is none.
const nlohmann::json& member(const nlohmann::json& object, const char* name);
/// The text in a value; "" if it is none.
std::string as_text(const nlohmann::json& value);
/// A member that is a text; "" if it is none.
std::string text(const nlohmann::json& object, const char* name);
/// A whole number as text; "" if it is none.
std::string number(const nlohmann::json& object, const char* name);
/// True if a member is `true`.
bool flag(const nlohmann::json& object, const char* name);
/// A list; an empty one if it is none.
const nlohmann::json& list(const nlohmann::json& object, const char* name);
/// The texts of a list, with ", " between them.
std::string joined(const nlohmann::json& texts);
/// A time; nothing if it is none.
std::optional<moment> time(const nlohmann::json& object, const char* name);

/// A length of time in at most two units, as kubectl shows ages: `45s`, `3m20s`, `2h5m`, `3d4h`,
/// `400d`. What is negative is `0s`.
std::string length_of(std::chrono::microseconds length);
/// `3m20s ago`, or `in 12s` if the time is still to come.
std::string relative(moment at, moment now);
/// The age of a member that is a time; "" if it is none.
std::string age(const nlohmann::json& object, const char* name, moment now);

} // namespace dklb::domain::page
