#!/usr/bin/python3
"""lint finds what it is there to find: each kind of finding is provoked once."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, subprocess
from harness import TOP, scratch
from tap import finish, ok

tree = scratch("lint")
shutil.copytree(TOP + "/src", tree + "/src")
shutil.copy(TOP + "/Makefile", tree)
os.makedirs(tree + "/tests")
shutil.copy(TOP + "/tests/lint.sh", tree + "/tests")
os.makedirs(tree + "/man")


def lint():
    run = subprocess.run(["sh", "tests/lint.sh"], cwd=tree, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def findings(out):
    """Without the last line, which only counts."""
    return {line for line in out.splitlines() if not line.startswith("lint: ")}


before = findings(lint()[1])


def finds(name, path, text, word):
    """`text` written to `path` gives a finding that holds `word`."""
    path = os.path.join(tree, path)
    old = open(path).read() if os.path.exists(path) else None
    with open(path, "w") as f:
        f.write(text if old is None else old + text)
    status, out = lint()
    ok(status == 1 and any(word in line for line in findings(out) - before), name, out[-1500:])
    if old is None:
        os.unlink(path)
    else:
        with open(path, "w") as f:
            f.write(old)


START = "/* For a test of lint. */\n"
finds("an arrow that ROOMS does not have", "src/net/x.c", START + '#include "core/item.h"\n',
      "net may not include core/item.h")
os.makedirs(tree + "/src/cellar")
finds("a room that ROOMS does not know", "src/cellar/x.c", START + '#include "base/fail.h"\n',
      "cellar is not in src/ROOMS")
finds("a library outside its home", "src/net/x.c", START + "#include <sqlite3.h>\n", "sqlite3.h")
finds("core that does I/O", "src/core/item.c",
      "#include <unistd.h>\nint core_test(void);\nint core_test(void) { return close(0); }\n", "close")
finds("a banned function", "src/net/x.c", START + "int x(char *s) { return atoi(s); }\n", "atoi")
finds("a banned function after a comment", "src/net/x.c",
      START + "/* a */ int x(char *s) { /* b\n */ return /* c */ system(s); }\n", "system")
finds("a long line", "src/net/x.c", START + "/* " + "x" * 110 + " */\n", "columns")
finds("a long file", "src/net/x.c", START + "\n" * 601, "602 lines")
finds("a file without a word about itself", "src/net/x.c", "int x;\n", "does not open")
finds("something left for later", "src/net/x.c", START + "/* TO" + "DO */\n", "left for later")
finds("a broken man page", "man/x.1", '.Dd\n.Sh "x\n.Xx y\n', "x.1")
finds("what tests/lint-*.sh say", "tests/lint-x.sh", "echo src/x.c:1: no good\nexit 1\n", "no good")

with open(tree + "/src/net/x.c", "w") as f:
    f.write(START + '/* atoi(s) and\n * system(s) in words */\nconst char *x = "gets(s)"; // atoi(s)\n')
status, out = lint()
ok("lint: " in out and findings(out) <= before, "comments and strings are no calls", out)
finish(at_least=13)
