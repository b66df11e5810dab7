#include "domain/config/config_change.hpp"

#include "domain/config/config_fields.hpp"

namespace dklb::domain {

namespace {

/// Sets a field to what another one wrote. A field reads back what it writes.
void assign(const config_field& field, const std::string& written) {
  const auto document = read_yaml("value: " + written);
  (void)field.read(document.root.children.front());
}

} // namespace

config_change plan_change(const config& running, const config& written) {
  config_change out{running, {}, {}};
  auto source = written;
  const auto wanted = fields_of(source);
  const auto in_force = fields_of(out.merged);
  for (std::size_t index = 0; index < in_force.size(); ++index) {
    const auto& field = in_force[index];
    const changed_key change{field.key, field.write(), wanted[index].write()};
    if (change.running == change.written)
      continue;
    (field.live ? out.live : out.need_restart).push_back(change);
    if (field.live)
      assign(field, change.written);
  }
  return out;
}

} // namespace dklb::domain
