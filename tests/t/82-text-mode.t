#!/usr/bin/python3
"""A mailbox of 2,000 messages of which 15 % have attachments, as text forms, by default and whole: what goes over the
wire, in how many turns; and that no attachment does before it is asked for."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import KOC, Account, Server, corpus
from benchlib import PEAK, Relay
from tap import equal, finish, note, ok
from textforms import is_text

COUNT = 2000
MODES = {"text": 'folder "mail/*" { mode = text }', "default": "", "full": 'folder "mail/*" { mode = full }'}
instrumented = b"__asan_init" in open(KOC, "rb").read() if os.path.exists(KOC) else False


def attachments(server):
    """How many attachments the server sent since the last mark, from its raw logs."""
    found = 0
    for path in server.rawlog.files():
        with open(path.removesuffix(".in") + ".out", "rb") as f:
            found += f.read().count(corpus.ATTACHED.strip())
    return found


def counted_sync(a, name):
    relay = Relay(a.host.port())
    a.configure(url=f"imaps://127.0.0.1:{relay.port}", folders=MODES[a.user])
    run = a.measured_sync(name=name)
    a.configure(folders=MODES[a.user])
    counts = relay.stop()
    note(f"{name}: {counts['up']} bytes up, {counts['down']} down, {counts['turns']} turns, {run.peak} KB of memory")
    ok(instrumented or run.peak <= PEAK, f"{name}: at most 32 MB of memory", run.peak)
    return run, counts


messages = list(corpus.messages("files", COUNT))
with_file = sum(m.name == "attached" for m in messages)
in_inbox = sum(m.name == "attached" and m.folder == "INBOX" for m in messages)
ok(.12 < with_file / COUNT < .18 and in_inbox > 20, "messages with attachments", (with_file, in_inbox))
forms = sum(m.name != "plain" for m in messages)

# What the relay counts are the bytes of TLS; without COMPRESS, so that the raw logs can be read.
server = Server(any_user=True, no_compress=True).start()
counts, runs = {}, {}
for mode, wanted, sent in (("text", forms, 0),
                           ("default", sum(m.name != "plain" and m.folder != "INBOX" for m in messages), in_inbox),
                           ("full", 0, with_file)):
    with Account(messages, server=server, user=mode, folders=MODES[mode]) as a:
        run, counts[mode] = counted_sync(a, f"first sync, {mode}")
        equal(attachments(server), sent, f"{mode}: attachments that went over the wire")
        here = [m for f in a.mail.folders() for m in a.mail.messages(f)]
        equal(len(here), COUNT, f"{mode}: all messages are here")
        equal(sum(is_text(m["data"]) for m in here), wanted, f"{mode}: those that have more than a text are text forms")
        if mode == "text":
            # Another run, changes of flags and moves ask for none of them.
            for path in a.mail.files("INBOX")[:50]:
                a.mail.flag(path, "FS")
            for path in a.mail.files("Sent")[:50]:
                a.mail.move(path, "Archive")
            run = a.sync(name="flags and moves")
            equal((attachments(server), run.fetched_bodies()), (0, []), "flags and moves: nothing of a body is fetched")
            a.silent(f"{mode}: another run")
            form = next(m["path"] for m in here if corpus.ATTACHED.strip() not in m["data"] and
                        b"report-" in m["data"] and os.path.exists(m["path"]))
            run = a.koc("fetch", form)
            equal((run.status, attachments(server)), (0, 1), "koc fetch: one attachment, the one that was asked for")
            with open(form, "rb") as f:
                ok(corpus.ATTACHED.strip() in f.read(), "and here it is")
server.stop()
share = {mode: counts[mode]["down"] / counts["full"]["down"] for mode in MODES}
ok(share["text"] < .35, "text: a third of the bytes", share)
ok(share["text"] < share["default"] < .6, "default: between text and full", share)
for mode in ("text", "default"):
    ok(counts[mode]["turns"] <= 3 * counts["full"]["turns"] + 30, f"{mode}: turns", counts)
note(", ".join(f"{mode}: {share[mode]:.2f} of full" for mode in MODES))
finish(at_least=25)
