#!/usr/bin/python3
"""vdirsyncer at the same server, with a directory of its own: after koc's work it has nothing to do, and the other
way round; both at work on one server lose nothing."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import subprocess
import peers, vdir
from davmodel import Model, mixed
from harness import DavAccount
from tap import equal, finish, ok, skip_all

if not os.path.exists("/usr/bin/vdirsyncer"):
    skip_all("needs vdirsyncer")


def vdirsyncer(a, store, whole=False):
    """One run of it, if whole with names and colors; (what was written there, which files of its changed)."""
    before = tree(store)
    discover, sync, metasync = peers.vdirsyncer(a.config, store)
    a.dav.mark()
    for words in (discover, sync, metasync) if whole else (sync,):
        subprocess.run(words, input=b"y\n" * 40, stdout=subprocess.DEVNULL, check=True, timeout=300)
    return [str(r) for r in a.dav.requests() if r.method not in ("PROPFIND", "REPORT", "GET", "OPTIONS")], \
        {p for p in set(before) | set(tree(store)) if before.get(p) != tree(store).get(p)}


def tree(store):
    return {os.path.join(at, f): os.stat(os.path.join(at, f)).st_mtime_ns
            for at, _, files in os.walk(store) for f in files if "/.koc" not in at}


for program, counts, n in (("radicale", (60, 20, 6, 30), 10), ("xandikos", (12, 4, 2, 6), 3)):
    with DavAccount(counts, server=program) as a:
        other = os.path.join(a.base, "other")
        os.makedirs(other)
        a.sync(name=f"{program}: koc pulls")
        vdirsyncer(a, other, whole=True)
        written, changed = vdirsyncer(a, other)
        equal((written, changed), ([], set()), f"{program}: vdirsyncer is in step too")
        a.silent(f"{program}: koc after vdirsyncer")

        model = Model(a)
        mixed(model, n, 1, 1)
        a.sync(name=f"{program}: koc carries changes across")
        model.holds(f"{program}: changes")
        written, changed = vdirsyncer(a, other)
        equal(written, [], f"{program}: vdirsyncer has nothing to write")
        ok(changed, f"{program}: it only pulls")
        written, changed = vdirsyncer(a, other, whole=True)
        equal((written, changed), ([], set()), f"{program}: and then sees no difference")
        a.sync()
        a.silent(f"{program}: nor does koc")

        # vdirsyncer pushes; koc pulls.
        mine = vdir.Vdir(other)
        home = a.there.folder("Home").href.rstrip("/").rpartition("/")[2]
        file = mine.files(f"calendars/{home}")[0]
        mine.replace(file.path, vdir.summary(file.data, "Edited beside vdirsyncer"))
        mine.new(f"calendars/{home}", "beside.ics", vdir.event("beside@test", "New beside vdirsyncer"))
        written, _ = vdirsyncer(a, other)
        equal(len(written), 2, f"{program}: vdirsyncer writes two items")
        run = a.sync(name=f"{program}: koc pulls them")
        ok(not run.dav_writes(), f"{program}: and writes nothing", run)
        a.dav_equal(f"{program}: both sides are equal")
        a.no_conflict(f"{program}: no conflict")

# At the same time: neither waits for the other.
with DavAccount((60, 20, 6, 30)) as a:
    other = os.path.join(a.base, "other")
    os.makedirs(other)
    a.sync(name="koc pulls")
    vdirsyncer(a, other, whole=True)
    mine = vdir.Vdir(other)
    model = Model(a)
    uids = model.take(20, "calendars", "Home")
    home = a.there.folder("Home").href.rstrip("/").rpartition("/")[2]
    for n, uid in enumerate(uids[:10]):
        model.edit_here(uid, f"Edited by koc's user {n}")
        file = mine.file(f"calendars/{home}", uids[10 + n])
        mine.replace(file.path, vdir.summary(file.data, f"Edited by vdirsyncer's user {n}"))
        model.says[uids[10 + n]] = f"Edited by vdirsyncer's user {n}"
    _, sync, _ = peers.vdirsyncer(a.config, other)
    racing = subprocess.Popen(sync, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    run = a.koc("sync")
    racing.wait()
    ok(run.status == 0 and racing.returncode == 0, "both end well", run)
    a.sync(name="koc once more")
    vdirsyncer(a, other)
    model.holds("raced with vdirsyncer")
    written, changed = vdirsyncer(a, other)
    equal((written, changed), ([], set()), "vdirsyncer sees no difference")
finish(at_least=30)
