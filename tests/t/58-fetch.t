#!/usr/bin/python3
"""koc fetch: text forms become whole where they lie, and nothing else is done; the next sync finds all in order."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json
from harness import Account, LISTING, text_message
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

TEXT = 'folder "mail/*" { mode = text }\n'
ASKING = {"CAPABILITY", "ID", "ENABLE", "NAMESPACE", "LIST", "STATUS", "SELECT", "EXAMINE", "UID FETCH", "COMPRESS", "LOGOUT"}


def here(a, folder):
    return {subject_of(m["data"]): m for m in a.mail.messages(folder)}


def path(a, folder, subject):
    return here(a, folder)[subject]["path"]


def whole(a, folder, *subjects):
    return [not is_text(here(a, folder)[s]["data"]) for s in subjects]


def base(name):
    return os.path.basename(name).split(":")[0]


def fetch(a, *words, status=0, name):
    run = a.koc("fetch", *words)
    ok(run.status == status, f"{name}: status {status}", run)
    beyond = [c for c in run.commands if c.verb not in ASKING]
    ok(not beyond, f"{name}: only asks", beyond)
    return run


def there(a):
    found = {f: sorted(subject_of(m["data"]) for m in a.server.messages(f)) for f in a.server.folders()}
    return {f: s for f, s in found.items() if s}


def vault(a):
    return [open(os.path.join(d, f), "rb").read() for d, _, fs in os.walk(f"{a.store}/.koc/vault") for f in fs]


def follows(a, wanted, name):
    """The next sync carries over what was done here, with no message sent or fetched, and all is in order."""
    run = a.sync(name=f"{name}: the next sync")
    ok("APPEND" not in run.verbs, f"{name}: no APPEND", run)
    ok(not run.fetched_bodies(), f"{name}: no body travels", run.fetched_bodies())
    equal(there(a), {f: sorted(s) for f, s in wanted.items() if s}, f"{name}: the server has each once")
    ok(not [1 for f in a.server.folders() for m in a.server.messages(f) if is_text(m["data"])], f"{name}: all whole there")
    a.silent(f"{name}: the run after that", allowed=LISTING)


with Account(None, folders=TEXT) as a:
    for i in range(14):
        a.server.append("INBOX", attached(f"Message {i}"), "S", ["todo"] if i == 0 else [])
    a.server.append("INBOX", text_message("Plain"), "S")
    for folder in ("Work", "Archive/2026"):
        a.server.create(folder)
    run = a.sync(name="first sync")
    sections = [c.line for c in run.commands if c.verb == "UID FETCH"]
    ok(sections and not any("BODY.PEEK[2" in s or "BODY.PEEK[]" in s for s in sections), "no attachment was fetched", sections)
    inbox = [f"Message {i}" for i in range(14)] + ["Plain"]

    # By its path.  Flags and time stay, also those that were changed since, here and there, and are not carried over yet.
    old = path(a, "INBOX", "Message 0")
    text = open(old, "rb").read()
    old = a.mail.flag(old, "FRSa")
    os.utime(old, (1234567890, 1234567890))
    a.server.store("INBOX", a.server.uids("INBOX")[0], "+", "P")
    a.server.append("INBOX", text_message("Not yet"), "")
    run = fetch(a, old, name="by path")
    new = path(a, "INBOX", "Message 0")
    equal((os.path.basename(new), int(os.stat(new).st_mtime)), (os.path.basename(old), 1234567890), "by path: name, flags and time stay")
    ok(os.stat(new).st_mode & 0o777 == 0o600, "by path: 0600")
    equal(here(a, "INBOX")["Message 0"]["digest"], next(m for m in a.server.messages("INBOX") if subject_of(m["data"]) == "Message 0")["digest"], "by path: the server's bytes")
    ok(text in vault(a), "by path: the text form lies in the vault")
    equal([c.line.split(" ", 1)[1] for c in run.commands if c.verb == "UID FETCH"], ["UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])"], "by path: that message alone")
    ok("Not yet" not in here(a, "INBOX"), "by path: nothing new is brought")
    ok("1 message fetched" in run.out, "by path: it is told", run)
    equal(there(a)["INBOX"], sorted(inbox + ["Not yet"]), "by path: the server is as it was")
    run = a.sync(name="flags go across then")
    equal(next(m for m in a.server.messages("INBOX") if subject_of(m["data"]) == "Message 0")["flags"], "FPRS", "flags there")
    equal((here(a, "INBOX")["Message 0"]["flags"], here(a, "INBOX")["Message 0"]["keywords"]), ("FPRS", ("todo",)), "flags here")
    inbox.append("Not yet")
    follows(a, {"INBOX": inbox}, "by path")

    # What is whole is told, without a connection.
    for name in ("Message 0", "Plain"):
        run = fetch(a, path(a, "INBOX", name), name=f"whole already, {name}")
        ok("whole" in run.out and not run.commands, f"whole already, {name}: it is told, nobody is asked", run)
    run = fetch(a, "Message.0@test", "-q", name="whole already, by Message-ID")
    equal((run.out, run.err, run.commands), ("", "", []), "whole already: -q says nothing")

    # By Message-ID, with brackets or without; several at once, one of them twice, one renamed by flags since; JSON.
    late = path(a, "INBOX", "Message 3")
    a.mail.flag(late, "")
    run = fetch(a, "Message.1@test", "<Message.2@test>", late, path(a, "INBOX", "Message 1"), "--json", name="several")
    told = json.loads(run.out)
    equal(sorted((t["subject"], t["result"], t["error"], t["account"]) for t in told), [(f"Message {i}", "fetched", None, "test") for i in (1, 2, 3)], "several: told in JSON")
    ok(all(os.path.exists(t["path"]) and t["folder"] == "mail/INBOX" and t["message-id"] == "<%s@test>" % t["subject"].replace(" ", ".") for t in told), "several: with their paths", told)
    equal(whole(a, "INBOX", "Message 1", "Message 2", "Message 3"), [True] * 3, "several: all whole")
    equal(len([c for c in run.commands if c.verb == "UID FETCH"]), 1, "several: one command for all")
    follows(a, {"INBOX": inbox}, "several")

    # Renamed here since the last sync: another base name, by a path that says so, or by its Message-ID.
    for i, how in ((4, "path"), (5, "id")):
        old = path(a, "INBOX", f"Message {i}")
        os.rename(old, os.path.join(os.path.dirname(old), f"renamed.{i}.laptop:2,S"))
        run = fetch(a, path(a, "INBOX", f"Message {i}") if how == "path" else f"Message.{i}@test", name=f"renamed, by {how}")
        equal((whole(a, "INBOX", f"Message {i}"), base(path(a, "INBOX", f"Message {i}"))), ([True], f"renamed.{i}.laptop"), f"renamed, by {how}: it is whole")
    follows(a, {"INBOX": inbox}, "renamed")

    # Moved here since the last sync; by a program that writes the header anew, too; into a folder that is new.
    a.mail.move(path(a, "INBOX", "Message 6"), "Work")
    old = path(a, "INBOX", "Message 7")
    a.mail.deliver("Archive/2026", open(old, "rb").read().replace(b"Subject:", b"X-Added: 1\nStatus: RO\nSubject:", 1), "FS")
    os.unlink(old)
    a.mail.make("Made here")
    a.mail.move(path(a, "INBOX", "Message 8"), "Made here")
    run = fetch(a, path(a, "Work", "Message 6"), "<Message.7@test>", path(a, "Made here", "Message 8"), name="moved")
    equal(whole(a, "Work", "Message 6") + whole(a, "Archive/2026", "Message 7") + whole(a, "Made here", "Message 8"), [True] * 3, "moved: whole where they lie")
    ok(b"X-Added" not in here(a, "Archive/2026")["Message 7"]["data"], "moved: as the server has it")
    for i in (6, 7, 8):
        inbox.remove(f"Message {i}")
    wanted = {"INBOX": inbox, "Work": ["Message 6"], "Archive/2026": ["Message 7"], "Made here": ["Message 8"]}
    follows(a, wanted, "moved")
    ok(next(m for m in a.server.messages("Archive/2026"))["flags"] == "FS", "moved: flags went along")

    # Copied: what the server does not have yet must be synchronised first; then it is as any other.
    copy = a.mail.copy(path(a, "INBOX", "Message 9"), "Work")
    run = fetch(a, copy, status=1, name="a copy")
    ok("koc sync first" in run.err and not run.commands, "a copy: it is told, nobody is asked", run)
    ok(is_text(open(copy, "rb").read()), "a copy: it stays as it is")
    run = fetch(a, path(a, "INBOX", "Message 9"), name="a copy's original")
    run = fetch(a, copy, name="a copy of what is whole")
    equal(whole(a, "Work", "Message 9"), [True], "a copy of what is whole: it is whole")
    wanted["Work"].append("Message 9")
    follows(a, wanted, "copied")
    ok(a.server.messages("Work")[-1]["digest"] == here(a, "Work")["Message 9"]["digest"], "copied: whole on both sides")

    # Moved, and copied from there.
    a.mail.move(path(a, "INBOX", "Message 10"), "Work")
    a.mail.copy(path(a, "Work", "Message 10"), "Archive/2026")
    run = fetch(a, path(a, "Work", "Message 10"), path(a, "Archive/2026", "Message 10"), name="moved and copied")
    inbox.remove("Message 10")
    wanted["Work"].append("Message 10")
    wanted["Archive/2026"].append("Message 10")
    follows(a, wanted, "moved and copied")
    equal(whole(a, "Work", "Message 10") + whole(a, "Archive/2026", "Message 10"), [True] * 2, "moved and copied: both whole")

    # A folder renamed here since the last sync, with a text form in it.
    a.mail.move(path(a, "INBOX", "Message 11"), "Made here")
    inbox.remove("Message 11")
    wanted["Made here"].append("Message 11")
    follows(a, wanted, "one more")
    os.rename(a.mail.path("Made here"), a.mail.path("Renamed"))
    run = fetch(a, "mail/Renamed", name="a folder renamed here")
    equal(whole(a, "Renamed", "Message 11"), [True], "a folder renamed here: it is whole")
    wanted["Renamed"] = wanted.pop("Made here")
    follows(a, wanted, "a folder renamed here")

    # A whole folder: those that were moved into it since, too, and not those that left it.
    for i in range(4):
        a.server.append("Work", attached(f"Work {i}"), "S")
    a.sync(name="more")
    a.mail.move(path(a, "Work", "Work 0"), "INBOX")
    a.mail.move(path(a, "INBOX", "Message 12"), "Work")
    run = fetch(a, "mail/Work", name="a folder")
    equal(whole(a, "Work", "Work 1", "Work 2", "Work 3", "Message 12") + whole(a, "INBOX", "Work 0"), [True] * 4 + [False], "a folder: all that lies in it")
    ok("4 messages fetched" in run.out, "a folder: counted", run)
    run = fetch(a, "mail/Work", name="a folder again")
    ok(not run.commands and not run.out, "a folder again: nobody is asked", run)
    wanted["Work"] = [s for s in wanted["Work"] if s != "Work 0"] + ["Work 1", "Work 2", "Work 3", "Message 12"]
    inbox.remove("Message 12")
    inbox.append("Work 0")
    follows(a, wanted, "a folder")

    # By its directory, and by a pattern.
    run = fetch(a, a.mail.path("INBOX"), name="a directory")
    equal(whole(a, "INBOX", *inbox), [True] * len(inbox), "a directory: all whole")
    for f in ("Archive/2026", "Archive/2027"):
        a.server.create(f) if f.endswith("7") else None
        a.server.append(f, attached(f"In {f[-4:]}"), "S")
        wanted.setdefault(f, []).append(f"In {f[-4:]}")
    a.sync(name="archives")
    run = fetch(a, "mail/Archive/%", name="a pattern")
    equal(whole(a, "Archive/2026", "In 2026") + whole(a, "Archive/2027", "In 2027"), [True] * 2, "a pattern: all whole")
    follows(a, wanted, "a pattern")

    # From the directory that it lies in.
    a.server.append("INBOX", attached("Last"), "S")
    inbox.append("Last")
    a.sync(name="last")
    os.chdir(f"{a.mail.path('INBOX')}/cur")
    run = a.koc("fetch", os.path.relpath(path(a, "INBOX", "Last"), a.base))
    equal((run.status, whole(a, "INBOX", "Last")), (0, [True]), "by a path from here")
    follows(a, wanted, "by a path from here")

    # What was asked for does not expire; what was not does.
    for i in range(2):
        a.server.append("Work", attached(f"Old {i}"), "S", date=1704103200)
        wanted["Work"].append(f"Old {i}")
    a.sync(name="old ones")
    fetch(a, "Old.0@test", name="an old one")
    a.configure(folders='folder "mail/Work" { mode = full }\n' + TEXT)
    a.sync(name="all of it")
    equal(whole(a, "Work", "Old 0", "Old 1"), [True, True], "all of it: whole")
    a.configure(folders='folder "mail/*" { mode = text\n expire-attachments = 30 }\n')
    a.sync(name="expired")
    equal(whole(a, "Work", "Old 0", "Old 1"), [True, False], "what was asked for does not expire, what was not does")
    follows(a, wanted, "expired")

    run = a.koc("status")
    ok("Waiting" not in run.out and "Set aside" not in run.out, "nothing is open in the end", run.out)
finish(at_least=120)
