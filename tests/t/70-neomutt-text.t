#!/usr/bin/python3
"""Text forms in neomutt: what is saved, copied, flagged, labelled and
deleted in it, and moved with mv, is done to the messages on the server, whole, once each, with no APPEND."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
from harness import Account, LISTING
from neomutt import neomutt as neomutt_run
from tap import equal, finish, ok, skip_all
from textforms import attached, is_text, subject_of

if not shutil.which("neomutt"):
    skip_all("needs neomutt")

FOLDERS = ("INBOX", "Work", "Plans")
COUNT = 12


def neomutt(a, folder, keys, settings=""):
    """Opens a folder and types; the keys end with leaving neomutt.  By subject, so that a number finds a message."""
    status, seen = neomutt_run(a.base, a.mail.root, a.mail.path(folder), keys, "set sort=subject\n" + settings)
    ok(status == 0, f"neomutt in {folder}: {keys}", seen[-2000:])
    return seen.decode(errors="replace")


def path(a, folder, i):
    return next(m["path"] for m in a.mail.messages(folder) if subject_of(m["data"]) == f"Message {i:02}")


def there(a):
    return {f: sorted(int(subject_of(m["data"])[8:]) for m in a.server.messages(f)) for f in (*FOLDERS, "Trash")}


def here(a):
    return {f: sorted(int(subject_of(m["data"])[8:]) for m in a.mail.messages(f)) for f in (*FOLDERS, "Trash")}


def in_order(a, wanted, name, run):
    ok("APPEND" not in run.verbs, f"{name}: no APPEND", run)
    wanted = {f: sorted(wanted.get(f, [])) for f in (*FOLDERS, "Trash")}
    equal(there(a), wanted, f"{name}: there")
    equal(here(a), wanted, f"{name}: here")
    wrong = [(f, subject_of(m["data"])) for f in a.server.folders() for m in a.server.messages(f)
             if m["data"] != originals[subject_of(m["data"])]]
    equal(wrong, [], f"{name}: byte for byte as they were")
    a.silent(f"{name}: another run", allowed=LISTING)


originals = {f"Message {i:02}": attached(f"Message {i:02}", 2000 + 100 * i) for i in range(COUNT)}
with Account(None, folders='folder "mail/*" { mode = text }') as a:
    for i, data in enumerate(originals.values()):
        a.server.append("INBOX", data, "", (), 1700000000 + i)
    for folder in FOLDERS[1:]:
        a.server.create(folder)
    a.sync(name="first sync")
    ok(all(is_text(m["data"]) for m in a.mail.messages("INBOX")), "text forms")

    # 0 flagged, 1 read, 2 deleted, 3 saved to Work, 4 copied to Work, 5 labelled, 6 saved to Plans with a label,
    # 7 marked as answered and kept, 8 deleted and taken back.
    neomutt(a, "INBOX", "<jump>1<enter><flag-message>"
                        "<jump>3<enter><delete-message>"
                        "<jump>4<enter><save-message>=Work<enter>"
                        "<jump>5<enter><copy-message>=Work<enter>"
                        "<jump>6<enter><edit-label>urgent<enter>"
                        "<jump>7<enter><edit-label>later<enter><jump>7<enter><save-message>=Plans<enter>"
                        "<jump>8<enter><set-flag>r"
                        "<jump>9<enter><delete-message><jump>9<enter><undelete-message>"
                        "<jump>2<enter><display-message><exit><quit>")
    a.mail.move(path(a, "INBOX", 9), "Plans")   # with mv
    a.mail.copy(path(a, "INBOX", 10), "Plans")          # with cp
    run = a.sync(name="koc after neomutt")
    wanted = {"INBOX": [0, 1, 4, 5, 7, 8, 10, 11], "Work": [3, 4], "Plans": [6, 9, 10], "Trash": [2]}
    in_order(a, wanted, "after neomutt", run)
    flags = {subject_of(m["data"]): m["flags"] for m in a.server.messages("INBOX")}
    ok("F" in flags["Message 00"] and "S" in flags["Message 01"] and "R" in flags["Message 07"], "flags are there", flags)

    # The label stays in the file: of what the server has, it says nothing.
    with open(path(a, "INBOX", 5), "rb") as f:
        ok(b"X-Label: urgent" in f.read(), "the label is kept here")

    # Back and forth, what was written anew once more, two at a time.
    neomutt(a, "Work", "<tag-pattern>.<enter><tag-prefix><save-message>=Plans<enter><quit>")
    neomutt(a, "Plans", "<limit>Message.(06|09)<enter><tag-pattern>.<enter><tag-prefix><save-message>=Work<enter><quit>")
    neomutt(a, "INBOX", "<limit>Message.05<enter><jump>1<enter><save-message>=Plans<enter><quit>")
    run = a.sync(name="back and forth")
    wanted = {"INBOX": [0, 1, 4, 7, 8, 10, 11], "Work": [6, 9], "Plans": [3, 4, 5, 10], "Trash": [2]}
    in_order(a, wanted, "back and forth", run)
    ok(not run.fetched_bodies(), "no body travelled", run.fetched_bodies())

    # What the server does is what neomutt shows.
    a.server.move("Plans", a.server.uids("Plans")[0], "INBOX")
    a.server.store("Plans", a.server.uids("Plans")[0], "+", "FRS")
    a.sync(name="changes there")
    equal(here(a), there(a), "moved there: moved here")
    neomutt(a, "Plans", "<tag-pattern>~F<enter><tag-prefix><clear-flag>!<quit>")
    a.sync(name="flags cleared in neomutt")
    ok(not any("F" in m["flags"] for m in a.server.messages("Plans")), "are cleared there")

    # Completed, they are messages like any other.
    one = path(a, "Work", 9)
    run = a.koc("fetch", one)
    equal(run.status, 0, "koc fetch")
    with open(one, "rb") as f:
        equal(f.read().replace(b"\n", b"\r\n"), originals["Message 09"], "it is whole")
    run = a.sync(name="koc after koc fetch")
    ok("APPEND" not in run.verbs and not run.fetched_bodies(), "nothing travels", run)
    equal(here(a), there(a), "all is in its place")
finish(at_least=39)
