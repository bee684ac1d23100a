#!/usr/bin/python3
"""koc fetch --part: one attachment, decoded, into a file; the message stays a text form, and nothing else of it is
fetched."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import base64, json, pty, shutil
from harness import Account, LISTING, KOC
from tap import equal, finish, ok
from textforms import is_text, subject_of

TEXT = 'folder "mail/*" { mode = text }\n'
PDF = bytes(range(256)) * 40
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(5000)
NOTE = b"A line.\nThe second one \xc3\xa4.\n"


def here(a, folder):
    return {subject_of(m["data"]): m for m in a.mail.messages(folder)}


def path(a, folder, subject):
    return here(a, folder)[subject]["path"]


def lines(data, size=76):
    text = base64.b64encode(data).decode()
    return "\r\n".join(text[i:i + size] for i in range(0, len(text), size)) + "\r\n"


def message(subject):
    """A text; a document with a name in another script; two notes of one name, one of them quoted-printable; a
    message with a picture in it; uuencode."""
    inner = ("From: joe@example.com\r\nSubject: Inner\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
             "--in\r\nContent-Type: text/plain\r\n\r\nInner text.\r\n"
             "--in\r\nContent-Type: image/png; name=inner.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(PICTURE) + "--in--\r\n")
    return ("From: jane@example.com\r\nTo: alice@example.com\r\n" + f"Subject: {subject}\r\nMessage-ID: <{subject.replace(' ', '.')}@test>\r\n"
            "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: text/plain\r\n\r\nSome text.\r\n"
            "--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename*=UTF-8''R%C3%A9sum%C3%A9%20%E2%82%AC.pdf\r\n\r\n" + lines(PDF) +
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
            "Content-Disposition: attachment; filename=note.txt\r\n\r\nA line.\r\nThe second=20one =C3=\r\n=A4.\r\n\r\n"
            "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=note.txt\r\n\r\nPlain.\r\n"
            "--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=inner.eml\r\n\r\n" + inner +
            "--b\r\nContent-Type: application/octet-stream; name=old.uu\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 old\r\n#86)C\r\nend\r\n"
            "--b--\r\n").encode()


count = 0


def part(a, name, *words, status=0, says="", asks=True, kept=None, about=None):
    """Fetches a part into a new file; returns what is in it, None if there is no file."""
    global count
    count += 1
    about = about or f"{count}, {name}"
    out = f"{a.base}/out.{count}"
    before = a.tree()
    run = a.koc("fetch", "--part", name, "-o", out, *words)
    ok(run.status == status and says in run.err, f"{about}: status {status}", run)
    equal(a.tree(), before, f"{about}: nothing changes in the store")
    asked = [c.line.split(" ", 1)[1] for c in run.commands if c.verb == "UID FETCH"]
    ok(bool(asked) == asks, f"{about}: the server is {'' if asks else 'not '}asked", asked)
    ok(not run.fetched_bodies() and not run.writes(), f"{about}: no whole message, no write", run)
    ok(not [f for f in os.listdir(a.base) if f.startswith(".koc")], f"{about}: nothing is left over")
    if not os.path.exists(out):
        return None
    ok(os.stat(out).st_mode & 0o777 == 0o600, f"{about}: 0600")
    part.asked = asked
    with open(out, "rb") as f:
        return f.read()


with Account(None, folders=TEXT) as a:
    for i in range(4):
        a.server.append("INBOX", message(f"Message {i}"), "S")
    a.server.create("Work")
    a.sync(name="first sync")
    file = path(a, "INBOX", "Message 0")
    ok(is_text(open(file, "rb").read()), "a text form")

    # By its name, in whatever script; by its number; by its Message-ID; of what is here, nobody is asked.
    equal(part(a, "Résumé €.pdf", file), PDF, "by its name")
    equal([l for l in part.asked if "BODY.PEEK[2]" in l], ["UID FETCH 1 (UID BODY.PEEK[2.MIME] BODY.PEEK[2])"], "that part alone")
    equal(part(a, "2", "Message.0@test"), PDF, "by its number")
    equal(part(a, "3", "<Message.0@test>"), NOTE, "quoted-printable")
    equal(part(a, "4", "<Message.0@test>"), b"Plain.", "as it was sent")
    inner = part(a, "inner.eml", file)
    ok(inner and b"Subject: Inner" in inner and b"inner.png" in inner, "an attached message", inner and inner[:200])
    equal(part(a, "old.uu", file, says="encoding is not known"), b"begin 644 old\n#86)C\nend", "an old encoding")

    # None, or several.
    equal(part(a, "note.txt", file, status=64, says="several parts are called note.txt, name one by its number: 3 note.txt, 4 note.txt", asks=False), None, "several")
    equal(part(a, "nothing.pdf", file, status=64, says="no part nothing.pdf, it has 2 Résumé €.pdf", asks=False), None, "none")
    equal(part(a, "9", file, status=64, says="no part 9", asks=False), None, "no such number")
    equal(part(a, "2", "nobody@test", status=64, says="there is no message", asks=False), None, "no such message")
    equal(part(a, "2", "mail/INBOX", status=64, says="one message", asks=False), None, "a folder")
    equal(part(a, "2", file, path(a, "INBOX", "Message 1"), status=64, says="one message", asks=False), None, "two messages")

    # Of a whole message nobody is asked.
    a.koc("fetch", path(a, "INBOX", "Message 1"))
    whole = path(a, "INBOX", "Message 1")
    equal(part(a, "Résumé €.pdf", whole, asks=False), PDF, "of a whole message")
    equal(part(a, "3", whole, asks=False), NOTE, "of a whole message, by number")
    equal(part(a, "5.2", "Message.1@test", asks=False, status=64, says="no part 5.2"), None, "attached messages are one part")

    # Moved, copied, edited: the attachment is what it was.
    moved = a.mail.move(path(a, "INBOX", "Message 2"), "Work")
    equal(part(a, "2", moved), PDF, "of one that was moved here")
    copied = a.mail.copy(moved, "INBOX")
    equal(part(a, "2", copied), PDF, "of a copy")
    equal(part(a, "2", "Message.2@test"), PDF, "of either, by Message-ID")
    a.mail.edit(copied, b"An edit.\n")
    equal(part(a, "2", copied), PDF, "of one that was edited")
    os.unlink(copied)
    a.configure(folders=TEXT + 'folder "mail/Work" { mode = off }\n')
    equal(part(a, "2", moved), PDF, "of one in a folder that is off")
    a.configure(folders=TEXT)
    a.sync(name="moved")

    # Where it goes.
    out = f"{a.base}/there"
    with open(out, "w") as f:
        f.write("mine")
    run = a.koc("fetch", "--part", "2", "-o", out, file)
    ok(run.status == 64 and "is there already" in run.err and not run.commands, "a file that is there: status 64, nobody is asked", run)
    equal(open(out).read(), "mine", "a file that is there stays as it is")
    run = a.koc("fetch", "--part", "2", "-o", a.base, file)
    ok(run.status == 64 and "is a directory" in run.err, "a directory: status 64", run)
    run = a.koc("fetch", "--part", "2", "-o", f"{a.base}/nowhere/x", file)
    ok(run.status == 1 and "nowhere" in run.err, "no such directory: status 1", run)
    run = a.koc("fetch", "--part", "2", "-o", "/dev/null", file)
    equal(run.status, 0, "a device")
    run = a.koc("fetch", "--part", "3", "-o", "-", file, "-q")
    equal((run.status, run.out, run.err), (0, NOTE.decode(), ""), "standard output, and nothing else")
    run = a.koc("fetch", "--part", "3", "-o", "-", whole)
    equal((run.status, run.out), (0, NOTE.decode()), "standard output of what is here")
    run = a.koc("fetch", "--part", "3", "-o", "-", "--json", file)
    ok(run.status == 64 and not run.out, "standard output and JSON: status 64", run)
    run = a.koc("fetch", "--part", "3", file)
    ok(run.status == 64 and "needs -o" in run.err, "no -o: status 64", run)
    run = a.koc("fetch", "-o", out, file)
    ok(run.status == 64 and is_text(open(file, "rb").read()), "-o alone: status 64", run)
    run = a.koc("fetch", "--part", "2", "-o", f"{a.base}/json", "--json", file)
    told, = json.loads(run.out)
    equal((told["part"], told["section"], told["type"], told["bytes"], told["decoded"]), ("Résumé €.pdf", "2", "application/pdf", len(PDF), True), "told in JSON")
    run = a.koc("fetch", "--part", "2", "-o", f"{a.base}/people", file)
    ok("Résumé €.pdf (application/pdf, 10.2 KB) is in" in run.out, "told to people", run.out)

    # Not to a terminal: it could say anything to that.
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.dup2(slave, 1)
        os.execve(KOC, [KOC, "fetch", "-c", a.config, "--part", "3", "-o", "-", file], a.environment())
    os.close(slave)
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 64, "a terminal: status 64")
    os.close(master)

    # Killed at each step: there is no half file.
    for n in range(1, 30):
        out = f"{a.base}/killed.{n}"
        run = a.koc("fetch", "--part", "2", "-o", out, file, env={"KOC_TEST_KILL_AT": str(n)})
        if run.status == 0:
            break
        ok(not os.path.exists(out) or open(out, "rb").read() == PDF, f"killed at step {n}: whole or not there")
        ok(not [f for f in os.listdir(a.base) if f.startswith(".koc")], f"killed at step {n}: nothing is left over")
    ok(1 < n < 29, "there were steps, and an end of them", n)

    # Gone there; no server.
    uid = {subject_of(m["data"]): m["uid"] for m in a.server.messages("INBOX")}
    a.server.expunge("INBOX", uid["Message 3"])
    equal(part(a, "2", path(a, "INBOX", "Message 3"), status=1, says="does not have it there any more"), None, "expunged")
    a.disconnect()
    a.host.stop()
    out = f"{a.base}/offline"
    run = a.koc("fetch", "--part", "2", "-o", out, file)
    ok(run.status == 75 and not os.path.exists(out), "no server: status 75", run)
    run = a.koc("fetch", "--part", "2", "-o", out, whole)
    equal((run.status, open(out, "rb").read()), (0, PDF), "no server: of what is whole all the same")
    a.host.start()
    a.configure(folders=TEXT)
    a.sync(name="after all")
    ok(is_text(open(file, "rb").read()), "the text form is one still")
    a.silent("after all: the next run", allowed=LISTING)
finish(at_least=150)
