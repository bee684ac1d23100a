"""The odd CalDAV server: that it is a good server as long as nobody says otherwise, and what each oddity does."""

import gzip
import http.client
import os
import sys
import urllib.parse
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import dav
import vdir
from odd import OddServer, davcorpus, odddata
from tap import equal, finish, ok

server = OddServer()
server.fill(davcorpus.collections("small", (6, 3, 2, 4)))
server.start()
truth = server.client()
odd = dav.Dav(server.url, homes=server.homes())
HOME = "/calendars/alice/home/"
SYNC = (f"<D:sync-collection {dav.XMLNS}><D:sync-token>%s</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/><C:calendar-data/></D:prop></D:sync-collection>")
tried = set()


def be(*oddities):
    server.be(*oddities)
    odd.close()
    tried.update(o.split()[0].partition("=")[0] for o in oddities)


def propfind(depth="1", path=HOME):
    return odd.request("PROPFIND", path, f"<D:propfind {dav.XMLNS}><D:prop><D:getetag/><D:resourcetype/>"
                       "</D:prop></D:propfind>", {"Depth": depth})


def sync(token="", path=HOME):
    return odd.request("REPORT", path, SYNC % token)


def token(answer):
    return answer.body.decode().rpartition("<D:sync-token>")[2].partition("<")[0]


def broken(act):
    try:
        act()
    except (OSError, http.client.HTTPException):
        return True
    return False


# ---- a good server
equal(odd.discover().homes, ["/calendars/alice/", "/contacts/alice/"], "the homes are found")
folders = odd.folders()
equal(sorted(f.kind for f in folders), ["calendars"] * 3 + ["contacts"] * 2 + ["notes"] + ["tasks"] * 2,
      "collections of all kinds")
equal(sum(len(odd.bodies(f)) for f in folders), 15, "all items")
home = next(f for f in folders if f.href == HOME)
href = odd.add(home, "new one.ics", vdir.event("new@test"))
equal(odd.get(href), vdir.event("new@test"), "an item put is an item got")
etag = odd.items(home)[href]
equal(odd.request("PUT", href, vdir.event("new@test"), {"If-None-Match": "*"}).status, 412, "If-None-Match")
equal(odd.request("PUT", href, vdir.event("new@test"), {"If-Match": '"x"'}).status, 412, "If-Match, wrong")
first = token(sync())
equal(odd.request("PUT", href, vdir.event("new@test", "B"), {"If-Match": etag}).status, 204, "If-Match, right")
answer = sync(first)
ok(answer.body.count(b"<D:response>") == 1 and b"SUMMARY:B" in answer.body, "sync tells what changed", answer)
equal(odd.request("PUT", HOME + "twin.ics", vdir.event("new@test")).status, 409, "a UID twice in one collection")
equal(odd.request("PUT", HOME + "junk.ics", b"junk").status, 403, "junk")
work = next(f for f in folders if f.href == "/calendars/alice/work/")
moved = odd.move(href, work)
equal(moved, "/calendars/alice/work/new%20one.ics", "MOVE")
first = token(answer)
ok(b"404" in sync(first).body, "sync tells what is gone")
odd.delete(moved)
equal(odd.request("GET", moved).status, 404, "DELETE")
made = odd.make("tasks", "chores", "Chores", "#112233")
equal((made.kind, made.title, made.color), ("tasks", "Chores", "#112233"), "MKCOL")
odd.label(made, title="Duties")
equal(odd.folder("Duties").href, made.href, "PROPPATCH")
odd.drop(made)
equal(len(odd.folders()), 8, "a collection deleted")
equal(dav.Dav(server.url, password="wrong").request("OPTIONS", "/").status, 401, "a wrong password")
ok(server.requests() and server.requests()[0].method == "PROPFIND", "it keeps a journal")

# ---- answers that go wrong
for name in ("nothing", "truncated", "cut"):
    be(f"{name} PROPFIND")
    ok(broken(propfind), name)
