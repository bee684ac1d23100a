#!/usr/bin/python3
"""Calendars, tasks, notes and contacts: a first pull brings everything, byte for byte as the server serves it; a
second run asks at most twice and does nothing."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import stat
from harness import DavAccount, DavServer
from tap import equal, finish, ok


def pull(a, name):
    previous = os.umask(0)  # whatever the umask
    run = a.sync(name=f"{name}: first sync")
    os.umask(previous)
    ok(not run.dav_writes(), f"{name}: nothing was written to the server", run.dav_writes())
    ok(len({r.path for r in run.requests if r.status == 401}) <= 1, f"{name}: one login was asked for", run)
    a.dav_equal(f"{name}: all is here, byte for byte", at_least=150, exact=True)
    open_to_others = [p for p, (_, _, _, mode) in a.tree().items()
                      if stat.S_IMODE(mode) not in ((0o700,) if stat.S_ISDIR(mode) else (0o600,))]
    equal(open_to_others, [], f"{name}: directories are 0700, files 0600")
    ok(not [p for p in a.tree() if p.endswith(".tmp")], f"{name}: nothing temporary is left")
    a.silent(f"{name}: a second run")
    a.silent(f"{name}: a third run")


for program, options in (("radicale", {}), ("radicale", {"tls": True}), ("radicale", {"front": True}),
                         ("xandikos", {})):
    name = " ".join([program, *options])
    with DavAccount("small", server=DavServer(program, **options)) as a:
        if options.get("front"):
            # HTTP/2 over TLS, in the proxy's hands.
            a.dav_url = f"https://127.0.0.1:{a.dav.port('https')}/"
            a.configure(folders="")
        pull(a, name)
        kinds = sorted({p.partition("/")[0] for p in a.vdir.folders()})
        # A Xandikos lets every calendar hold everything.
        equal(kinds, ["calendars", "contacts"] if program == "xandikos" else
              ["calendars", "contacts", "notes", "tasks"], f"{name}: kinds by what a collection can hold")
        equal(a.vdir.label(a.vdir.folder("Home"), "color").lower(), "#e67c73", f"{name}: the color of a calendar")
        equal(a.vdir.label(a.vdir.folder("Work"), "color").lower(), "#3f51b5", f"{name}: alpha cut off")
        a.dav.stop()

with DavAccount((3, 2, 2, 2)) as a:
    a.sync()
    a.dav_url = a.dav.url + "alice/"
    a.configure(folders="")
    a.silent("the user's own URL finds the same", requests=20)
    a.dav_url = a.dav.url + "alice/home/"
    a.configure(folders="")
    run = a.koc("sync")
    ok(run.status in (0, 3), "a calendar's own URL is accepted", run)
    equal(sum(len(a.vdir.files(p)) for p in a.vdir.folders()), 9, "and nothing is lost here that it does not cover")
finish(at_least=40)
