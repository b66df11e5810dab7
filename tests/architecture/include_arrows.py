#!/usr/bin/env python3
"""Fails where an include crosses the arrows between the folders the wrong way.

Usage: include_arrows.py ROOT

The table below is docs/architecture.md, "Folders", in a form that a program can check: what a
folder may include of the project, and which libraries it may use. A subfolder with a row of its
own is a layer of its own; the files at the root are the layer "main".
"""

import os
import re
import sys

HTTP = ["http", "http/kube", "http/edgelb", "http/server"]

# layer -> (layers it may include besides itself, libraries it may use)
LAYERS = {
    "domain": ([], ["nlohmann", "yaml-cpp"]),
    "messages": (["domain"], ["caf", "nlohmann"]),
    "http": (
        ["domain"],
        ["curl", "httplib", "nlohmann", "openssl", "spdlog", "yaml-cpp"],
    ),
    "http/kube": (["http", "domain"], ["nlohmann", "openssl", "simdjson", "spdlog", "yaml-cpp"]),
    "http/edgelb": (["http", "domain"], ["nlohmann", "openssl", "spdlog"]),
    "http/server": (
        ["http", "domain"],
        ["httplib", "nlohmann", "openssl", "prometheus", "spdlog"],
    ),
    "actors": (["messages", "process", "domain"] + HTTP, ["caf", "nlohmann", "prometheus", "spdlog"]),
    "process": (["domain"], ["nlohmann", "spdlog"]),
    "program": (
        ["actors", "process", "messages", "domain"] + HTTP,
        ["caf", "jemalloc", "nlohmann", "spdlog"],
    ),
    # No actors: the kubectl plugin is this layer and a few files of "program" that use none.
    "program/inspect": (
        ["program", "process", "domain"] + HTTP,
        ["CLI", "nlohmann"],
    ),
    "edgelb": (
        ["process", "domain"] + HTTP,
        ["CLI", "httplib", "nlohmann", "openssl", "spdlog", "yaml-cpp"],
    ),
    "sandbox": (
        ["process", "domain"] + HTTP,
        ["CLI", "httplib", "nlohmann", "openssl", "spdlog", "yaml-cpp"],
    ),
    "main": (
        ["program", "program/inspect", "actors", "process", "messages", "domain"] + HTTP,
        ["CLI", "caf", "nlohmann", "spdlog"],
    ),
    "tests": (
        ["actors", "program", "program/inspect", "process", "messages", "domain", "edgelb", "sandbox"] + HTTP,
        [
            "CLI", "benchmark", "caf", "curl", "gmock", "gtest", "httplib", "nlohmann", "openssl",
            "prometheus", "rapidcheck", "spdlog", "yaml-cpp",
        ],
    ),
}

# The first part of a library's include path.
LIBRARIES = {
    "CLI", "benchmark", "caf", "curl", "gmock", "gtest", "httplib", "jemalloc", "nlohmann",
    "openssl", "prometheus", "rapidcheck", "simdjson", "spdlog", "yaml-cpp",
}

# Written into the build tree by CMake; anybody may ask for them.
GENERATED = {
    "dklb/embedded/page_html.hpp", "dklb/embedded/page_script.hpp", "dklb/embedded/page_style.hpp",
    "dklb/version.hpp",
}

# domain/ decides and does nothing else: no thread, no clock of its own, no I/O.
DOMAIN_FORBIDDEN = {
    "atomic", "barrier", "condition_variable", "csignal", "cstdio", "ctime", "filesystem",
    "fstream", "future", "iostream", "latch", "mutex", "random", "semaphore", "shared_mutex",
    "stop_token", "thread",
}

# Conversions between text and address, which touch no network.
DOMAIN_PURE = {"arpa/inet.h"}

SOURCE = re.compile(r"\.(hpp|cpp|h|cc|c)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    """The layer of a path relative to the root: the longest row that fits, or None."""
    if "/" not in path:
        return "main"
    fitting = [name for name in LAYERS if path == name or path.startswith(name + "/")]
    return max(fitting, key=len, default=None)


def library_of(header):
    """The known library that <header> belongs to, or None for the standard and the system."""
    first = header.split("/")[0]
    name = first[:-2] if first.endswith(".h") else first
    return name if name in LIBRARIES else None


def project_violation(root, layer, header):
    """What is wrong with #include "header" in a file of this layer."""
    if header in GENERATED:
        return None
    if not os.path.isfile(os.path.join(root, header)):
        return f'"{header}" is no path from the root of the repository'
    target = layer_of(header)
    if target != layer and target not in LAYERS[layer][0]:
        return f'{layer} must not include {target or "what has no row in the table"} ("{header}")'
    return None


def library_violation(layer, header):
    """What is wrong with #include <header> in a file of this layer."""
    library = library_of(header)
    if library:
        allowed = library in LAYERS[layer][1]
        return None if allowed else f"{layer} must not use {library} (<{header}>)"
    system = header.endswith(".h") and header not in DOMAIN_PURE
    if layer == "domain" and (header in DOMAIN_FORBIDDEN or system):
        return f"domain holds no thread, clock or I/O (<{header}>)"
    return None


def violations_in(root, path):
    """Every violation in one file, as text that starts with file and line."""
    layer = layer_of(path)
    if layer is None:
        return [f"{path}:1: the folder has no row in tests/architecture/include_arrows.py"]
    found = []
    with open(os.path.join(root, path), encoding="utf-8") as source:
        for number, line in enumerate(source, start=1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted, header = match.group(1) == '"', match.group(2)
            what = (
                project_violation(root, layer, header)
                if quoted
                else library_violation(layer, header)
            )
            if what:
                found.append(f"{path}:{number}: {what}")
    return found


def sources_under(root):
    """Every C++ file of the project, relative to the root."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != "build"
        )
        for name in sorted(files):
            if SOURCE.search(name):
                yield os.path.relpath(os.path.join(folder, name), root)


def violations_under(root):
    """Every violation of the project."""
    return [text for path in sources_under(root) for text in violations_in(root, path)]


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root = arguments[1]
    count = sum(1 for _ in sources_under(root))
    if count == 0:
        print(f"{root}: no source file found", file=sys.stderr)
        return 2
    found = violations_under(root)
    for text in found:
        print(text)
    print(f"{count} files, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