for name, status, what in (("html", 200, b"<!DOCTYPE html>"), ("html207", 207, b"<!DOCTYPE html>"),
                           ("junk", 207, b"none"), ("doctype", 207, b"<!DOCTYPE D:"), ("bomb", 207, b"&l9;"),
                           ("deep", 207, b"<D:x><D:x>"), ("empty", 207, b""), ("shortened", 207, b"<D:href>"),
                           ("status=503,7", 503, b"No.")):
    be(f"{name} PROPFIND")
    answer = propfind()
    ok(answer.status == status and what in answer.body and b"</D:multistatus>" not in
       (answer.body if name not in ("doctype", "bomb") else b""), name, answer)
equal(answer.headers["retry-after"], "7", "Retry-After")
be("type PROPFIND")
equal(propfind().headers["content-type"], "text/plain", "type")
be("gzip")
equal(gzip.decompress(propfind().body)[:5], b"<?xml", "gzip")
for name in ("chunked", "dribbled", "close"):
    be(name)
    ok(propfind().body.endswith(b"</D:multistatus>"), name)
be("controls")
ok(b"\x0b\x01" in sync().body, "controls")
be("same PROPFIND")
answer = propfind()
ok(answer.status == 302, "same", answer)
ok(propfind(path=answer.headers["location"]).status == 207, "what it redirects to works")
be("other PROPFIND")
other = urllib.parse.urlsplit(propfind().headers["location"])
elsewhere = dav.Dav(other.geturl())
equal(elsewhere.request("PROPFIND", "/x").status, 207, "other")
equal(server.seen_elsewhere, [("PROPFIND", "/x", True)], "the other origin tells who came with credentials")
elsewhere.close()
be("status=500 PROPFIND home 1")
equal([propfind().status, propfind().status], [500, 207], "as often as was said")
be("cut PUT")
ok(broken(lambda: odd.request("PUT", HOME + "cut.ics", vdir.event("cut@test"))), "cut")
equal(truth.get(HOME + "cut.ics"), vdir.event("cut@test"), "but obeyed")
for name in ("stalled", "endless"):
    be(f"{name} PROPFIND")
    connection = odd.connect()
    connection.request("PROPFIND", HOME, f"<D:propfind {dav.XMLNS}><D:prop><D:getetag/></D:prop></D:propfind>",
                       {"Authorization": odd.login, "Depth": "1"})
    got = connection.getresponse()
    ok(len(got.read(200 if name == "stalled" else 1000000)) in (200, 1000000), name)
    connection.close()

# ---- ways of the server
be("digest")
answer = propfind()
ok(answer.status == 401 and answer.headers["www-authenticate"].startswith("Digest "), "digest")
be("two-homes")
equal([e.text for _, _, p in odd.propfind("/principals/alice/", ["C:calendar-home-set"])
       for e in p[dav.tag("C:calendar-home-set")]], ["/calendars/alice/", "/more/alice/"], "two-homes")
be("no-principal")
equal([p for _, _, p in odd.propfind("/", ["D:current-user-principal"])], [{}], "no-principal")
be("no-etag")
equal(odd.put(HOME + "e.ics", vdir.event("e@test")), None, "no-etag")
be("weak-etag")
ok(odd.items(home)[HOME + "e.ics"].startswith('W/"'), "weak-etag")
be("bare-etag")
bare = odd.items(home)[HOME + "e.ics"]
ok('"' not in bare, "bare-etag", bare)
equal(odd.request("PUT", HOME + "e.ics", vdir.event("e@test", "2"), {"If-Match": f'"{bare}"'}).status, 412,
      "bare ETags with quotes are other ETags")
be("flapping-etag")
ok(odd.items(home) != odd.items(home), "flapping-etag")
be("eml")
named = odd.items(home)
ok(HOME + "e.ics" in named and sum(h.endswith(".eml") for h in named) == len(named) - 2, "eml", named)
ok(all(odd.get(h) for h in named), "they are found by these names")
be("encoded")
truth.put(HOME + "a%20%40%C5%BE.ics", vdir.event("z@test"))
encoded = next(h for h in odd.items(home) if h.endswith("a%20%40%c5%be.ics"))
ok(odd.get(encoded), "encoded", encoded)
be("absolute")
ok(all(h.startswith("http://127.0.0.1:") for h in odd.items(home)), "absolute")
be("doubled")
ok(propfind().body.count(b"/e.ics<") == 2, "doubled")
be("self")
ok(b'"self"' in propfind().body, "self")
for status in (403, 409, 410, 412, 500):
    be(f"no-token={status}")
    equal([sync(first).status, sync().status], [status, 207], f"no-token={status}")
