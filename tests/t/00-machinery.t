#!/usr/bin/python3
"""The tests' own machinery: the launcher, the corpus, the oracle and the raw log reader, with mbsync as
the program under test.  Above all: the oracle must be able to say no."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import contextlib, io, shutil
import harness, mutf7, rawlog, tap
from harness import Account, corpus, text_message
from tap import ok, equal, finish, skip_all

if not shutil.which("mbsync"):
    skip_all("needs mbsync")
harness.KOC = os.path.join(harness.TOP, "tests/tools/mbsync-as-koc")

# ---- names on the wire
for name, wire in (("INBOX", "INBOX"), ("日本語", "&ZeVnLIqe-"), ("a&b", "a&-b"),
                   ("Projekt ÄÖÜ", "Projekt &AMQA1gDc-")):
    equal(mutf7.encode(name), wire, f"mailbox name {name} on the wire")
    equal(mutf7.decode(wire), name, f"mailbox name {name} read back")

# ---- the corpus
small = list(corpus.messages("small"))
equal([m.data for m in small], [m.data for m in corpus.messages("small")],
      "the corpus is the same for the same seed")
ok(small[30].data != list(corpus.messages("small", seed=2))[30].data, "and another for another")
equal(len(small), 200, "the small corpus has 200 messages")
ok(len({m.folder for m in small}) == 9, "in nine folders")

# ---- the raw log reader
said = rawlog.commands_of(b'a APPEND "x" {9}\r\nb LOGOUT\n\r\nc UID STORE 1 +FLAGS ()\r\n')
equal([c.verb for c in said], ["APPEND", "UID STORE"], "literals are not commands")
bare = ["IMAP4rev1"]
for line, bad in (('a LIST "" "*"', False), ('a LIST "" "*" RETURN (STATUS (UIDNEXT))', True),
                  ("a UID MOVE 1 x", True), ('a SELECT "MOVE"', False), ("a UID EXPUNGE 1", True),
                  ("a EXPUNGE", False), ("a APPEND x {3+}", True), ("a APPEND x {3}", False),
                  ("a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3)", True), ("a ENABLE QRESYNC", True),
                  ("a SELECT x (CONDSTORE)", True), ("a UID SEARCH ALL", False)):
    ok(bool(rawlog.unadvertised(line, bare)) == bad, f"on a bare server: {line}: {bad}")
ok(not rawlog.unadvertised("a UID MOVE 1 x", ["MOVE"]), "with MOVE: MOVE")

# ---- mbsync between a server and a store; it takes no keywords, and no names beyond ASCII
mail = [m for m in small if m.folder.isascii() and "&" not in m.folder]
for m in mail:
    m.keywords = []
with Account(mail) as a:
    a.oracle = {"ignore_noise": True, "keywords": False}
    run = a.sync(name="mbsync pulls")
    ok(run.fetched_bodies(), "its commands are seen in the raw log, compressed as they are")
    # It rewrites line ends that are not LF or CRLF and messages without a header: not its fault here.
    odd = {"cr-cr-lf", "bare-cr", "no-header", "header-only", "empty-body"}
    lines = a.differences(dates=True)[0]
    ok(len(lines) <= 2 * len(odd), "what it pulled is equal but for the oddest", "\n".join(lines))
    base = set(lines)

    def differs(name, change, undo=None):
        change()
        new = set(a.differences(dates=True)[0]) - base
        ok(new, f"the oracle sees {name}", "no difference")
        if undo:
            undo()
            equal(set(a.differences(dates=True)[0]), base, f"… and that it is gone again")

    sent = a.mail.messages("Sent")[0]
    path = sent["path"]
    other = path.partition(":2,")[0] + ":2,DT"
    differs("a changed flag", lambda: os.rename(path, other), lambda: os.rename(other, path))
    twin = path.replace(":2,", "twin:2,")
    differs("a duplicate", lambda: shutil.copy2(path, twin), lambda: os.unlink(twin))
    away = os.path.join(a.base, "away")
    differs("a missing message", lambda: os.rename(path, away), lambda: os.rename(away, path))
    moved = path.replace("/Sent/", "/Drafts/")
    differs("a message in another folder", lambda: os.rename(path, moved),
            lambda: os.rename(moved, path))
    stamp = os.stat(path)
    differs("another received time", lambda: os.utime(path, (1, 1)),
            lambda: os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns)))

    def flip():
        with open(path, "r+b") as f:
            f.seek(-5, os.SEEK_END)
            byte = f.read(1)
            f.seek(-5, os.SEEK_END)
            f.write(bytes([byte[0] ^ 1]))
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    differs("one changed bit", flip, flip)
    differs("a folder only here", lambda: a.mail.make("Mine"),
            lambda: shutil.rmtree(a.mail.path("Mine")))
    differs("a folder only there", lambda: a.server.create("Theirs"),
            lambda: a.server.delete("Theirs"))
    differs("a new message there", lambda: a.server.append("Sent", text_message("New there")))
    uid = a.server.uids("Sent")[-1]
    differs("a flag there", lambda: a.server.store("Sent", uid, "+", "F"))
    a.oracle["keywords"] = True
    differs("a keyword there", lambda: a.server.store("Sent", uid, "+", keywords=["todo"]))
    there = sorted(m["digest"] for m in a.server.messages("Sent"))
    a.renumber("Sent")  # which asserts that it did
    equal(sorted(m["digest"] for m in a.server.messages("Sent")), there,
          "a mailbox can be renumbered, with the same messages in it")

    # The facts that tests state must be able to fail as well.
    for name, fact in (("both sides are equal", a.equal),
                       ("status 99", lambda name: a.sync(status=99, name=name)),
                       ("a run that only looks", a.silent)):
        count, failed = tap.count, tap.failed
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            fact(name)
        said_no = tap.failed > failed
        tap.count, tap.failed = count, failed
        ok(said_no, f"a test can say no: {name}")
finish(at_least=50)
