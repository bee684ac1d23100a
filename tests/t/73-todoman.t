#!/usr/bin/python3
"""todoman lists what koc pulled; a task made, done or moved in it reaches the server."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import DavAccount
from readers import Todoman
from tap import equal, finish, ok, skip_all
import vdir

if not os.path.exists("/usr/bin/todoman"):
    skip_all("needs todoman")

with DavAccount((2, 30, 2, 2)) as a:
    a.sync(name="first sync")
    todo = Todoman(a)
    tasks = todo.tasks()
    equal(sorted((t["list"], t["summary"]) for t in tasks),
          sorted((f.title, next(l for l in vdir.unfold(d).decode().split("\r\n") if l.startswith("SUMMARY"))[8:]
                  .replace("\\,", ",")) for f in a.there.folders() if f.kind == "tasks"
                 for d in a.there.bodies(f).values()), "todoman lists the same tasks")
    equal(len(tasks), 30, "all of them")

    open_task = next(t for t in tasks if not t["completed"] and t["list"] == "To do" and not t["percent"])
    todo.run("done", str(open_task["id"]))
    run = a.sync(name="a task done in todoman")
    equal([r.method for r in run.dav_writes()], ["PUT"], "is one PUT")
    a.dav_equal("after todoman done")
    done = [t for t in todo.tasks() if t["id"] == open_task["id"]]
    ok(done and done[0]["completed"], "it is done", done)
    bodies = a.there.bodies(a.there.folder("To do")).values()
    equal(sum(b"STATUS:COMPLETED" in d for d in bodies),
          sum(t["completed"] for t in tasks if t["list"] == "To do") + 1, "also on the server")

    todo.run("new", "-l", "Garden", "Made by todoman")
    todo.run("move", "-l", "Garden", str(open_task["id"]))
    run = a.sync(name="a task made, another moved to the other list")
    a.dav_equal("after todoman new and move")
    garden = b"".join(a.there.bodies(a.there.folder("Garden")).values())
    ok(b"Made by todoman" in garden, "the new task is there", garden)
    ok(b"STATUS:COMPLETED" in garden, "and the moved one")
    equal(len(todo.tasks()), 31, "todoman lists both")
    todo.run("delete", "--yes", str(next(t["id"] for t in todo.tasks() if t["summary"] == "Made by todoman")))
    run = a.sync(name="a task deleted")
    equal([r.method for r in run.dav_writes()], ["DELETE"], "is one DELETE")
    a.dav_equal("after todoman delete")
    a.no_conflict()
    a.sync()
    a.silent("after all that")
finish(at_least=18)
