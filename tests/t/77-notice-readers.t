#!/usr/bin/python3
"""The message that tells of conflicts, in the hands of neomutt and notmuch: it is new, can be read, kept and thrown away,
and never leaves the machine."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, shutil, subprocess
from clash import Clash, conflicts, notices, numbers
from harness import Account, LISTING, text_message
from neomutt import neomutt as neomutt_run
from tap import equal, finish, ok, skip_all

if not shutil.which("neomutt") or not shutil.which("notmuch"):
    skip_all("needs neomutt and notmuch")


def neomutt(a, folder, keys):
    status, seen = neomutt_run(a.base, a.mail.root, a.mail.path(folder), keys, "set sort=subject\n")
    ok(status == 0, f"neomutt in {folder}: {keys}", seen[-2000:])
    return seen


def unsent(a, name):
    """Nothing of it goes to the server, whatever was done to it; then silence."""
    run = a.sync(name=f"{name}: a sync")
    ok(not run.writes(), f"{name}: nothing is sent", run)
    equal([f for f in a.server.folders() for m in a.server.messages(f) if b"X-Koc-Notice" in m["data"]], [],
          f"{name}: the server has none")
    a.silent(f"{name}: after that", allowed=LISTING)


with Account(None, dav=(4, 2, 2, 4)) as a:
    for i in range(3):
        a.server.append("INBOX", text_message(f"Above {i}"), "S")
    a.server.create("Work")
    a.sync(name="first sync")
    c = Clash(a)
    c.there("There \u00e4\u00f6\u00fc")
    c.here("Here \u2014 \u4f60\u597d")
    a.sync(name="a conflict")
    (place, _, _), = notices(a)
    equal(place, "mail/INBOX/new", "it is in the inbox, new")

    config = a.base + "/notmuch-config"
    with open(config, "w") as f:
        f.write(f"[database]\npath={a.mail.root}\n[user]\nname=Alice\nprimary_email=alice@example.com\n"
                "[new]\ntags=unread;inbox\n[maildir]\nsynchronize_flags=true\n")

    def notmuch(*words):
        run = subprocess.run(["notmuch", *words], capture_output=True, text=True, check=False,
                             env={**os.environ, "NOTMUCH_CONFIG": config, "HOME": a.base})
        ok(run.returncode == 0, f"notmuch {' '.join(words)}", run.stderr)
        return run.stdout

    notmuch("new")
    found = "subject:\"Message in conflict!\" and tag:unread and tag:attachment and from:koc"
    equal(notmuch("count", found).strip(), "1", "notmuch has it, unread, with attachments")
    (thread,), = json.loads(notmuch("show", "--format=json", "--body=true", found))
    parts = thread[0]["body"][0]["content"]
    equal([p["content-type"] for p in parts], ["text/plain", "text/calendar", "text/calendar"], "notmuch: its parts")
    ok("There \u00e4\u00f6\u00fc" in parts[0]["content"] and "Here \u2014 \u4f60\u597d" in parts[0]["content"],
       "notmuch: what differs", parts[0]["content"])
    here = next(p for p in parts if "local" in p.get("filename", ""))
    raw = subprocess.run(["notmuch", "show", "--format=raw", f"--part={here['id']}", found], capture_output=True,
                         check=True, env={**os.environ, "NOTMUCH_CONFIG": config, "HOME": a.base}).stdout
    path, = [os.path.join(at, f) for at, _, fs in os.walk(a.store + "/Conflicts/calendars") for f in fs]
    equal(raw, open(path, "rb").read(), "notmuch: the local version, byte for byte")
    unsent(a, "indexed by notmuch")

    shown = neomutt(a, "INBOX", "<last-entry><display-message><exit><quit>")
    ok(b"Message in conflict! (1 item)" in shown, "neomutt shows it", shown[-3000:])
    ok([p for p, _, _ in notices(a)] == ["mail/INBOX/cur"], "and it is read now")
    unsent(a, "read in neomutt")
    neomutt(a, "INBOX", "<last-entry><flag-message><copy-message>=Work<enter><quit>")
    equal(sorted(p for p, _, _ in notices(a))[0], "mail/INBOX/cur", "flagged and copied in neomutt")
    equal(len(notices(a)), 2, "there are two of them")
    unsent(a, "flagged and copied in neomutt")
    neomutt(a, "INBOX", "<last-entry><delete-message><quit>")
    neomutt(a, "Work", "<last-entry><delete-message><quit>")
    equal(notices(a), [], "thrown away in neomutt")
    unsent(a, "thrown away in neomutt")
    equal(len(numbers(a)), 1, "the conflict is still open")
    conflicts(a, "keep", *map(str, numbers(a)))
    a.sync(name="kept")
    c.both_are(["Here \u2014 \u4f60\u597d"], "kept")
finish(at_least=35)
