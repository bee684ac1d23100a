#!/usr/bin/python3
"""Folders that are off: listed, left alone, turned on later, forgotten when they are gone."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json
from harness import Account, LISTING, text_message
from tap import equal, finish, ok

OFF = 'folder "mail/*" { mode = full }\n    folder "mail/Big*" { mode = off }'


def listed(a):
    run = a.koc("folders", "--json")
    return {f["folder"]: (f["mode"], f["from"], f["items"]) for f in json.loads(run.out)[0]["folders"]}


with Account("demo", folders=OFF) as a:
    for name in ("Big", "Big/Deep", "Big too"):
        a.server.create(name)
    a.server.append("Big", text_message("In it"))
    a.server.append("Big/Deep", text_message("In the other one"))
    run = a.sync(name="with folders that are off")
    ok(not os.path.exists(a.mail.path("Big")), "nothing is made here for them")
    folders = listed(a)
    for name in ("Big", "Big/Deep", "Big too"):
        equal(folders.get("mail/" + name), ("off", "config", 0), f"mail/{name} is listed")
    ok("mail/Big/Deep" in a.koc("folders").out, "for people too")
    a.silent("with folders that are off another run")
    equal(listed(a), folders, "the list stays")
    run = a.koc("status", "--json")
    equal(json.loads(run.out)[0]["changed-here"], [], "nothing of them seems changed here")

    a.server.delete("Big too")
    a.sync()
    ok("mail/Big too" not in listed(a), "one that is gone from the server is forgotten")
    a.server.create("Big too")
    a.mail.make("Big here")
    a.sync()
    equal(listed(a).get("mail/Big here"), ("off", "config", 0), "one that is only here is listed")
    ok("Big here" not in a.server.folders(), "and not made there")

    a.configure(folders='folder "mail/*" { mode = full }\n    folder "mail/Big too" { mode = off }')
    run = a.koc("sync", "-n")
    ok("pull" in run.out and "mail/Big/Deep" in run.out, "a dry run tells what turning it on does", run)
    a.sync(name="turned on")
    equal(listed(a).get("mail/Big/Deep"), ("full", "config", 1), "its items are here")
    equal([m["flags"] for m in a.mail.messages("Big")], [""], "in their folder")
    ok("Big here" in a.server.folders(), "the one that was only here is there")
    a.sync(name="and once more")
    a.silent("then another run", allowed=LISTING)

    a.configure(folders=OFF)
    a.server.append("Big", text_message("Later"))
    a.mail.deliver("Big/Deep", text_message("Later here"))
    run = a.sync(name="turned off again")
    equal(len(a.mail.messages("Big")), 1, "what is here stays, what is new there is not fetched")
    equal(listed(a).get("mail/Big"), ("off", "config", 1), "it is listed as off, with what is here")
    a.configure(folders="")
    run = a.sync(name="turned on again")
    equal(len(run.fetched_bodies()), 1, "only what is new is fetched")
    a.equal()
    a.silent("at last another run", allowed=LISTING)
finish(at_least=25)
