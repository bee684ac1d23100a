#!/usr/bin/python3
"""The structure that a real server tells of odd messages, and the one koc reads from their own bytes, are
the same."""
import os, re, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Server
from private import TOP, scratch
from tap import equal, finish, ok
import corpus
import imap
import mimecorpus

TOOL = os.path.join(TOP, "build", "tools", "textform")

# Where Dovecot sees it differently, and what follows for text mode: those are fetched whole.
ODD = {
    # A multipart without parts has one empty part there, none here.
    "no-such-boundary", "no-boundary", "empty-boundary", "broken-multipart",
    # Not even a type: RFC 2045 5.2 has text/plain for it.
    "type-is-nonsense",
    # Limits of ours: 50 deep, 10,000 parts.
    "too-deep", "too-many",
    # Names as only careless programs write them.
    "name-hostile", "name-bare",
    # The file that Dovecot keeps holds one CR less.
    "cr-cr-lf",
}


def value(pieces):
    """A response with its literals as quoted strings."""
    text = b""
    for i, piece in enumerate(pieces):
        if i % 2:
            text += b'"' + piece.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        else:
            text += re.sub(rb"\{\d+\}$", b"", piece)
    return re.search(rb"BODYSTRUCTURE (\(.*\))\)$", text, re.S)[1].replace(b"\r", b" ").replace(b"\n", b" ")


def tool(*words, text=None):
    run = subprocess.run([TOOL, *words], input=text, capture_output=True)
    ok(run.returncode == 0 and not run.stderr, f"textform {words[0]}: status 0", run)
    return run.stdout.split(b"\n.\n")[:-1]


def plainly(shown):
    """Without what servers add where nothing was said, and without what only some say."""
    return re.sub(rb' charset="us-ascii"| encoding="7bit"| for image/gif', b"", shown).decode(errors="replace")


messages = [(m.name, m.data) for m in mimecorpus.messages() if m.data]
messages += [(m.name, m.data) for m in corpus.messages("small", 60) if m.data]
directory = scratch("structure")
server = Server().start()
with imap.Imap(server.port("imap")) as client:
    client.create("Box")
    for _, data in messages:
        client.append("Box", data)
    client.select("Box", examine=True)
    told = []
    for i in range(len(messages)):
        untagged, _ = client.command(f"UID FETCH {i + 1} BODYSTRUCTURE")
        told.append(value(next(p for p in untagged if b"BODYSTRUCTURE" in p[0])))
theirs = tool("--bodystructure", text=b"\n".join(told) + b"\n")
paths = []
for i, (_, data) in enumerate(messages):
    paths.append(f"{directory}/{i}")
    with open(paths[-1], "wb") as f:
        f.write(data if i % 2 else data.replace(b"\r\n", b"\n"))
ours = tool("--structure", *paths)
equal((len(theirs), len(ours)), (len(messages), len(messages)), "one structure a message")
for (name, _), there, here, raw in zip(messages, theirs, ours, told):
    if name not in ODD:
        ok(plainly(there) == plainly(here), name,
           f"there:\n{plainly(there)[:3000]}\nhere:\n{plainly(here)[:3000]}\n{raw[:1000]}")
server.stop()
finish(at_least=135)
