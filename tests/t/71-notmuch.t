#!/usr/bin/python3
"""notmuch indexes the store; its tags reach the server as flags; its renames confuse nobody."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, subprocess
from harness import Account, LISTING
from tap import equal, finish, ok, skip_all

if not shutil.which("notmuch"):
    skip_all("needs notmuch")

with Account("demo") as a:
    a.sync()
    config = a.base + "/notmuch-config"
    with open(config, "w") as f:
        f.write(f"[database]\npath={a.mail.root}\n[user]\nname=Alice\n"
                "primary_email=alice@example.com\n[new]\ntags=unread;inbox\n"
                "[maildir]\nsynchronize_flags=true\n")

    def notmuch(*words):
        run = subprocess.run(["notmuch", *words], capture_output=True, text=True,
                             env={**os.environ, "NOTMUCH_CONFIG": config, "HOME": a.base})
        ok(run.returncode == 0, f"notmuch {' '.join(words)}", run.stderr)
        return run.stdout.strip()

    notmuch("new")
    equal(int(notmuch("count", "*")), sum(len(a.mail.files(f)) for f in a.mail.folders()),
          "notmuch counts every message")
    unread = int(notmuch("count", "tag:unread"))
    ok(unread > 3, "some are unread", unread)
    notmuch("tag", "-unread", "+flagged", "--", "tag:unread")
    before = sum("S" in m["flags"] for f in a.mail.folders() for m in a.server.messages(f))
    a.sync(name="koc after notmuch")
    a.equal(at_least=60)
    after = sum("S" in m["flags"] for f in a.mail.folders() for m in a.server.messages(f))
    equal(after - before, unread, "the server knows what was read")
    a.silent(allowed=LISTING)
    ok(".notmuch" not in " ".join(a.server.folders()), "notmuch's own directory is no folder")
    notmuch("new")
finish(at_least=13)
