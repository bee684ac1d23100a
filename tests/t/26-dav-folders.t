#!/usr/bin/python3
"""Calendars, task lists, note lists and address books: new, renamed and removed ones, on either side."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
from harness import DavAccount
from tap import equal, finish, ok
import vdir

MAKE = {"calendars": vdir.event, "tasks": vdir.task, "notes": vdir.note, "contacts": vdir.card}


def suffix(kind):
    return ".vcf" if kind == "contacts" else ".ics"


for program in ("radicale", "xandikos"):
    kinds = list(MAKE) if program == "radicale" else ["calendars", "contacts"]
    with DavAccount((6, 2, 2, 4), server=program) as a:
        a.sync(name=f"{program}: first sync")

        # ---- there
        for kind in kinds:
            made = a.there.make(kind, f"new-{kind}", f"New {kind} there", "#00FF00FF" if kind == "calendars" and
                                program == "radicale" else None)
            a.there.add(made, "one" + suffix(kind), MAKE[kind](f"one-{kind}"))
            a.there.make(kind, f"empty-{kind}", f"Empty {kind} there")
        a.sync(name=f"{program}: new ones there")
        a.dav_equal(f"{program}: are here", exact=True)
        for kind in kinds:
            equal(a.vdir.label(a.vdir.folder(f"New {kind} there"), "displayname"), f"New {kind} there",
                  f"{program}: {kind}: with a displayname")
        if program == "radicale":
            equal(a.vdir.label(a.vdir.folder("New calendars there"), "color").lower(), "#00ff00", "and a color")
        a.silent(f"{program}: after new ones there")

        # ---- here
        for kind in kinds:
            a.vdir.make(f"{kind}/Made here {kind}")
            a.vdir.new(f"{kind}/Made here {kind}", "x" + suffix(kind), MAKE[kind](f"x-{kind}"))
        a.vdir.make("calendars/titled", "A title of its own", "#112233")
        a.sync(name=f"{program}: new directories here")
        folders = {f.title: f for f in a.there.folders()}
        for kind in kinds:
            ok(f"Made here {kind}" in folders, f"{program}: {kind}: is there", sorted(folders))
            equal(folders[f"Made here {kind}"].kind, kind, f"{program}: {kind}: of its kind")
        ok("A title of its own" in folders, f"{program}: titled as its displayname says", sorted(folders))
        if program == "radicale":
            equal((folders["A title of its own"].color or "")[:7].lower(), "#112233", "and coloured")
        a.dav_equal(f"{program}: new directories")
        a.sync()
        a.silent(f"{program}: after new directories")

        # ---- renamed there: the directory stays where it is
        home = a.vdir.folder("Home")
        a.there.label(a.there.folder("Home"), "Renamed there", "#ABCDEF" if program == "radicale" else None)
        a.sync(name=f"{program}: renamed there")
        equal(a.vdir.label(home, "displayname"), "Renamed there", f"{program}: displayname follows")
        if program == "radicale":
            equal(a.vdir.label(home, "color").lower(), "#abcdef", "and color")
        a.dav_equal(f"{program}: renamed there")
        # ---- renamed here
        a.vdir.make(home, "Renamed here", "#fedcba")
        a.sync(name=f"{program}: displayname and color edited here")
        folders = {f.title: f for f in a.there.folders()}
        ok("Renamed here" in folders, f"{program}: the server has the name", sorted(folders))
        if program == "radicale":
            equal((folders["Renamed here"].color or "").lower()[:7], "#fedcba", "and the color")
        a.dav_equal(f"{program}: renamed here")
        a.sync()
        a.silent(f"{program}: after that")

        # ---- the directory moved: its items are still in one calendar
        work = a.vdir.folder("Work")
        uids = sorted(f.uid for f in a.vdir.files(work))
        ok(uids, f"{program}: there are items to move")
        os.rename(f"{a.store}/{work}", f"{a.store}/calendars/Other place")
        a.sync(name=f"{program}: a directory renamed here")
        equal(sorted(f.uid for f in a.vdir.files("calendars/Other place")), uids, f"{program}: stays so")
        a.dav_equal(f"{program}: a directory renamed here")
        a.sync()
        a.silent(f"{program}: after that")

        # ---- removed there: held until allowed
        made = a.there.folder("New calendars there")
        path = a.vdir.folder("New calendars there")
        a.there.drop(made)
        run = a.sync(status=3, name=f"{program}: a calendar removed there is held")
        ok(path in run.err + run.out, f"{program}: and named", run)
        equal(len(a.vdir.files(path)), 1, f"{program}: its items are still here")
        run = a.sync("--allow-removals", path, name=f"{program}: allowed")
        ok(path not in a.vdir.folders(), f"{program}: the directory is gone", a.vdir.folders())
        a.dav_equal(f"{program}: removed there")
        a.silent(f"{program}: after that")
        # ---- removed here: the same
        path = a.vdir.folder("Made here contacts")
        shutil.rmtree(f"{a.store}/{path}")
        a.sync(status=3, name=f"{program}: an address book removed here is held")
        ok("Made here contacts" in [f.title for f in a.there.folders()], f"{program}: it is still there")
        run = a.sync("--allow-removals", path, name=f"{program}: allowed")
        ok(not [f for f in a.there.folders() if f.title == "Made here contacts" and a.there.items(f)],
           f"{program}: its items are gone there")
        a.sync()
        a.dav_equal(f"{program}: removed here")
        a.silent(f"{program}: after that")

# ---- names that cannot be directories, and names that are there twice
with DavAccount((6, 2, 2, 4)) as a:
    titles = ["a/b", "..", ".hidden", "x" * 240, "Ž" * 150, "cur", "line\nbreak", "tab\there", "Home", "home", "HOME",
              "con trol\x7f", "back\\slash", "100%", "%41", "emoji 🎈", " leading", "trailing. ", "~", "-rf"]
    for n, title in enumerate(titles):
        made = a.there.make("calendars", f"odd-{n}", title)
        a.there.add(made, "one.ics", vdir.event(f"odd-{n}", f"In odd {n}"))
    a.sync(name="odd names")
    theirs = {d for f in a.there.folders() for d in a.there.bodies(f).values()}
    ours = {f.data for p in a.vdir.folders() for f in a.vdir.files(p)}
    equal(len(theirs - ours), 0, "every item is here")
    equal(len(a.vdir.folders()), 8 + len(titles), "each calendar in a directory of its own")
    outside = [p for p in os.listdir(a.base) if p not in ("store", "config")]
    equal(outside, [], "nothing lies outside the store")
    a.silent("after odd names")
    for n in range(len(titles)):
        file = next(f for p in a.vdir.folders() for f in a.vdir.files(p) if f.uid == f"odd-{n}")
        a.vdir.replace(file.path, vdir.summary(file.data, f"Edited {n}"))
    run = a.sync(name="an edit in each of them")
    equal(len(run.dav_writes()), len(titles), "is a PUT in each")
    a.sync()
    a.silent("after that")
finish(at_least=80)
