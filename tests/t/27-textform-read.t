#!/usr/bin/python3
"""Text forms read from a real server: what is asked for, what comes of it, and what it costs beside whole
messages."""
import os, re, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import email
import hashlib
from harness import MEASURE, Server
from private import TOP, scratch
from tap import equal, finish, note, ok
from textforms import OTHER_CONTENT, OTHER_PARTS, content, flaws, header_of, sections
import corpus
import imap
import mimecorpus

TOOL = os.path.join(TOP, "build", "tools", "textform")
# Dovecot keeps them with other line ends than they were sent with.
OTHER_BYTES = {"cr-cr-lf", "corpus-cr-cr-lf"}


def read(server, mailbox, how):
    """Reads all; returns ({uid: (how, size, digest)}, {uid: bytes}, (bytes, turns), commands)."""
    directory = scratch("read")
    server.rawlog.mark()
    global peak
    run = subprocess.run([MEASURE, directory + ".costs", TOOL, "--read", str(server.port("imap")), "alice", mailbox, how, directory],
                         capture_output=True, text=True)
    ok(run.returncode == 0 and not run.stderr, f"textform --read {mailbox} {how}: status 0", run)
    server.await_sessions()
    with open(directory + ".costs") as f:
        peak = int(f.read().split()[0])
    *lines, costs = run.stdout.splitlines()
    told = {int(l.split()[0]): l.split()[1:] for l in lines}
    data = {int(name): open(f"{directory}/{name}", "rb").read() for name in os.listdir(directory)}
    numbers = [int(n) for n in re.findall(r"\d+", costs)]
    return told, data, numbers, [c for s in server.rawlog.sessions() for c in s]


def fetched(commands):
    return [c.line for c in commands if "BODY.PEEK[" in c.line]


cases = [m for m in mimecorpus.messages() if m.data]
cases += [mimecorpus.Case("corpus-" + m.name, m.data, None) for m in corpus.messages("small", 200)
          if m.data and m.name != "long-line"]
server = Server().start()
with imap.Imap(server.port("imap")) as client:
    client.create("Box")
    for case in cases:
        client.append("Box", case.data)
    validity = client.select("Box", examine=True)["uidvalidity"]
    there = {m["uid"]: m for m in client.messages("Box")}
told, forms, (text_bytes, turns), commands = read(server, "Box", "text")
_, whole, (whole_bytes, _), _ = read(server, "Box", "whole")
equal((sorted(told), sorted(forms)), (sorted(there), sorted(there)), "every message was read")
asked = fetched(commands)
note("\n".join(line[:150] for line in asked))
ok(turns <= 8, "in a few turns", turns)
ok(len(asked) < len(cases) / 4, "and a few commands", len(asked))
ok(text_bytes < whole_bytes * 0.75, "for fewer bytes", (text_bytes, whole_bytes))
ok(sum("BODY.PEEK[]" in line for line in asked) <= 1, "whole messages too by header and text")
wrong, checked = [], 0
for uid, case in enumerate(cases, 1):
    how, size, digest = told[uid]
    data = there[uid]["data"]
    equal((int(size), digest), (len(data), hashlib.sha256(
        re.sub(rb"\r\n", b"\n", header_of(data) if b"\r\n\r\n" in data else data)).hexdigest()),
        f"{case.name}: its print is the message's") if case.name not in OTHER_BYTES | {
            "corpus-no-header", "no-header", "corpus-header-only"} else None
    if case.whole is not None:
        equal(how, "whole" if case.whole else "text", f"{case.name}: how it is read")
    if how == "whole":
        ok(forms[uid] == data, f"{case.name}: it is whole")
        continue
    used = case.texts + [h + "h" for h in case.html]
    if case.whole is None:
        used = ["1"] if b"multipart/" in header_of(data) and case.name != "corpus-nested" else []
    found = flaws(case.name, data, forms[uid], used, "test", validity, uid)
    ok(not found, f"{case.name}: its text form", "\n".join(found) + "\n" +
       forms[uid][:2000].decode(errors="replace")[:4000])
    checked += 1
ok(checked > 100, "as many text forms", checked)

# ---- one section of a message ------------------------------------------------------------------


