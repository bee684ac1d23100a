"""TAP for tests/t: one line a fact, and what was seen when it does not hold."""

import os
import sys

count = 0
failed = 0


def note(text, to=None):
    print("".join(f"# {line}\n" for line in str(text).rstrip("\n").split("\n")), end="",
          file=to, flush=True)


def ok(holds, name, seen=None):
    """One fact; `seen` is printed when it does not hold, where prove shows it.  Returns whether it
    does."""
    global count, failed
    count += 1
    print(f"{'ok' if holds else 'not ok'} {count} - {name.replace('#', 'no.')}")
    if not holds:
        failed += 1
        note(f"{os.path.basename(sys.argv[0])}: not ok {count} - {name}" +
             (f"\nseen: {seen}" if seen is not None else ""), sys.stderr)
    sys.stdout.flush()
    return bool(holds)


def equal(got, want, name):
    return ok(got == want, name, f"{got!r}\nwanted: {want!r}")


def skip_all(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def finish(at_least=1):
    """The plan; fewer facts than `at_least` is a failure of the test itself."""
    ok(count >= at_least, f"at least {at_least} facts were tested", count)
    print(f"1..{count}")
    sys.exit(1 if failed else 0)
