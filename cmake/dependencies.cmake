# Everything comes from Debian 12's packages (see the Makefile's `deps`).
find_package(Threads REQUIRED)
find_package(CAF 0.17.6 REQUIRED)
find_package(CURL 7.80 REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(simdjson 3 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
# Debian builds its shared library with TLS, zlib and brotli; the same macros must hold wherever the
# header is included, so they travel with the dependency (the .pc file has them).

add_library(dklb_httplib INTERFACE)
target_link_libraries(dklb_httplib INTERFACE PkgConfig::HTTPLIB OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

if(DKLB_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
  find_path(RAPIDCHECK_INCLUDE rapidcheck.h REQUIRED)
  add_library(dklb_rapidcheck INTERFACE)
  target_include_directories(dklb_rapidcheck SYSTEM INTERFACE "${RAPIDCHECK_INCLUDE}")
  target_link_libraries(dklb_rapidcheck INTERFACE "${RAPIDCHECK_LIBRARY}")
endif()