stubs, wanted = [], {}
for uid, case in enumerate(cases, 1):
    if told[uid][0] != "text":
        continue
    found = sections(email.message_from_bytes(there[uid]["data"]))
    for section in sorted(set(re.findall(rb"^X-Koc-Part: test \d+ \d+ ([\d.]+) ", forms[uid], re.M))):
        section = section.decode()
        stubs.append(f"{uid} {section}")
        if section in found and case.name not in OTHER_PARTS and OTHER_CONTENT.get(case.name) != section:
            wanted[f"{uid}.{section}"] = content(found[section])
directory = scratch("sections")
server.rawlog.mark()
run = subprocess.run([TOOL, "--sections", str(server.port("imap")), "alice", "Box", directory], capture_output=True,
                     text=True, input="\n".join(stubs + ["1 77", "999999 1"]) + "\n")
ok(run.returncode == 0 and not run.stderr, "textform --sections: status 0", run)
server.await_sessions()
*lines, costs = run.stdout.splitlines()
outcomes = {" ".join(l.split()[:2]): l.split(maxsplit=2)[2] for l in lines}
equal(sorted(outcomes), sorted(stubs + ["1 77", "999999 1"]), "each section has an outcome")
odd = {name: outcome for name, outcome in outcomes.items() if outcome != "ok"}
equal({k: v for k, v in odd.items() if v != "as sent"}, {
    "1 77": "fail: the message has no part 77", "999999 1": "fail: UID 0000999999 is not there any more"},
    "all stubs' parts are there")
wrong = []
for name, data in wanted.items():
    with open(f"{directory}/{name}", "rb") as f:
        got = f.read()
    if got != data:
        wrong.append(f"{cases[int(name.split('.')[0]) - 1].name} {name}: {got[:100]} instead of {data[:100]}")
ok(not wrong, "and decode to what Python makes of them", "\n".join(wrong[:20]))
ok(len(wanted) > 150, "as many sections", len(wanted))
ok(not any("PEEK[]" in c.line for s in server.rawlog.sessions() for c in s), "nothing whole was asked for")

# ---- no attachment travels --------------------------------------------------------------------

maker = corpus.Maker(7, 1 << 20)
with imap.Imap(server.port("imap")) as client:
    client.create("Attached")
    size = attachments = 0
    for i in range(300):
        data = maker.attached(maker.date(), 40000) if i % 7 == 0 else maker.plain(maker.date(), 2000)
        client.append("Attached", data)
        size += len(data)
        attachments += i % 7 == 0
told, forms, (text_bytes, turns), commands = read(server, "Attached", "text")
_, _, (whole_bytes, _), _ = read(server, "Attached", "whole")
equal(sum(how == "text" for how, *_ in told.values()), attachments, "what has attachments is a text form")
ok(text_bytes < size - attachments * 40000 + 300 * 600, "no attachment was transferred", (text_bytes, whole_bytes, size))
ok(not any(re.search(r"PEEK\[2\]|PEEK\[\]", line) for line in fetched(commands)), "none was asked for",
   fetched(commands))
ok(turns <= 8, "in a few turns", turns)

# ---- memory stays small, however long the headers are -----------------------------------------

HEADER = "".join(f"X-Trace-{i}: {'hop ' * 18}\r\n" for i in range(450))
MESSAGE = (HEADER + "Subject: %d\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext %d\r\n--b\r\n"
           "Content-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\n" + "R0lG" * 15 + "\r\n--b--\r\n")
with imap.Imap(server.port("imap")) as client:
    client.create("Long")
    for i in range(700):
        client.append("Long", (MESSAGE % (i, i)).encode())
told, forms, (text_bytes, turns), commands = read(server, "Long", "text")
equal([how for how, *_ in told.values()].count("text"), 700, "long headers: all are text forms")
ok(all(f"\r\ntext {uid - 1}\r\n".encode() in form for uid, form in forms.items()), "with their own texts")
ok(not any("PEEK[]" in line for line in fetched(commands)), "nothing whole was asked for", fetched(commands))
ok(len(HEADER) * 700 > 24 << 20 and peak < 22 << 10, "in little memory", peak)
ok(turns <= 20, "in a few turns", turns)
server.stop()
finish(at_least=500)
