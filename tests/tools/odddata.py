"""What tests/tools/odddav.py stores, and what it answers to each request, as its oddities have it.  Knows nothing
of connections."""

import hashlib
import itertools
import re
import threading
import urllib.parse
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

NS = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "R": "urn:ietf:params:xml:ns:carddav",
      "I": "http://apple.com/ns/ical/", "S": "http://calendarserver.org/ns/"}
XMLNS = " ".join(f'xmlns:{p}="{u}"' for p, u in NS.items())
SHORT = {u: p for p, u in NS.items()}
REASONS = {200: "OK", 201: "Created", 204: "No Content", 207: "Multi-Status", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 412: "Precondition Failed",
           507: "Insufficient Storage"}
SEQUENCE = itertools.count(1)


def status_line(status):
    return f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}"


# ---- what is stored -------------------------------------------------------------------------------

@dataclass
class Item:
    name: str
    data: bytes
    seq: int = field(default_factory=lambda: next(SEQUENCE))  # of its last change

    @property
    def uid(self):
        found = re.search(rb"(?m)^UID[^:\r\n]*:([^\r\n]*)", re.sub(rb"\r?\n[ \t]", b"", self.data))
        return found and found[1].strip()


@dataclass
class Collection:
    path: str                 # decoded, with a slash at its end
    card: bool
    title: str = ""
    color: str = ""
    components: tuple = ()
    items: dict = field(default_factory=dict)
    gone: dict = field(default_factory=dict)   # name: seq
    sent: set = field(default_factory=set)     # names that a client chose
    born: int = field(default_factory=lambda: next(SEQUENCE))
    listings: int = 0

    @property
    def seq(self):
        return max([self.born, *self.gone.values(), *(i.seq for i in self.items.values())])

    def put(self, name, data, sent=False):
        self.items[name] = Item(name, data)
        if sent:
            self.sent.add(name)
        self.gone.pop(name, None)

    def delete(self, name):
        del self.items[name]
        self.gone[name] = next(SEQUENCE)


def rewritten(data):
    """The same item as a server would write it: properties in another order, a PRODID of its own."""
    lines = re.sub(rb"\r?\n[ \t]", b"", data).split(b"\r\n")
    out, run = [], []
    for line in lines:
        if line.startswith((b"BEGIN:", b"END:")) or not line:
            out += sorted(run, key=lambda l: (not l.startswith(b"VERSION"), l))
            run = []
            out.append(line)
        else:
            run.append(b"PRODID:-//odd//EN" if line.startswith(b"PRODID") else line)
    return b"\r\n".join(out + run)


# ---- oddities -------------------------------------------------------------------------------------

@dataclass
class Oddity:
    name: str
    value: str = ""
    method: str = ""
    path: str = ""
    times: int = -1

    @staticmethod
    def parse(text):
        what, *rest = text.split()
        name, _, value = what.partition("=")
        return Oddity(name, value, *rest[:2], *(int(t) for t in rest[2:]))


ODDITIES = """
    nothing truncated shortened empty stalled dribbled html html207 junk doctype bomb deep endless type controls
    status same other cut close chunked gzip
    digest two-homes no-principal no-etag weak-etag bare-etag flapping-etag eml encoded absolute doubled self
    no-token no-sync neither no-data dead paged hidden window missing read-only unique unique-mute error207 rewrites renames renames-mute alias no-move
    no-mkcol edited-move refuse""".split()


class Odd:
    """The server's data and ways; what all its connections share."""

    def __init__(self, user="alice", password="secret"):
        self.user, self.password = user, password
        self.lock = threading.RLock()
        self.collections = {}
        self.oddities = []
        self.journal = []          # (method, path, depth, status), in the order of their ends
        self.seen = []             # at the other origin: (method, path, whether with credentials)
        self.homes = {"calendars": f"/calendars/{user}/", "contacts": f"/contacts/{user}/",
                      "more": f"/more/{user}/"}
        self.principal = f"/principals/{user}/"

    # ---- for tests

    def be(self, *texts):
        """Sets the oddities, in place of all others."""
        new = [Oddity.parse(t) for t in texts]
        for oddity in new:
            if oddity.name not in ODDITIES:
                raise ValueError(f"no such oddity: {oddity.name}")
        with self.lock:
            self.oddities = new

    def fill(self, collections):
        """davcorpus.Collections."""
        for c in collections:
            card = c.kind == "contacts"
            path = self.homes["contacts" if card else "calendars"] + c.name + "/"
            made = Collection(path, card, c.title, c.color or "", tuple(filter(None, c.components.split(","))))
            for item in c.items:
                made.put(item.name, item.data)
            self.collections[path] = made

    # ---- for the handler

    def find(self, name, request, path=None):
        """The oddity of this name that applies to the request, or None; path: what it is about, if that is not the
        request's."""
        if request.truth:
            return None
        with self.lock:
            for oddity in self.oddities:
                if oddity.name == name and oddity.times != 0 and \
                        re.fullmatch(oddity.method or ".*", request.method) and \
                        re.search(oddity.path, path or request.path):
                    return oddity
        return None


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)


