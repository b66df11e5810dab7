# dklb_embed(NAME FILES...): writes generated/dklb/embedded/NAME.hpp, which has the text of the files, one
# after the other, as the string dklb::embedded::NAME. Written when CMake configures, and again after one of
# the files has changed.
function(dklb_embed name)
  set(text "")
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    file(READ "${file}" content)
    string(APPEND text "${content}")
  endforeach()
  set(written "${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.hpp")
  file(WRITE "${written}" "#pragma once

#include <string_view>

namespace dklb::embedded {

inline constexpr std::string_view ${name} = R\"embedded(${text})embedded\";

} // namespace dklb::embedded
")
  # Leaves an equal one alone, so that nothing is compiled again.
  configure_file("${written}" "${CMAKE_BINARY_DIR}/generated/dklb/embedded/${name}.hpp" COPYONLY)
endfunction()
