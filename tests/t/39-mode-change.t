#!/usr/bin/python3
"""A folder's mode changes: text to full completes, full to text keeps what is whole, attachments expire."""
import os, re, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

OLD = 1704103200


def mode(a, mode, more=""):
    a.configure(folders=f'folder "mail/*" {{ mode = {mode}\n {more} }}')


def here(a, folder):
    return {subject_of(m["data"]): m for m in a.mail.messages(folder)}


def forms(a, folder):
    return {s: is_text(m["data"]) for s, m in here(a, folder).items()}


with Account(None) as a:
    mode(a, "text")
    for i in range(6):
        a.server.append("INBOX", attached(f"Message {i}"), "S", ["todo"])
    a.server.append("INBOX", text_message("Plain"), "S")
    a.sync(name="text")
    before = {s: (os.path.basename(m["path"]).split(":")[0], int(os.stat(m["path"]).st_mtime)) for s, m in here(a, "INBOX").items()}
    equal(sum(forms(a, "INBOX").values()), 6, "six are text forms")

    # Flags changed on both sides at the time of the change go along.
    a.mail.flag(here(a, "INBOX")["Message 0"]["path"], "FS")
    a.server.store("INBOX", a.server.uids("INBOX")[1], "+", "R")
    mode(a, "full")
    run = a.sync(name="to full")
    a.equal("to full: both sides are equal", at_least=7)
    equal(sum(forms(a, "INBOX").values()), 0, "to full: all whole")
    ok("APPEND" not in run.verbs, "to full: nothing is sent", run.verbs)
    after = {s: (os.path.basename(m["path"]).split(":")[0], int(os.stat(m["path"]).st_mtime)) for s, m in here(a, "INBOX").items()}
    equal(after, before, "to full: each under its name, with its time")
    equal(len(a.server.messages("INBOX")), 7, "to full: no more there than before")
    a.silent("to full: the next run", allowed=LISTING)

    mode(a, "text")
    run = a.sync(name="back to text")
    equal(sum(forms(a, "INBOX").values()), 0, "back to text: what is whole stays so")
    ok(not run.fetched_bodies(), "back to text: nothing is fetched")
    a.server.append("INBOX", attached("New"), "")
    a.sync(name="a new one")
    equal([s for s, t in forms(a, "INBOX").items() if t], ["New"], "a new one is a text form")
    a.silent("the next run", allowed=LISTING)

    # An edit in a folder of text forms that are whole is sent; a text form that becomes whole meanwhile is none.
    a.mail.edit(here(a, "INBOX")["Message 2"]["path"])
    a.sync(name="a whole one is edited")
    ok(any(b"An added line." in m["data"] and b"Message 2" in m["data"] for m in a.server.messages("INBOX")), "a whole one is edited: the server has it")
    a.silent("edited: the next run", allowed=LISTING)

    # Moved while its folder becomes full; removed while it does.
    a.server.create("Other")
    for i in range(4):
        a.server.append("Other", attached(f"Other {i}"), "S")
    a.sync(name="another folder")
    equal(sum(forms(a, "Other").values()), 4, "another folder: text forms")
    a.mail.move(here(a, "Other")["Other 0"]["path"], "INBOX")
    os.unlink(here(a, "Other")["Other 1"]["path"])
    a.mail.edit(here(a, "Other")["Other 2"]["path"])
    a.server.move("Other", a.server.uids("Other")[3], "INBOX")
    mode(a, "full")
    a.sync(name="changed with all else")
    a.sync(name="changed with all else: again")
    a.equal("changed with all else: both sides are equal", at_least=9)
    equal(sum(forms(a, "INBOX").values()) + sum(forms(a, "Other").values()), 0, "changed with all else: all whole")
    ok(all(not is_text(m["data"]) for f in a.server.folders() for m in a.server.messages(f)), "all whole on the server")
    a.silent("changed with all else: the next run", allowed=LISTING)

    # Attachments expire: old whole messages become text forms, edited and new ones do not.
    mode(a, "text")
    for i in range(5):
        a.server.append("INBOX", attached(f"Old {i}"), "S", date=OLD)
    a.server.append("INBOX", text_message("Old plain"), "S", date=OLD)
    mode(a, "full")
    a.sync(name="old ones")
    equal(sum(forms(a, "INBOX").values()), 0, "old ones are whole")
    a.mail.edit(here(a, "INBOX")["Old 1"]["path"])
    a.mail.flag(here(a, "INBOX")["Old 1"]["path"], "FS")
    os.unlink(here(a, "INBOX")["Old 2"]["path"])
    a.mail.flag(here(a, "INBOX")["Old 3"]["path"], "FS")
    names = {s: os.path.basename(m["path"]).split(":")[0] for s, m in here(a, "INBOX").items()}
    wholes = {s: m["data"] for s, m in here(a, "INBOX").items()}
    mode(a, "text", "expire-attachments = 30")
    run = a.sync(name="expired")
    ok("APPEND" in run.verbs, "expired: the edited one is sent", run.verbs)
    a.sync(name="expired: again")
    got = {s: t for s, t in forms(a, "INBOX").items() if s.startswith("Old")}
    equal(sorted(s for s, t in got.items() if t), ["Old 0", "Old 1", "Old 3", "Old 4"], "expired: old ones are text forms")
    ok(any(b"An added line." in m["data"] and b"Old 1" in m["data"] for m in a.server.messages("INBOX")), "expired: the server has the edit")
    equal({s: os.path.basename(m["path"]).split(":")[0] for s, m in here(a, "INBOX").items() if s in got and s != "Old 1"},
          {s: n for s, n in names.items() if s in got and s != "Old 1"}, "expired: each under its name")
    vault = [open(os.path.join(d, f), "rb").read() for d, _, fs in os.walk(f"{a.store}/.koc/vault") for f in fs]
    ok(all(any(wholes[s].replace(b"\r\n", b"\n") == v.replace(b"\r\n", b"\n") for v in vault) for s in ("Old 0", "Old 3", "Old 4")), "expired: the whole ones lie in the vault")
    ok(next(m for m in a.server.messages("INBOX") if b"Old 3" in m["data"])["flags"] == "FS", "expired: flags went along")
    ok(not [s for s, t in forms(a, "INBOX").items() if t and not s.startswith("Old")], "expired: no newer one")
    a.silent("expired: the next run", allowed=LISTING)
    ok(all(not is_text(m["data"]) for f in a.server.folders() for m in a.server.messages(f)), "expired: all whole on the server")
finish()
