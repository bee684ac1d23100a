#!/usr/bin/python3
"""Looks at and changes calendars and contacts on a test server, and compares an account with a koc store.

    davdo.py --dir D [--user U] COMMAND …

    folders                       kind, title, href, color and number of items of each, JSON
    list TITLE                    href, UID and summary of each item, JSON
    make KIND NAME TITLE [COLOR]  KIND: calendars, tasks, notes, contacts
    label TITLE NEW [COLOR]
    drop TITLE
    add TITLE FILE…               new items, named as the files
    edit TITLE UID SUMMARY        another summary, or name of a contact
    delete TITLE UID              move TITLE UID TO
    compare STORE [--exact]       prints what differs; status 1 if anything does

D is the directory of tests/servers/radicale or xandikos.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import dav
import davoracle
import vdir


def arguments():
    p = argparse.ArgumentParser(usage=__doc__, add_help=False)
    p.add_argument("--dir", required=True)
    p.add_argument("--user", default="alice")
    p.add_argument("--password", default="secret")
    p.add_argument("--exact", action="store_true")
    p.add_argument("command")
    p.add_argument("words", nargs="*")
    return p.parse_args()


def connect(a):
    scheme = "http" if os.path.exists(os.path.join(a.dir, "port.http")) else "https"
    with open(os.path.join(a.dir, "port." + scheme)) as f:
        url = f"{scheme}://127.0.0.1:{int(f.read())}/"
    return dav.Dav(url, a.user, a.password, os.path.join(a.dir, "tls", "ca.pem")).discover()


def item(server, title, uid):
    """(href, data) of the item with this UID."""
    return next((h, d) for h, d in server.bodies(server.folder(title)).items() if vdir.uid_of(d) == uid)


def show(values):
    print(json.dumps(values, ensure_ascii=False))


def compare(server, a, store):
    lines, total = davoracle.compare(server, vdir.Vdir(store), exact=a.exact)
    for line in lines:
        print(line)
    if not lines:
        print(f"equal: {total} items{', byte for byte' if a.exact else ''}")
    return 1 if lines else 0


def main():
    a = arguments()
    words = a.words
    server = connect(a)
    if a.command == "folders":
        for f in server.folders():
            show({"kind": f.kind, "title": f.title, "href": f.href, "color": f.color,
                  "items": len(server.items(f))})
    elif a.command == "list":
        for href, data in server.bodies(server.folder(words[0])).items():
            show({"href": href, "uid": vdir.uid_of(data), "summary": vdir.summary_of(data)})
    elif a.command == "make":
        server.make(*words)
    elif a.command == "label":
        server.label(server.folder(words[0]), *words[1:])
    elif a.command == "drop":
        server.drop(server.folder(words[0]))
    elif a.command == "add":
        for path in words[1:]:
            with open(path, "rb") as f:
                data = f.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            server.add(server.folder(words[0]), os.path.basename(path), data)
    elif a.command == "edit":
        href, data = item(server, words[0], words[1])
        server.put(href, vdir.summary(data, words[2]))
    elif a.command == "delete":
        server.delete(item(server, *words)[0])
    elif a.command == "move":
        server.move(item(server, *words[:2])[0], server.folder(words[2]))
    elif a.command == "compare":
        return compare(server, a, words[0])
    else:
        print(f"davdo: {a.command}: no such command", file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main())
