#!/usr/bin/python3
"""10,000 messages in nested folders with non-ASCII names: pulled, then silent, then changed on both sides by the
hundred, then silent again; each process within 32 MB."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, KOC, LISTING, text_message
from tap import equal, finish, ok

LIMIT = 32 * 1024  # KB
instrumented = b"__asan_init" in open(KOC, "rb").read() if os.path.exists(KOC) else False


def small(run, what):
    ok(instrumented or run.peak <= LIMIT, f"{what}: peak RSS at most 32 MB", f"{run.peak} KB")
    return run


with Account("large") as a:
    small(a.measured_sync(name="first pull"), "first pull")
    a.equal("all are here", at_least=10000)
    a.silent("a second run", allowed=LISTING)

    folders = ["INBOX", "Archive/2025", "Archive/2026", "Sent"]
    share = 100 // len(folders)
    for f in folders:
        # There: 25 new, 25 flagged, 5 removed, 5 moved in each of four folders.
        for i in range(share):
            a.server.append(f, text_message(f"New there {f} {i}"), "S" if i % 2 else "")
        uids = a.server.uids(f)
        a.server.store(f, uids[0:2 * share:2], "+", "F")
        for uid in uids[100:105]:
            a.server.move(f, uid, "日本語")
        a.server.expunge(f, ",".join(map(str, uids[110:115])))
        # And as much here.
        for i in range(share):
            a.mail.deliver(f, text_message(f"New here {f} {i}"), "S" if i % 2 else "")
        files = [p for p in a.mail.files(f) if "/cur/" in p]
        for path in files[200:200 + share]:
            letters = path.partition(":2,")[2]
            a.mail.flag(path, "".join(sorted(set(letters) ^ {"R"})))
        for path in files[300:305]:
            os.unlink(path)
        for path in files[310:315]:
            a.mail.move(path, "Archive")
    run = small(a.measured_sync(name="changes on both sides"), "changes on both sides")
    ok(sum(c.verb == "APPEND" for c in run.commands) == 100, "only what is new was uploaded", run)
    a.equal("both sides are equal", at_least=10150)
    small(a.measured_sync(name="a run after that"), "a run after that")
    a.silent("the run after that", allowed=LISTING)
finish(at_least=14)
