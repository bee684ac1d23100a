#!/usr/bin/python3
"""The folder in use goes first, then INBOX, then the rest, and the newest messages first: what lies on the disk after
runs that were cut short, and what the server was asked for, in which order."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import base64, json, re
from harness import Account, DavAccount, text_message
from tap import equal, finish, note, ok
from benchlib import Relay
from corpus import Message
import vdir

WORK, BIG, INBOX = 2000, 3000, 150  # messages
BATCH = 250                         # in one FETCH, within which the oldest come first
RATE = 1200000                      # bytes a second: the whole of it takes more than five


def mailbox():
    for folder, count in (("Work", WORK), ("Big", BIG), ("INBOX", INBOX)):
        for i in range(count):
            noise = base64.encodebytes(os.urandom(700)).replace(b"\n", b"\r\n").decode()
            yield Message(folder, text_message(f"{folder} {i}", noise))


def here(a, folder):
    """The numbers of the messages that are here, ascending."""
    found = []
    for inner in ("cur", "new"):
        path = os.path.join(a.mail.path(folder), inner)
        for name in os.listdir(path) if os.path.exists(path) else []:
            with open(os.path.join(path, name), "rb") as f:
                found.append(int(re.search(rb"^Subject: \S+ (\d+)", f.read(500), re.M).group(1)))
    return sorted(found)


def older_than_missing(numbers, count):
    """How many are here that are older than one that is not."""
    missing = sorted(set(range(count)) - set(numbers))
    return sum(n < missing[-1] for n in numbers) if missing else 0


def written(run):
    """The folders in which files were written, in order, each once in a row; from the trace."""
    folders = re.findall(r"local write (\S+/.+?) \d+ bytes", run.err)
    return [f for i, f in enumerate(folders) if i == 0 or folders[i - 1] != f]


# ---- cut short -----------------------------------------------------------------------------------

with Account(list(mailbox())) as a:
    relay = Relay(a.host.port(), rate=RATE)
    a.configure(url=f"imaps://127.0.0.1:{relay.port}")
    cut, pulled, sights = 0, 0, []
    for turn in range(40):
        # Only the first one says which it is: it is remembered.
        words = ["--first", "mail/Work"] if turn == 0 else []
        run = a.koc("sync", "--json", "--max-time", "1s", *words)
        (told,) = json.loads(run.out)
        pulled += told["pulled"]
        numbers = {f: here(a, f) for f in ("Work", "INBOX", "Big")}
        counts = [len(numbers[f]) for f in ("Work", "INBOX", "Big")]
        sights.append(counts)
        if run.status == 0:
            break
        cut += 1
        ok(run.status == 1 and "the time given is over" in run.err, f"cut short: {counts} messages are here", run)
        ok((not counts[1] or counts[0] == WORK) and (not counts[2] or counts[:2] == [WORK, INBOX]),
           "each folder is finished before the next is begun", counts)
        mixed = {f: older_than_missing(numbers[f], c) for f, c in (("Work", WORK), ("INBOX", INBOX), ("Big", BIG))}
        ok(max(mixed.values()) <= BATCH, "the newest are here", mixed)
        ok(not [f for d in ("Work", "INBOX", "Big") for f in os.listdir(a.mail.path(d) + "/tmp")],
           "nothing half written")
        moved = run.fetches()
        if turn and counts[0] == WORK and sights[-2][0] == WORK:
            ok("Work" not in [m for m, _ in moved], "what is finished is not asked for again", moved)
    note(f"messages of Work, INBOX, Big after each run: {sights}")
    ok(cut >= 3, "some runs were cut short", cut)
    ok(any(0 < w < WORK for w, _, _ in sights) and any(w == WORK and 0 < b < BIG for w, _, b in sights),
       "within the folder in use, and after it", sights)
    equal(counts, [WORK, INBOX, BIG], "at last all are here")
    equal(pulled, WORK + INBOX + BIG, "each was received once")
    relay.stop()
    a.configure()
    a.equal(at_least=WORK + INBOX + BIG)
    a.silent()

    # What is to go up from the folder in use goes before the others come down.
    for i in range(120):
        a.mail.deliver("Work", text_message(f"Work {WORK + i}", message_id=f"up{i}@x"))
    for i in range(1200):
        a.server.append("Big", text_message(f"Big {BIG + i}", message_id=f"down{i}@x"))
    run = a.sync()
    verbs = [(c.verb, "BODY.PEEK[]" in c.line) for c in run.commands]
    last_up = max(i for i, (v, _) in enumerate(verbs) if v == "APPEND")
    first_down = min(i for i, (v, body) in enumerate(verbs) if v == "UID FETCH" and body)
    ok(120 <= last_up < first_down, "what goes up from the folder in use goes before the others come down", (last_up, first_down))
    a.equal()

# ---- which folder it is ----------------------------------------------------------------------------

with Account("demo", folders='folder "mail/*" { mode = full }\n    folder "mail/Off" { mode = off }') as a:
    for name in ("Aaa", "Lists/koc", "Off", "Zzz"):
        a.server.create(name)
    a.sync()
    link = a.base + "/link"
    os.symlink(a.store + "/mail", link)
    serial = 0

    def first(expected, *words, where=None, status=0, name=None, **options):
        """New messages everywhere; which folder got its own first?"""
        global serial
        serial += 1
        for folder in ("INBOX", "Aaa", "Lists/koc", "Zzz"):
            a.server.append(folder, text_message(f"New {serial}"))
        wrap = ["env", "-C", where] if where else ()
        run = a.koc("sync", "-vv", *words, wrap=wrap, **options)
        ok(run.status == status and written(run)[:1] == [expected],
           name or f"koc sync {' '.join(words)} in {os.path.relpath(where or a.base, a.base)}: {expected}",
           (written(run), run.err[-500:]))
        return run

    run = first("mail/INBOX")
    equal(written(run), ["mail/INBOX", "mail/Aaa", "mail/Lists/koc", "mail/Zzz"], "the others by their names")
    moved = run.fetches()
    equal([m for m, _ in moved], ["INBOX", "Aaa", "Lists/koc", "Zzz"], "the server was asked in this order")
    first("mail/Zzz", where=a.mail.path("Zzz"))
    first("mail/Zzz", where=a.mail.path("Zzz") + "/cur")
    first("mail/Lists/koc", where=link + "/Lists/koc/new", name="through a symlink")
    first("mail/Lists/koc", where=a.mail.path("Lists"), name="in what holds only other folders")
    first("mail/INBOX", where=a.store, name="above all folders")
    first("mail/INBOX", where=a.store + "/.koc")
    first("mail/INBOX", name="where one is is not remembered")
    first("mail/Aaa", "--first", "mail/Aaa", where=a.mail.path("Zzz"), name="--first before where one is")
    first("mail/Aaa", name="it is remembered")
    first("mail/Zzz", where=a.mail.path("Zzz"), name="where one is before what is remembered")
    a.koc("sync", "mail/Zzz")
    first("mail/Zzz", name="named as the one to synchronise is remembered, too")
    a.koc("sync", "-n", "--first", "mail/Aaa")
    first("mail/Zzz", name="not by a dry run")
    a.koc("sync", "mail/*", "--first", "mail/Lists")
    first("mail/Lists/koc", name="with all below it")
    first("mail/Lists/koc", "--first", "mail/Off", name="one that is off is not in use")
    a.koc("sync", "--first", "mail/Lists")

    run = first("mail/Lists/koc", "--first", "mail/Nowhere", status=64, name="one that is not there: 64")
    ok("there is no folder mail/Nowhere" in run.err, "it is told", run.err[-300:])
    a.oracle = {"skip": ("Off",)}
    a.equal(name="but all is synchronised")
    run = a.koc("sync", "--first", "calendars/Home")
    ok(run.status == 64 and not run.commands, "of a kind that the account does not have: nothing is done", run)
    run = a.koc("sync", "--first", "Nowhere")
    ok(run.status == 64 and "names begin with mail/" in run.err, "no name of a folder", run)
    os.rename(a.mail.path("Zzz"), a.mail.path("Yyy"))
    a.koc("sync", "mail/Yyy")
    a.sync()
    a.equal()

# ---- calendars and contacts ------------------------------------------------------------------------

with DavAccount("demo") as a:
    a.sync()
    collections = a.there.folders()
    paths = {f.href: a.vdir.folder(f.title, f.kind) for f in collections}
    ok(len(paths) >= 4, "some collections", paths)
    for turn, goes_first in enumerate([None, collections[0], collections[-1], collections[1]]):
        for i, f in enumerate(collections):
            uid = f"new-{turn}-{i}"
            suffix, make = {"contacts": (".vcf", vdir.card), "calendars": (".ics", vdir.event),
                            "tasks": (".ics", vdir.task), "notes": (".ics", vdir.note)}[f.kind]
            a.there.add(f, uid + suffix, make(uid))
        expected = sorted(paths.values())
        words = []
        if goes_first:
            expected.remove(paths[goes_first.href])
            expected.insert(0, paths[goes_first.href])
            words = ["--first", paths[goes_first.href]]
        run = a.koc("sync", "-vv", *words)
        equal((run.status, written(run)), (0, expected), f"the order of calendars and contacts: {words}")
    a.dav_equal()
finish(at_least=60)
