#!/usr/bin/env python3
"""Plants violations into a small copy of the project's folders and expects each to be caught."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import include_arrows  # noqa: E402  (the path above comes first)

# A tree in which every arrow points the right way.
SOUND = {
    "domain/base/names.hpp": "#include <string>\n",
    "domain/base/names.cpp": '#include "domain/base/names.hpp"\n#include <nlohmann/json.hpp>\n',
    "messages/actors.hpp": '#include "domain/base/names.hpp"\n#include <caf/fwd.hpp>\n',
    "http/engine/engine.hpp": '#include "domain/base/names.hpp"\n#include <thread>\n',
    "http/engine/engine.cpp": '#include "http/engine/engine.hpp"\n#include <curl/curl.h>\n',
    "http/kube/client.hpp": '#include "http/engine/engine.hpp"\n',
    "http/edgelb/client.hpp": '#include "http/engine/engine.hpp"\n',
    "http/server/server.hpp": '#include "http/engine/engine.hpp"\n#include <httplib.h>\n',
    "actors/pool/pool.cpp": '#include "messages/actors.hpp"\n#include "http/kube/client.hpp"\n',
    "edgelb/main.cpp": '#include "http/server/server.hpp"\n#include <CLI/CLI.hpp>\n',
    "main.cpp": '#include "program/process.hpp"\n#include "dklb/version.hpp"\n',
    "process/signals.hpp": "#include <string>\n",
    "program/process.hpp": '#include "actors/pool/pool.hpp"\n#include "process/signals.hpp"\n',
    "actors/pool/pool.hpp": "#pragma once\n",
    "tests/domain/base/names_test.cpp": '#include "domain/base/names.hpp"\n#include <gtest/gtest.h>\n',
}

# file, the include planted at its end, and what has to be said about it
PLANTED = [
    ("domain/base/names.cpp", '#include "http/engine/engine.hpp"', "domain must not include http"),
    ("domain/base/names.hpp", '#include "messages/actors.hpp"', "domain must not include messages"),
    ("domain/base/names.cpp", "#include <caf/actor.hpp>", "domain must not use caf"),
    ("domain/base/names.cpp", "#include <curl/curl.h>", "domain must not use curl"),
    ("domain/base/names.cpp", "#include <spdlog/spdlog.h>", "domain must not use spdlog"),
    ("domain/base/names.cpp", "#include <thread>", "no thread, clock or I/O"),
    ("domain/base/names.cpp", "#include <fstream>", "no thread, clock or I/O"),
    ("domain/base/names.cpp", "#include <unistd.h>", "no thread, clock or I/O"),
    ("domain/base/names.cpp", '  #  include   "actors/pool/pool.hpp"', "domain must not include actors"),
    ("messages/actors.hpp", '#include "http/engine/engine.hpp"', "messages must not include http"),
    ("messages/actors.hpp", '#include "actors/pool/pool.hpp"', "messages must not include actors"),
    ("http/engine/engine.cpp", "#include <caf/actor.hpp>", "http must not use caf"),
    ("http/engine/engine.cpp", '#include "messages/actors.hpp"', "http must not include messages"),
    ("http/engine/engine.cpp", '#include "http/kube/client.hpp"', "http must not include http/kube"),
    (
        "http/kube/client.hpp",
        '#include "http/edgelb/client.hpp"',
        "http/kube must not include http/edgelb",
    ),
    (
        "http/edgelb/client.hpp",
        '#include "http/kube/client.hpp"',
        "http/edgelb must not include http/kube",
    ),
    (
        "http/server/server.hpp",
        '#include "http/kube/client.hpp"',
        "http/server must not include http/kube",
    ),
    ("http/kube/client.hpp", "#include <curl/curl.h>", "http/kube must not use curl"),
    ("actors/pool/pool.cpp", "#include <curl/curl.h>", "actors must not use curl"),
    ("actors/pool/pool.cpp", "#include <httplib.h>", "actors must not use httplib"),
    ("actors/pool/pool.cpp", '#include "edgelb/main.cpp"', "actors must not include edgelb"),
    ("actors/pool/pool.cpp", '#include "tests/domain/base/names_test.cpp"', "actors must not include tests"),
    ("edgelb/main.cpp", '#include "actors/pool/pool.hpp"', "edgelb must not include actors"),
    ("edgelb/main.cpp", "#include <caf/actor.hpp>", "edgelb must not use caf"),
    ("main.cpp", '#include "edgelb/main.cpp"', "main must not include edgelb"),
    ("actors/pool/pool.cpp", '#include "program/process.hpp"', "actors must not include program"),
    ("process/signals.hpp", '#include "program/process.hpp"', "process must not include program"),
    ("edgelb/main.cpp", "#include <simdjson.h>", "edgelb must not use simdjson"),
    ("domain/base/names.cpp", "#include <simdjson.h>", "domain must not use simdjson"),
    ("domain/base/names.cpp", '#include "names.hpp"', "is no path from the root"),
    ("domain/base/names.cpp", '#include "../http/engine/engine.hpp"', "is no path from the root"),
    ("extras/tool.cpp", "#include <string>", "the folder has no row"),
]


def write(root, path, text):
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "a", encoding="utf-8") as source:
        source.write(text)


class IncludeArrows(unittest.TestCase):
    def tree(self):
        """A sound tree in a folder that goes away with the test."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in SOUND.items():
            write(folder.name, path, text)
        return folder.name

    def test_a_sound_tree_has_no_violation(self):
        self.assertEqual(include_arrows.violations_under(self.tree()), [])

    def test_every_planted_violation_is_caught_where_it_is(self):
        for path, include, expected in PLANTED:
            with self.subTest(path=path, include=include):
                root = self.tree()
                line = SOUND.get(path, "").count("\n") + 1
                write(root, path, include + "\n")
                found = include_arrows.violations_under(root)
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(f"{path}:{line}: "), found)
                self.assertIn(expected, found[0])

    def test_what_is_built_is_not_searched(self):
        root = self.tree()
        write(root, "build/dev/generated.cpp", '#include "nowhere.hpp"\n')
        self.assertEqual(include_arrows.violations_under(root), [])

    def test_the_program_exits_non_zero_on_a_violation(self):
        root = self.tree()
        command = [sys.executable, include_arrows.__file__, root]
        self.assertEqual(subprocess.run(command, capture_output=True, check=False).returncode, 0)
        write(root, "domain/base/names.cpp", "#include <caf/actor.hpp>\n")
        failed = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("domain must not use caf", failed.stdout)

    def test_a_folder_without_sources_is_an_error_and_not_a_success(self):
        with tempfile.TemporaryDirectory() as empty:
            command = [sys.executable, include_arrows.__file__, empty]
            done = subprocess.run(command, capture_output=True, check=False)
            self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
