#!/usr/bin/python3
"""koc fetch is killed at every durable step, while files lie where their rows say, under other names and in other
folders: whether it is run again or the next sync comes first, nothing is lost or doubled."""
import os, shutil, sqlite3, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import harness, killing
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

TEXT = 'folder "mail/*" { mode = text }\n'
NAMES = [f"Message {i}" for i in range(8)]
WORK = ["Message 1", "Message 2"]
WANTED = {"INBOX": sorted(set(NAMES) - set(WORK)), "Work": WORK}


def account(user):
    """Text forms; since the last sync some were moved and one was renamed, and flags were changed here and there."""
    a = harness.Account(None, server=server, user=user, folders=TEXT)
    a.server.create("Work")
    for name in NAMES:
        a.server.append("INBOX", attached(name), "S")
    run = a.koc("sync")
    here = {subject_of(m["data"]): m["path"] for m in a.mail.messages("INBOX")}
    if run.status or not all(is_text(open(p, "rb").read()) for p in here.values()):
        ok(False, f"{user}: a store of text forms", run)
    for name in WORK:
        a.mail.move(here[name], "Work")
    os.rename(here["Message 3"], os.path.join(a.mail.path("INBOX"), "cur", "renamed.3.laptop:2,S"))
    a.mail.flag(here["Message 4"], "FS")
    a.server.store("INBOX", a.server.uids("INBOX")[5], "+", "R")
    return a


def there(a):
    found = {f: sorted(subject_of(m["data"]) for m in a.server.messages(f)) for f in a.server.folders()}
    return {f: s for f, s in found.items() if s}


def wrong(a, all_whole, wanted=WANTED):
    """What is not as it should be in the end."""
    lines = []
    if there(a) != wanted:
        lines.append(f"the server has {there(a)}")
    flags = {subject_of(m["data"]): m["flags"] for m in a.server.messages("INBOX")}
    if flags.get("Message 4") != "FS" or flags.get("Message 5") != "RS":
        lines.append(f"flags there: {flags}")
    for folder, names in wanted.items():
        whole = {subject_of(m["data"]): m for m in a.server.messages(folder)}
        if any(is_text(m["data"]) for m in whole.values()):
            lines.append(f"a text form on the server, in {folder}")
        here = a.mail.messages(folder)
        if sorted(subject_of(m["data"]) for m in here) != names:
            lines.append(f"{folder} here: {[subject_of(m['data']) for m in here]}")
        for m in here:
            if is_text(m["data"]):
                lines += [f"a text form here, in {folder}"] if all_whole else []
            elif m["digest"] != whole[subject_of(m["data"])]["digest"] or m["flags"] != whole[subject_of(m["data"])]["flags"]:
                lines.append(f"other bytes or flags here, in {folder}: {subject_of(m['data'])} {m['flags']}")
    known = dict(sqlite3.connect(f"{a.store}/.koc/mail.db").execute("SELECT local_ref, marks & 4 <> 0 FROM row"))
    forms = {os.path.basename(m["path"]).split(":")[0]: is_text(m["data"]) for f in WANTED for m in a.mail.messages(f)}
    if known != forms:
        lines.append(f"text forms by their rows: {known}\nby their bytes: {forms}")
    if os.path.exists(f"{a.store}/Conflicts/mail/cur") and os.listdir(f"{a.store}/Conflicts/mail/cur"):
        lines.append("there is a conflict")
    return lines


def more(a, *commands):
    lines = []
    for words in commands:
        run = a.koc(*words)
        if run.status:
            lines.append(str(run))
    return lines


server = harness.Server(any_user=True, rawlog=False).start()
FETCH = ("fetch", "mail/INBOX", "mail/Work")
with account("undisturbed") as a:
    equal(more(a, FETCH, ("sync",)), [], "undisturbed: both end with 0")
    equal(wrong(a, True), [], "undisturbed: all is as it should be")
    a.silent("undisturbed: the next run")
stopped = 0
for n in range(1, killing.MOST):
    with account(f"u{n}") as a:
        run = a.koc(*FETCH, env={"KOC_TEST_KILL_AT": str(n)})
        if run.status == 0:
            break
        stopped += 1
        if run.status != -9:
            ok(False, f"step {n}: killed", run)
        # What is whole stays so, whatever comes next.
        wholes = sum(not is_text(m["data"]) for f in WANTED for m in a.mail.messages(f))
        how = ("fetched and then synchronised", "synchronised", "moved and then synchronised")[n % 3]
        if n % 3 == 0:
            lines = more(a, FETCH, ("sync",)) + wrong(a, True)
        else:
            wanted = WANTED
            if n % 3 == 2:
                wanted = {"INBOX": WANTED["INBOX"][:-2], "Work": sorted(WORK + NAMES[-2:])}
                for m in a.mail.messages("INBOX"):
                    if subject_of(m["data"]) in NAMES[-2:]:
                        a.mail.move(m["path"], "Work")
            lines = more(a, ("sync",), ("sync",)) + wrong(a, False, wanted)
            left = sum(not is_text(m["data"]) for f in WANTED for m in a.mail.messages(f))
            if left < wholes:
                lines.append(f"{wholes} were whole, {left} are")
        ok(not lines, f"step {n}: {how}", "\n".join(lines[:20]))
        if n % 10 == 0:
            a.silent(f"step {n}: the next run")
        if not os.environ.get("KEEP"):
            shutil.rmtree(a.base)
ok(stopped > 30, "there were more than 30 steps", stopped)
server.stop()
finish(at_least=35)
