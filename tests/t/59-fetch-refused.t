#!/usr/bin/python3
"""What koc fetch does not do: each thing with its reason and its status, and nothing is lost by it."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, re, shutil, signal, socket, time
from cutter import Cutter
from harness import Account, LISTING, end_program, text_message
from meanwhile import Meanwhile
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

TEXT = 'folder "mail/*" { mode = text }\n'
OFF = TEXT + '    folder "mail/Off" { mode = off }\n'
PLAIN = 'tls = "none"'


def here(a, folder):
    return {subject_of(m["data"]): m for m in a.mail.messages(folder)}


def path(a, folder, subject):
    return here(a, folder)[subject]["path"]


def refused(a, status, name, *words, says="", asks=False):
    before = a.tree()
    run = a.koc("fetch", *words)
    ok(run.status == status, f"{name}: status {status}", run)
    ok(re.search(says, run.err), f"{name}: it is told why", run.err)
    equal(a.tree(), before, f"{name}: nothing changes here")
    if not asks:
        ok(not run.commands, f"{name}: nobody is asked", run)
    return run


def settled(a, name):
    a.silent(f"{name}: the next run", allowed=LISTING)


with Account(None, folders=OFF) as a:
    a.configure(folders=TEXT)
    a.server.create("Off")
    a.server.create("Gone")
    for f in ("Off", "Gone"):
        a.server.append(f, attached(f"In {f}"), "S")
    for i in range(12):
        a.server.append("INBOX", attached(f"Message {i}"), "S")
    run = refused(a, 1, "no store yet", "mail/INBOX", says="not synchronised yet|No such file")
    a.sync(name="first sync")

    # What there is not.
    refused(a, 64, "no argument", says="argument is missing")
    refused(a, 64, "no such Message-ID", "<nobody@test>", says="there is no message <nobody@test>")
    refused(a, 64, "no such folder", "mail/INBX", says="there is no folder mail/INBX: did you mean mail/INBOX")
    refused(a, 64, "no folder of mail", "calendars/Home", says="only mail")
    refused(a, 64, "no such file", "./nothing", says="nothing: No such file")
    refused(a, 64, "no such message", f"{a.mail.path('INBOX')}/cur/12345.nobody:2,S", says="12345.nobody: there is no such message")
    refused(a, 64, "in no store", "/etc/passwd", says="/etc/passwd: it lies in no account's store")
    os.makedirs(f"{a.store}/Conflicts/mail/cur", exist_ok=True)
    shutil.copy(path(a, "INBOX", "Message 0"), f"{a.store}/Conflicts/mail/cur/1.x:2,S")
    refused(a, 64, "in Conflicts", f"{a.store}/Conflicts/mail/cur/1.x:2,S", says="no mail folder")
    os.unlink(f"{a.store}/Conflicts/mail/cur/1.x:2,S")
    refused(a, 64, "its name alone", os.path.basename(path(a, "INBOX", "Message 0")), says="there is no message")

    # What is off.
    a.configure(folders=OFF)
    for words in (["mail/Off"], [path(a, "Off", "In Off")], ["In.Off@test"]):
        refused(a, 64, f"off, {len(words[0]) > 20}", *words, says="mail/Off is off")
    run = a.koc("fetch", "mail/Of*")
    equal((run.status, run.err, run.commands), (0, "", []), "off: a pattern passes it over")
    a.configure(folders=TEXT)
    a.sync(name="on again")

    # What was edited, here or under another name; it is as it was for the next sync.
    edited = path(a, "INBOX", "Message 1")
    a.mail.edit(edited, b"An edit.\n")
    refused(a, 1, "edited", edited, says="edited here")
    moved = path(a, "INBOX", "Message 2")
    data = open(moved, "rb").read().replace(b"Some text.", b"Another text.")
    os.unlink(moved)
    moved = a.mail.deliver("Gone", data, "S")
    refused(a, 1, "moved and edited", moved, "Message.2@test", says="edited here")
    # Another text form under its name.
    file, another = path(a, "INBOX", "Message 3"), path(a, "INBOX", "Message 4")
    shutil.copy(another, a.base + "/another")
    os.rename(a.base + "/another", file)
    refused(a, 1, "another message's text under its name", file, says="edited here")
    # The others of the folder are fetched all the same.
    run = a.koc("fetch", "mail/INBOX", "--json")
    told = json.loads(run.out)
    equal((run.status, sorted((t["result"], t["error"] is None) for t in told)), (1, [("failed", False)] * 2 + [("fetched", True)] * 9), "the others of the folder are fetched")
    a.sync(name="edits are conflicts")
    equal(len(os.listdir(f"{a.store}/Conflicts/mail/cur")), 3, "edits are conflicts")
    equal(sorted(subject_of(m["data"]) for m in a.server.messages("INBOX")), sorted(f"Message {i}" for i in range(12)), "the server is as it was")
    settled(a, "edited")

    # A text form of nobody's message, whatever account it names.
    form = open(path(a, "INBOX", "Message 1"), "rb").read()
    ok(is_text(form), "a text form")
    mark = re.search(rb"X-Koc-Part:\s+\S+\s+\S+\s+\S+\s+\S+\s+([0-9a-f]{64})", form).group(1)
    stranger = a.mail.deliver("Gone", form.replace(mark, b"0" * 63 + b"1"), "S")
    refused(a, 1, "nobody's", stranger, says="no message is known")
    os.unlink(stranger)
    other = re.sub(rb"(X-Koc-Part:\s+)[0-9a-f]{16}", rb"\g<1>0123456789abcdef", form)
    stranger = a.mail.deliver("Gone", other.replace(mark, b"0" * 63 + b"1"), "S")
    refused(a, 1, "another account's", stranger, says="no message is known")
    os.unlink(stranger)
    a.sync(name="they are gone")

    # Several messages with one Message-ID.
    a.server.append("INBOX", attached("Twice"), "S")
    a.server.append("Gone", attached("Twice"), "S")
    a.sync(name="twice")
    run = refused(a, 64, "ambiguous", "Twice@test", says="several messages")
    ok(path(a, "INBOX", "Twice") in run.err and path(a, "Gone", "Twice") in run.err, "ambiguous: both files are listed", run.err)
    run = a.koc("fetch", path(a, "Gone", "Twice"))
    equal(run.status, 0, "ambiguous: one by its file")
    run = a.koc("fetch", "Twice@test")
    equal((run.status, is_text(here(a, "INBOX")["Twice"]["data"])), (0, False), "then the other is meant")
    run = a.koc("fetch", "Twice@test")
    ok(run.status == 0 and "whole" in run.out, "then both are whole", run)
    settled(a, "ambiguous")

    # Removed here: the row is known, the file is not there.
    for i in range(8):
        a.server.append("INBOX", attached(f"More {i}"), "S")
    a.sync(name="more")
    os.unlink(path(a, "INBOX", "More 0"))
    refused(a, 1, "removed here", "More.0@test", says="is gone")

    # Not there any more: expunged, moved; the others are fetched.
    uid = {subject_of(m["data"]): m["uid"] for m in a.server.messages("INBOX")}
    a.server.expunge("INBOX", uid["More 1"])
    a.server.move("INBOX", uid["More 2"], "Gone")
    run = a.koc("fetch", *(path(a, "INBOX", f"More {i}") for i in (1, 2, 3)))
    ok(run.status == 1 and run.err.count("the server does not have it there any more") == 2, "expunged: told of both", run)
    equal([is_text(here(a, "INBOX")[f"More {i}"]["data"]) for i in (1, 2, 3)], [True, True, False], "expunged: their text stays, the other is whole")
    a.sync(name="expunged: the next sync")
    ok("More 1" not in here(a, "INBOX") and "More 2" in here(a, "Gone"), "expunged: it finds out")
    settled(a, "expunged")

    # Its folder is gone there, or was renamed.
    a.server.rename("Gone", "Elsewhere")
    run = refused(a, 1, "its folder is gone", path(a, "Gone", "More 2"), says="no folder mail/Gone any more", asks=True)
    a.sync(name="its folder is gone: the next sync")
    run = a.koc("fetch", path(a, "Elsewhere", "More 2"))
    equal(run.status, 0, "its folder is gone: fetched at its new place")

    # The numbers are new.
    a.renumber("INBOX")
    refused(a, 1, "renumbered", path(a, "INBOX", "More 4"), says="numbers the messages of mail/INBOX anew", asks=True)
    a.sync(name="renumbered: the next sync")
    run = a.koc("fetch", "More.4@test")
    equal((run.status, is_text(here(a, "INBOX")["More 4"]["data"])), (0, False), "renumbered: fetched then")
    settled(a, "renumbered")

    # No server; what is whole needs none.
    a.disconnect()
    a.host.stop()
    run = a.koc("fetch", path(a, "INBOX", "More 4"))
    equal(run.status, 0, "no server: what is whole is whole")
    before = a.tree()
    run = a.koc("fetch", path(a, "INBOX", "More 5"))
    ok(run.status == 75 and len(run.err.splitlines()) == 1, "no server: one line, status 75", run)
    equal(a.tree(), before, "no server: nothing changes")
    a.host.start()
    a.configure(folders=TEXT)
    a.configure(folders=TEXT, password="wrong")
    refused(a, 77, "a wrong password", path(a, "INBOX", "More 5"), says="login", asks=True)
    a.configure(folders=TEXT)

    # Another run holds the lock, and waits for a server that says nothing; what is whole needs no lock.  Then it is
    # told to end.
    mute = socket.create_server(("127.0.0.1", 0))
    mute.settimeout(60)
    silent = a.base + "/silent.conf"
    with open(a.config) as f, open(silent, "w") as g:
        os.fchmod(g.fileno(), 0o600)
        g.write(re.sub(r"imaps://[^\"]*", f"imaps://127.0.0.1:{mute.getsockname()[1]}", f.read()))
    began = time.monotonic()
    waiting = a.begin("fetch", path(a, "INBOX", "More 5"), config=silent)
    connection, _ = mute.accept()
    refused(a, 75, "another run holds the lock", path(a, "INBOX", "More 5"), says="another run")
    run = a.koc("fetch", path(a, "INBOX", "More 4"))
    ok(run.status == 0, "another run holds the lock: what is whole is whole", run)
    waiting[0].send_signal(signal.SIGINT)
    run = end_program(*waiting, began)
    ok(run.status == 130 and "SIGINT" in run.err, "told to end: status 130", run)
    connection.close()
    mute.close()

    # The line breaks in between; the next try goes on from there.
    for i in range(600):
        a.server.append("Archive", attached(f"Bulk {i}"), "S")
    a.sync(name="bulk")
    cutter = Cutter(a.host.port(), 1000000)
    a.configure(folders=TEXT, url=f"imaps://127.0.0.1:{cutter.port}")
    run = a.koc("fetch", "mail/Archive")
    left = sum(is_text(m["data"]) for m in a.mail.messages("Archive"))
    ok(run.status == 75, "the line breaks: status 75", run)
    cutter.close()
    a.configure(folders=TEXT)
    ok(left > 0, "the line breaks: some are left", left)
    run = a.koc("fetch", "mail/Archive")
    ok(run.status == 0 and f"{left} messages fetched" in run.out, "the line breaks: the rest comes then", run)
    equal(sum(is_text(m["data"]) for m in a.mail.messages("Archive")), 0, "the line breaks: all whole")
    settled(a, "the line breaks")

    # While it is fetched the user marks it (no matter), edits it, moves it, removes it.
    relay = Meanwhile(a.host.port("imap"))
    a.url = f"imap://127.0.0.1:{relay.port}"
    a.configure(PLAIN, folders=TEXT)
    for i, act in ((5, lambda p: a.mail.flag(p, "FS")), (6, lambda p: a.mail.edit(p, b"An edit.\n")),
                   (7, lambda p: a.mail.move(p, "Archive"))):
        file = path(a, "INBOX", f"More {i}")
        relay.when(rb"BODY\.PEEK\[\]", lambda: act(file))
        run = a.koc("fetch", file)
        ok(relay.done, f"meanwhile {i}: it was done", run)
        equal(run.status, 0 if i == 5 else 1, f"meanwhile {i}: status")
        ok(i == 5 or re.search("changed|edited|moved", run.err), f"meanwhile {i}: told", run.err)
    equal((is_text(here(a, "INBOX")["More 5"]["data"]), here(a, "INBOX")["More 5"]["flags"]), (False, "FS"), "marked meanwhile: whole, with its mark")
    ok(b"An edit." in here(a, "INBOX")["More 6"]["data"] and is_text(here(a, "Archive")["More 7"]["data"]), "edited, moved meanwhile: they stay as they are")
    relay.close()
    a.url = None
    a.configure(folders=TEXT)
    run = a.sync(name="meanwhile: the next sync")
    ok("APPEND" not in run.verbs, "meanwhile: no APPEND", run)
    flags = {subject_of(m["data"]): m["flags"] for m in a.server.messages("INBOX")}
    equal((flags["More 5"], "More 7" in flags), ("FS", False), "meanwhile: mark and move go across")
    settled(a, "meanwhile")
finish(at_least=100)