be("no-sync")
ok(sync().status == 403 and home.ctag, "no-sync")
be("neither")
ok(odd.folder("Home").ctag is None, "neither")
be("no-data")
ok(b"BEGIN" not in sync().body, "no-data")
be("dead")
ok(b"404" in sync().body, "dead")
be("paged=2")
pages, last = 0, ""
while pages < 10:
    answer = sync(last)
    last, pages = token(answer), pages + 1
    if b" 507 " not in answer.body:
        break
ok(1 < pages < 10, "paged", pages)
be("hidden=home")
ok("Home" not in [f.title for f in odd.folders()] and odd.items(home), "hidden")
be("window=e.ics")
ok(HOME + "e.ics" not in odd.items(home) and odd.get(HOME + "e.ics"), "window")
be("missing=e.ics")
ok(HOME + "e.ics" in odd.items(home) and HOME + "e.ics" not in odd.bodies(home), "missing")
be("read-only")
equal(odd.request("DELETE", HOME + "e.ics").status, 403, "read-only")
be("unique")
answer = odd.request("PUT", "/calendars/alice/work/e.ics", vdir.event("e@test"))
ok(answer.status == 403 and b"/home/e.ics</D:href>" in answer.body, "unique", answer)
be("unique-mute")
answer = odd.request("PUT", "/calendars/alice/work/e.ics", vdir.event("e@test"))
ok(answer.status == 403 and b"no-uid-conflict" in answer.body and b"href" not in answer.body, "unique-mute", answer)
be("read-only .* /home/")
privileges = {h: p for h, _, p in odd.propfind("/calendars/alice/", ["D:current-user-privilege-set"], "1")}
ok([b"write" in ET.tostring(privileges[h][dav.tag("D:current-user-privilege-set")]) for h in
    (HOME, "/calendars/alice/work/")] == [False, True], "read-only of one collection")
be("error207")
answer = odd.request("PUT", HOME + "e.ics", vdir.event("e@test"), {"If-None-Match": "*"})
ok(answer.status == 207 and b" 412 " in answer.body, "error207", answer)
be("rewrites")
odd.put(HOME + "r.ics", vdir.event("r@test"))
ok(truth.get(HOME + "r.ics") != vdir.event("r@test"), "rewrites")
be("renames")
odd.put(HOME + "s.ics", vdir.event("s@test"))
ok(HOME + "s.ics" not in odd.items(home), "renames")
be("renames-mute")
odd.put(HOME + "t.ics", vdir.event("t@test"))
ok(HOME + "t.ics" not in odd.items(home), "renames-mute")
be("alias")
odd.put(HOME + "v.ics", vdir.event("v@test"))
ok(HOME + "v-listed.ics" in odd.items(home) and odd.get(HOME + "v.ics") and odd.get(HOME + "v-listed.ics"), "alias")
be("no-move")
equal(odd.request("MOVE", HOME + "e.ics", headers={"Destination": "/calendars/alice/work/e.ics"}).status, 405,
      "no-move")
be()
odd.put(HOME + "w.ics", vdir.event("w@test", "As sent"))
be("edited-move")
odd.request("MOVE", HOME + "w.ics", headers={"Destination": "/calendars/alice/work/w.ics", "If-Match": '"no"'})
ok(b"Edited there" in truth.get("/calendars/alice/work/w.ics"), "edited-move")
be("no-mkcol")
equal(odd.request("MKCOL", "/calendars/alice/x/").status, 403, "no-mkcol")
be("refuse=ugly")
equal(odd.request("PUT", HOME + "u.ics", vdir.event("u@test", "ugly")).status, 403, "refuse")
equal(truth.request("MKCOL", "/calendars/alice/x/").status, 201, "the truth is never odd")
equal(tried, set(odddata.ODDITIES), "every oddity was tried")
odd.close()
truth.close()
server.stop()
finish()
