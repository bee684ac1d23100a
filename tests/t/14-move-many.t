#!/usr/bin/python3
"""A thousand messages moved, here and on the server, whole ones and text forms: a few flights, and no message
travels."""
import os, re, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, text_message
from benchlib import Relay
from tap import equal, finish, note, ok
import textforms

COUNT = 1000
BODY = "".join(f"A line of text that must not travel again, number {i}.\r\n" for i in range(60))
PLACES = ("Archive", "Work/A", "Work/B")


def numbered(mode, i):
    """Of equal length, so that no size tells them apart."""
    name = f"Message {i:04}"
    return textforms.attached(name, text=BODY) if mode == "text" else text_message(name, BODY)


def counted_sync(a, name):
    """A run through the relay; what crossed it."""
    relay = Relay(a.host.port())
    a.configure(url=f"imaps://127.0.0.1:{relay.port}", folders=a.folders)
    run = a.sync(name=name)
    a.configure(folders=a.folders)
    counts = relay.stop()
    note(f"{name}: {counts['up']} bytes up, {counts['down']} down, {counts['turns']} turns")
    return run, counts


def headers(run):
    return [c for c in run.commands if "HEADER" in c.line]


def nothing_travelled(run, name):
    ok("APPEND" not in run.verbs and not run.fetched_bodies() and
       not [c for c in run.commands if re.search(r"BODY\.PEEK\[\d|BODYSTRUCTURE", c.line)],
       f"{name}: no message was sent or received", run)


def both_equal(a, name):
    if a.mode == "full":
        a.equal(f"{name}: equal", at_least=COUNT)
    else:
        equal(textforms.differences(a.server, a.mail), [], f"{name}: equal")
        ok(all(textforms.is_text(m["data"]) for f in a.mail.folders() for m in a.mail.messages(f)),
           f"{name}: text forms all")


for mode in ("full", "text"):
    with Account(None, folders=f'folder "mail/*" {{ mode = {mode} }}') as a:
        a.mode, a.folders = mode, f'folder "mail/*" {{ mode = {mode} }}'
        for name in PLACES[1:]:
            a.server.create(name)
        for i in range(COUNT):
            a.server.append("INBOX", numbered(mode, i), "S" if i % 3 else "", ["todo"] if i % 10 == 0 else [])
        a.sync(name=f"{mode}: {COUNT} messages are here")

        for path in a.mail.files("INBOX"):
            a.mail.move(path, "Archive")
        what = f"{mode}: moved here with mv"
        run, counts = counted_sync(a, what)
        equal(run.verbs.count("UID MOVE"), 1, f"{what}: one MOVE for all")
        nothing_travelled(run, what)
        equal(headers(run), [], f"{what}: no header was read")
        # TLS, login and list, MOVE, and the look at what came of it; then lines of flags, sizes and dates.
        ok(counts["turns"] <= 7, f"{what}: a few flights", counts)
        ok(counts["up"] < 4000 and counts["down"] < 300 * COUNT, f"{what}: a few bytes a message", counts)
        both_equal(a, what)
        a.silent(f"{what}: another run")

        # The headers tell which is which.
        uids = a.server.uids("Archive")
        for k, place in enumerate(PLACES[1:]):
            a.server.move("Archive", uids[k::2], place)
        what = f"{mode}: moved on the server to two folders"
        run, counts = counted_sync(a, what)
        nothing_travelled(run, what)
        equal(run.writes(), [], f"{what}: nothing was written")
        ok(counts["turns"] <= 9, f"{what}: a few flights", counts)
        ok(counts["down"] < 700 * COUNT, f"{what}: a header a message", counts)
        both_equal(a, what)
        a.silent(f"{what}: another run")

        # Into several folders at once: the server tells where each is now.
        for i, path in enumerate(a.mail.files("Work/A")):
            a.mail.move(path, (*PLACES, "INBOX")[i % 4 if i % 4 != 1 else 0])
        what = f"{mode}: moved here to three folders"
        run, counts = counted_sync(a, what)
        nothing_travelled(run, what)
        equal(headers(run), [], f"{what}: the server's word is enough")
        ok(counts["turns"] <= 7, f"{what}: a few flights", counts)
        both_equal(a, what)
        a.silent(f"{what}: another run")
finish(at_least=70)
