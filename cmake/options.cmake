# Switches of the build, and what every target is compiled with.
option(DKLB_BUILD_TESTS "Build the tests and benchmarks" ON)
option(DKLB_COVERAGE "Instrument for coverage" OFF)
option(DKLB_FUZZ "Instrument for libFuzzer (clang only) and build dklb_fuzz" OFF)
set(DKLB_SANITIZE "" CACHE STRING "Sanitizers, as the argument of -fsanitize=")

# Several sources to a translation unit: templates and headers are compiled once for all of them, which
# takes less than half of the processor's time (docs/decisions/unity-builds.md).
option(DKLB_UNITY "Compile several sources at once" ON)
set(CMAKE_UNITY_BUILD ${DKLB_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

# The flags of our own code; targets take them by linking dklb_options.
add_library(dklb_options INTERFACE)
target_include_directories(dklb_options INTERFACE
  "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(dklb_options INTERFACE
  -Wall -Wextra -Wconversion -Wnon-virtual-dtor -Werror)
# Sources that are compiled together see each other's unnamed namespaces: a local name may be one of theirs,
# and a class of an unnamed namespace may be a member of a class that one source alone has.
# Clang, which compiles them so for the fuzzer alone, cannot tell locals from the rest.
if(NOT DKLB_UNITY)
  target_compile_options(dklb_options INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(dklb_options INTERFACE -Wshadow=local -Wno-subobject-linkage)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps and overruns in inlined std::string concatenations that are none (its bugs
  # 105329 and 105651); the sanitizers watch for real ones.
  target_compile_options(dklb_options INTERFACE
    -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(DKLB_SANITIZE)
  add_compile_options(-fsanitize=${DKLB_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${DKLB_SANITIZE})
endif()
if(DKLB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(DKLB_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# ccache and a fast linker shorten the loop where they are present; nothing needs them.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "CCACHE_NOHASHDIR=1" "${CCACHE_PROGRAM}")
  add_compile_options(-fpch-preprocess)
endif()
find_program(MOLD_PROGRAM mold)
find_program(LLD_PROGRAM ld.lld)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
elseif(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()

option(DKLB_PRECOMPILED_HEADERS "Precompile the heavy library headers" ON)
# dklb_precompile(TARGET HEADERS...): the named library headers, precompiled for that target.
function(dklb_precompile target)
  if(DKLB_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# A json that turns into a string by itself throws at run time where it is none; the compiler is to
# see such places.
add_compile_definitions(JSON_USE_IMPLICIT_CONVERSIONS=0)
