#!/usr/bin/python3
"""A thousand messages moved, here and on the server: a few flights, and no message travels."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, text_message
from benchlib import Relay
from tap import equal, finish, note, ok

COUNT = 1000
BODY = "".join(f"A line of text that must not travel again, number {i}.\r\n" for i in range(60))
PLACES = ("Archive", "Work/A", "Work/B")


def counted_sync(a, name):
    """A run through the relay; what crossed it."""
    relay = Relay(a.host.port())
    a.configure(url=f"imaps://127.0.0.1:{relay.port}")
    run = a.sync(name=name)
    a.configure()
    counts = relay.stop()
    note(f"{name}: {counts['up']} bytes up, {counts['down']} down, {counts['turns']} turns")
    return run, counts


def headers(run):
    return [c for c in run.commands if "HEADER" in c.line]


def nothing_travelled(run, name):
    ok("APPEND" not in run.verbs and not run.fetched_bodies(), f"{name}: no message was sent or received", run)


def numbered(i):
    """Of equal length, so that no size tells them apart."""
    return text_message(f"Message {i:04}", BODY)


with Account(None) as a:
    for name in PLACES[1:]:
        a.server.create(name)
    for i in range(COUNT):
        a.server.append("INBOX", numbered(i), "S" if i % 3 else "", ["todo"] if i % 10 == 0 else [])
    a.sync(name=f"{COUNT} messages are here")

    for path in a.mail.files("INBOX"):
        a.mail.move(path, "Archive")
    run, counts = counted_sync(a, "moved here with mv")
    equal(run.verbs.count("UID MOVE"), 1, "one MOVE for all")
    nothing_travelled(run, "moved here")
    equal(headers(run), [], "moved here: no header was read")
    # TLS, login and list, MOVE, and the look at what came of it; then lines of flags, sizes and dates.
    ok(counts["turns"] <= 7, "moved here: a few flights", counts)
    ok(counts["up"] < 4000 and counts["down"] < 300 * COUNT, "moved here: a few bytes a message", counts)
    a.equal("moved here: equal", at_least=COUNT)
    a.silent("after the move here")

    # The headers tell which is which.
    uids = a.server.uids("Archive")
    for k, place in enumerate(PLACES[1:]):
        a.server.move("Archive", uids[k::2], place)
    run, counts = counted_sync(a, "moved on the server to two folders")
    nothing_travelled(run, "moved there")
    equal(run.writes(), [], "moved there: nothing was written")
    ok(counts["turns"] <= 9, "moved there: a few flights", counts)
    ok(counts["down"] < 700 * COUNT, "moved there: a header a message", counts)
    a.equal("moved there: equal", at_least=COUNT)
    a.silent("after the move there")

    # Into several folders at once: the server tells where each is now.
    for i, path in enumerate(a.mail.files("Work/A")):
        a.mail.move(path, (*PLACES, "INBOX")[i % 4 if i % 4 != 1 else 0])
    run, counts = counted_sync(a, "moved here to three folders")
    nothing_travelled(run, "to three folders")
    equal(headers(run), [], "to three folders: the server's word is enough")
    ok(counts["turns"] <= 7, "to three folders: a few flights", counts)
    a.equal("to three folders: equal", at_least=COUNT)
    a.silent("after the move to three folders")
finish(at_least=34)
