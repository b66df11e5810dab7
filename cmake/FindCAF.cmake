# Finds the C++ Actor Framework's core library. Debian's libcaf-dev carries no CMake package.
# Defines CAF_FOUND, CAF_VERSION and the target CAF::core.
find_path(CAF_INCLUDE_DIR caf/config.hpp)
find_library(CAF_CORE_LIBRARY caf_core)

if(CAF_INCLUDE_DIR)
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_version_line
       REGEX "#define CAF_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" caf_number "${caf_version_line}")
  math(EXPR caf_major "${caf_number} / 10000")
  math(EXPR caf_minor "${caf_number} / 100 % 100")
  math(EXPR caf_patch "${caf_number} % 100")
  set(CAF_VERSION "${caf_major}.${caf_minor}.${caf_patch}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR VERSION_VAR CAF_VERSION)

if(CAF_FOUND AND NOT TARGET CAF::core)
  find_package(Threads REQUIRED)
  if(DKLB_SANITIZE STREQUAL "thread")
    # The thread sanitizer must see how the library synchronises, so its source (tools/caf-source)
    # is built with ours; the headers are the installed ones in either case.
    set(caf_sources "${CMAKE_SOURCE_DIR}/build/caf/source/libcaf_core/src")
    file(GLOB_RECURSE caf_files "${caf_sources}/*.cpp")
    if(NOT caf_files)
      message(FATAL_ERROR "${caf_sources} is empty: run tools/caf-source")
    endif()
    add_library(caf_core STATIC ${caf_files})
    # Together in a few files they take a fifth of the time; uri.cpp leaves a macro behind.
    set_target_properties(caf_core PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 24)
    set_source_files_properties("${caf_sources}/uri.cpp" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_compile_options(caf_core PRIVATE -w)
    target_link_libraries(caf_core PUBLIC Threads::Threads)
    target_include_directories(caf_core SYSTEM PUBLIC "${CAF_INCLUDE_DIR}")
    add_library(CAF::core ALIAS caf_core)
  else()
    add_library(CAF::core UNKNOWN IMPORTED)
    set_target_properties(CAF::core PROPERTIES
      IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()
  if(DKLB_SANITIZE MATCHES "undefined")
    # Its queues cast their end, which is no element, to one and do not use it. Where an actor asks
    # for the size of its own mailbox this happens in our code.
    target_compile_options(CAF::core INTERFACE -fno-sanitize=vptr)
  endif()
endif()