class Refused(Exception):
    def __init__(self, status, condition="", detail=""):
        super().__init__(condition)
        self.status, self.condition, self.detail = status, condition, detail


# ---- properties -----------------------------------------------------------------------------------

def href_of(text):
    """A path as it stands in an href."""
    return urllib.parse.quote(text, safe="/@:!$&'()*+,;=~-._")


class Request:
    """One request, and what it comes to."""

    def __init__(self, odd, method, target, headers, body, truth, port):
        self.odd, self.method, self.headers, self.body = odd, method, headers, body
        self.truth, self.port = truth, port
        self.path = urllib.parse.unquote(urllib.parse.urlsplit(target).path)
        self.real = self.path.replace("/alias/", "/", 1)
        self.depth = headers.get("Depth", "")

    def is_odd(self, name):
        """Its oddity, which counts as used now; None."""
        oddity = self.odd.find(name, self)
        if oddity and oddity.times > 0:
            oddity.times -= 1
        return oddity

    # ---- names

    def listed(self, c, name):
        """The name by which an item goes."""
        if self.odd.find("alias", self) and name in c.sent:
            return re.sub(r"\.(?=ics|vcf)", "-listed.", name)
        if self.odd.find("eml", self) and name not in c.sent:
            return re.sub(r"\.(ics|vcf)$", ".eml", name)
        return name

    def href(self, path):
        text = href_of(path)
        if self.odd.find("encoded", self):
            text = re.sub(rb"[^A-Za-z0-9._/-]", lambda m: b"%%%02x" % m[0][0], path.encode()).decode()
        if self.odd.find("absolute", self):
            text = f"http://127.0.0.1:{self.port}{text}"
        return escape(text)

    def collection(self, path=None):
        """(collection, name in it or None); (None, None) if the path is in none."""
        path = self.real if path is None else path
        for at, c in self.odd.collections.items():
            if path in (at, at[:-1]):
                return c, None
            if path.startswith(at) and "/" not in path[len(at):]:
                name = path[len(at):]
                return c, next((n for n in c.items if self.listed(c, n) == name), name)
        return None, None

    def etag(self, c, item):
        text = f'"{item.seq}-{hashlib.sha256(item.data).hexdigest()[:8]}"'
        if self.odd.find("flapping-etag", self):
            text = f'"{item.seq}-{c.listings}"'
        if self.odd.find("weak-etag", self):
            text = "W/" + text
        if self.odd.find("bare-etag", self):
            text = text.replace('"', "")
        return text

    # ---- property values: XML, or None where there is no such property

    def common(self, name):
        if name == "D:current-user-principal" and not self.odd.find("no-principal", self):
            return f"<D:href>{self.href(self.odd.principal)}</D:href>"
        return None

    def home_property(self, path, name):
        if path == self.odd.principal and not self.odd.find("no-principal", self):
            homes = self.odd.homes
            if name == "C:calendar-home-set":
                more = [homes["more"]] if self.odd.find("two-homes", self) else []
                return "".join(f"<D:href>{self.href(h)}</D:href>" for h in [homes["calendars"], *more])
            if name == "R:addressbook-home-set":
                return f"<D:href>{self.href(homes['contacts'])}</D:href>"
        if name == "D:resourcetype":
            return "<D:collection/>"
        return self.common(name)

    def collection_property(self, c, name):
        synced = not self.odd.find("no-sync", self) and not self.odd.find("neither", self)
        if name == "D:resourcetype":
            return "<D:collection/>" + ("<R:addressbook/>" if c.card else "<C:calendar/>")
        if name == "D:getetag" and self.odd.find("self", self):
            return '"self"'
        if name == "D:displayname":
            return escape(c.title)
        if name == "I:calendar-color":
            return c.color or None
        if name == "S:getctag" and not self.odd.find("neither", self):
            return f"ctag-{c.seq}"
        if name == "D:sync-token" and synced:
            return self.token(c, c.seq)
        if name == "C:supported-calendar-component-set" and not c.card and c.components:
            return "".join(f'<C:comp name="{n}"/>' for n in c.components)
        if name == "D:current-user-privilege-set":
            words = ["read"] if self.odd.find("read-only", self, c.path) else ["read", "write", "write-content", "bind",
                                                                       "unbind"]
            return "".join(f"<D:privilege><D:{w}/></D:privilege>" for w in words)
        if name == "D:supported-report-set":
            reports = ["R:addressbook-multiget"] if c.card else ["C:calendar-multiget", "C:calendar-query"]
            reports += ["D:sync-collection"] if synced else []
            return "".join(f"<D:supported-report><D:report><{r}/></D:report></D:supported-report>" for r in reports)
        return self.common(name)

    def item_property(self, c, item, name, data):
        if name == "D:getetag":
            return escape(self.etag(c, item))
        if name == "D:resourcetype":
            return ""
        if name == "D:getcontenttype":
            return "text/vcard; charset=utf-8" if c.card else "text/calendar; charset=utf-8"
        if name == ("R:address-data" if c.card else "C:calendar-data") and data:
            text = escape(item.data.decode(errors="replace"))
            if self.odd.find("controls", self):
                text = text.replace("SUMMARY:", "SUMMARY:\x0b\x01&#x1f;")
            return text
        return self.common(name)

    # ---- multistatus

    def response(self, path, value, names):
        found, lost = "", ""
        for name in names:
            text = value(name)
            if text is None:
                lost += f"<{name}/>"
            else:
                found += f"<{name}>{text}</{name}>"
        out = f"<D:response><D:href>{self.href(path)}</D:href>"
        for props, status in ((found, 200), (lost, 404)):
            if props:
                out += (f"<D:propstat><D:prop>{props}</D:prop><D:status>{status_line(status)}</D:status>"
                        "</D:propstat>")
        return out + "</D:response>"

    def bare(self, path, status, condition=""):
        error = f"<D:error><{condition}/></D:error>" if condition else ""
        return (f"<D:response><D:href>{self.href(path)}</D:href><D:status>{status_line(status)}</D:status>{error}"
                "</D:response>")

    def multistatus(self, responses, token=""):
        if self.odd.find("doubled", self):
            responses = [r for r in responses for _ in range(2)]
        return Answer(207, ('<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus ' + XMLNS + ">" +
                            "\n".join(responses) + token + "</D:multistatus>").encode(),
                      {"Content-Type": 'application/xml; charset="utf-8"'})

    def xml(self):
        """The request's body, and the names of the properties it asks for."""
        try:
            root = ET.fromstring(self.body)
        except ET.ParseError as error:
            raise Refused(400) from error
        names = []
        for prop in root.findall("{DAV:}prop"):
            for p in prop:
                space, _, local = p.tag[1:].partition("}")
                if space in SHORT:
                    names.append(f"{SHORT[space]}:{local}")
        return root, names

    # ---- methods

    def do_options(self):
        return Answer(200, b"", {"DAV": "1, 3, access-control, calendar-access, addressbook, extended-mkcol",
                                 "Allow": "OPTIONS, GET, PUT, DELETE, PROPFIND, PROPPATCH, REPORT, MKCOL, "
                                          "MKCALENDAR, MOVE"})

    def do_propfind(self):
        _, names = self.xml()
        c, name = self.collection()
        if c:
            return self.multistatus(self.list_collection(c, name, names))
        path = self.real if self.real.endswith("/") else self.real + "/"
        if path in ("/.well-known/caldav/", "/.well-known/carddav/"):
            return Answer(301, b"", {"Location": "/"})
        homes = self.odd.homes.values()
        if path not in ("/", self.odd.principal, *homes):
            raise Refused(404)
        responses = [self.response(path, lambda n: self.home_property(path, n), names)]
        if self.depth == "1":
            hidden = self.odd.find("hidden", self)
            for at, inner in self.odd.collections.items():
                if at.rpartition("/")[0].rpartition("/")[0] + "/" == path and \
                        not (hidden and re.search(hidden.value, at)):
                    responses.append(self.response(at, lambda n, i=inner: self.collection_property(i, n), names))
        return self.multistatus(responses)

    def list_collection(self, c, name, names):
        if name is not None:
            if name not in c.items:
                raise Refused(404)
            return [self.response(c.path + self.listed(c, name),
                                  lambda n: self.item_property(c, c.items[name], n, False), names)]
        responses = [self.response(c.path, lambda n: self.collection_property(c, n), names)]
        if self.depth == "1":
            c.listings += 1
            hidden = self.odd.find("window", self)
            for item in c.items.values():
                if not hidden or not re.search(hidden.value, item.name):
                    responses.append(self.response(
                        c.path + self.listed(c, item.name), lambda n, i=item: self.item_property(c, i, n, False), names))
        return responses

    def do_report(self):
        root, names = self.xml()
        c, _ = self.collection()
        if not c:
            raise Refused(404)
        kind = root.tag.partition("}")[2]
        if kind == "sync-collection":
            return self.sync(c, root, names)
        if kind in ("calendar-multiget", "addressbook-multiget"):
            return self.multistatus(self.multiget(c, root, names))
        if kind == "calendar-query":
            return self.multistatus([self.response(c.path + self.listed(c, i.name), lambda n, i=i:
                                                   self.item_property(c, i, n, True), names)
                                     for i in c.items.values()])
        raise Refused(403, "D:supported-report")

    def multiget(self, c, root, names):
        missing = self.odd.find("missing", self)
        for href in root.findall("{DAV:}href"):
            path = urllib.parse.unquote(urllib.parse.urlsplit(href.text.strip()).path)
            inside, name = self.collection(path)
            if inside is not c or name not in c.items or (missing and re.search(missing.value, name)):
                yield self.bare(path, 404)
            else:
                yield self.response(c.path + self.listed(c, name),
                                    lambda n, i=c.items[name]: self.item_property(c, i, n, True), names)

    def token(self, c, seq):
        return f"http://odd.example/sync/{c.born}/{seq}"

    def sync(self, c, root, names):
        if self.odd.find("no-sync", self) or self.odd.find("neither", self):
            raise Refused(403, "D:supported-report")
        since, given = 0, (root.findtext("{DAV:}sync-token") or "").strip()
        refused = self.odd.find("no-token", self)
        if given:
            match = re.fullmatch(r"http://odd\.example/sync/(\d+)/(\d+)", given)
            if refused or not match or int(match[1]) != c.born:
                raise Refused(int(refused.value or 403) if refused else 403, "D:valid-sync-token")
            since = int(match[2])
        c.listings += 1
        hidden, data = self.odd.find("window", self), not self.odd.find("no-data", self)
        changes = [(i.seq, i.name) for i in c.items.values() if i.seq > since and
                   not (hidden and re.search(hidden.value, i.name))]
        if given or self.odd.find("dead", self):
            changes += [(seq, name) for name, seq in c.gone.items() if seq > since]
        changes.sort()
        paged, rest = self.odd.find("paged", self), []
        if paged and len(changes) > int(paged.value):
            changes, rest = changes[:int(paged.value)], changes[int(paged.value):]
        responses = [self.response(c.path, lambda n: self.collection_property(c, n), names)] \
            if self.odd.find("self", self) else []
        for _, name in changes:
            item = c.items.get(name)
            at = c.path + self.listed(c, name)
            responses.append(self.response(at, lambda n, i=item: self.item_property(c, i, n, data), names)
                             if item else self.bare(at, 404))
        if rest:
            responses.append(self.bare(c.path, 507, "D:number-of-matches-within-limits"))
        seq = changes[-1][0] if rest else c.seq
        return self.multistatus(responses, f"<D:sync-token>{self.token(c, seq)}</D:sync-token>")

    def do_get(self):
        c, name = self.collection()
        if not c or name not in c.items:
            raise Refused(404)
        item = c.items[name]
        return Answer(200, item.data, {"ETag": self.etag(c, item),
                                       "Content-Type": "text/vcard" if c.card else "text/calendar"})

    do_head = do_get

    def check_conditions(self, c, item):
        """If-Match and If-None-Match."""
        wanted, unwanted = self.headers.get("If-Match"), self.headers.get("If-None-Match")
        if wanted and (not item or (wanted != "*" and wanted != self.etag(c, item))):
            raise Refused(412)
        if unwanted and item and (unwanted == "*" or unwanted == self.etag(c, item)):
            raise Refused(412)

    def check_writable(self):
        if self.odd.find("read-only", self):
            raise Refused(403, "D:need-privileges")

    def do_put(self):
        c, name = self.collection()
        if not c or not name:
            raise Refused(409)
        self.check_writable()
        old, new = c.items.get(name), Item(name, self.body)
        self.check_conditions(c, old)
        begin = b"BEGIN:VCARD" if c.card else b"BEGIN:VCALENDAR"
        refused = self.odd.find("refuse", self)
        if not self.body.startswith(begin) or not new.uid or (refused and refused.value.encode() in self.body):
            raise Refused(403, "R:valid-address-data" if c.card else "C:valid-calendar-data")
        mute = self.odd.find("unique-mute", self)
        where = self.odd.collections.values() if mute or self.odd.find("unique", self) else [c]
        for other in where:
            for twin in other.items.values():
                if twin.uid == new.uid and (other is not c or twin.name != name):
                    raise Refused(403 if other is not c else 409, "R:no-uid-conflict" if c.card else
                                  "C:no-uid-conflict", "" if mute else
                                  f"<D:href>{self.href(other.path + twin.name)}</D:href>")
        if (self.odd.find("renames", self) or self.odd.find("renames-mute", self)) and not old:
            name = hashlib.md5(new.uid).hexdigest() + (".vcf" if c.card else ".ics")
        c.put(name, rewritten(self.body) if self.odd.find("rewrites", self) else self.body,
              not self.truth and not old)
        headers = {} if self.odd.find("no-etag", self) else {"ETag": self.etag(c, c.items[name])}
        if self.odd.find("renames", self) and not old:
            headers["Location"] = href_of(c.path + name)
        return Answer(204 if old else 201, b"", headers)

    def do_delete(self):
        c, name = self.collection()
        if not c or (name is not None and name not in c.items):
            raise Refused(404)
        self.check_writable()
        if name is None:
            del self.odd.collections[c.path]
        else:
            self.check_conditions(c, c.items[name])
            c.delete(name)
        return Answer(204)

    def do_move(self):
        c, name = self.collection()
        if self.odd.find("no-move", self):
            raise Refused(405)
        target = urllib.parse.urlsplit(self.headers.get("Destination", ""))
        to, new = self.collection(urllib.parse.unquote(target.path))
        if not c or name not in c.items:
            raise Refused(404)
        if not to or not new or to.card != c.card:
            raise Refused(409)
        self.check_writable()
        if self.odd.find("edited-move", self):
            c.items[name].data = c.items[name].data.replace(b"SUMMARY:", b"SUMMARY:Edited there\\, ", 1)
        else:
            self.check_conditions(c, c.items[name])
        if new in to.items and self.headers.get("Overwrite", "T") == "F":
            raise Refused(412)
        data = c.items[name].data
        c.delete(name)
        to.put(new, data, not self.truth)
        return Answer(201)

    def do_mkcol(self):
        path = self.real if self.real.endswith("/") else self.real + "/"
        home = path.rpartition("/")[0].rpartition("/")[0] + "/"
        if self.odd.find("no-mkcol", self) or home not in self.odd.homes.values():
            raise Refused(403)
        self.check_writable()
        if path in self.odd.collections:
            raise Refused(405)
        made = Collection(path, home == self.odd.homes["contacts"])
        self.label(made)
        self.odd.collections[path] = made
        return Answer(201)

    do_mkcalendar = do_mkcol

    def label(self, c):
        """Takes title, color and components from a body of MKCOL, MKCALENDAR or PROPPATCH."""
        for e in ET.fromstring(self.body).iter() if self.body else ():
            if e.tag == "{DAV:}displayname":
                c.title = e.text or ""
            elif e.tag == "{http://apple.com/ns/ical/}calendar-color":
                c.color = e.text or ""
            elif e.tag == "{urn:ietf:params:xml:ns:caldav}comp":
                c.components += (e.get("name"),)
            elif e.tag == "{urn:ietf:params:xml:ns:carddav}addressbook":
                c.card = True

    def do_proppatch(self):
        c, name = self.collection()
        if not c or name is not None:
            raise Refused(404)
        self.check_writable()
        self.label(c)
        names = ["D:displayname", "I:calendar-color"]
        return self.multistatus([self.response(c.path, lambda n: "", names)])

    def answer(self):
        """What a server without faults in its lines would say."""
        act = getattr(self, "do_" + self.method.lower(), None)
        if not act:
            return Answer(405)
        try:
            with self.odd.lock:
                return act()
        except Refused as no:
            return self.refusal(no)

    def refusal(self, no):
        if self.odd.find("error207", self) and self.method not in ("GET", "HEAD"):
            return self.multistatus([self.bare(self.path, no.status, no.condition)])
        body = f"<D:error {XMLNS}><{no.condition}>{no.detail}</{no.condition}></D:error>" if no.condition else ""
        return Answer(no.status, body.encode(), {"Content-Type": "application/xml"} if body else {})


