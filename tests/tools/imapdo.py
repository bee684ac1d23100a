#!/usr/bin/python3
"""Looks at and changes a mailbox on a test server, and compares an account with a koc store.

    imapdo.py --dir D [--user U] [--password P] [--tls] COMMAND …

    folders                             names and attributes, JSON
    list FOLDER                         uid, flags, keywords, date, sha256 and size of each message, JSON
    append FOLDER FILE… [-f FLAGS] [-k KEYWORD] [--date SECONDS]
    store FOLDER UIDS +|-|= FLAGS [-k KEYWORD]   flags as Maildir letters D F P R S T
    copy|move FOLDER UIDS TO
    expunge FOLDER UIDS                 those alone
    create|delete FOLDER                rename FOLDER TO
    turn FOLDER                         the same messages in the opposite order, under other UIDs
    compare STORE [--dates] [--no-keywords] [--ignore-noise] [--prefix P] [--separator S] [--skip F]
                                        prints what differs; status 1 if anything does

D is the directory of tests/servers/dovecot.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import imap
import maildir
import oracle


def arguments():
    p = argparse.ArgumentParser(usage=__doc__, add_help=False)
    p.add_argument("--dir", required=True)
    p.add_argument("--user", default="alice")
    p.add_argument("--password", default="secret")
    p.add_argument("--tls", action="store_true")
    p.add_argument("command")
    p.add_argument("words", nargs="*")
    p.add_argument("-f", "--flags", default="")
    p.add_argument("-k", "--keyword", action="append", default=[])
    p.add_argument("--date", type=int)
    p.add_argument("--dates", action="store_true")
    p.add_argument("--no-keywords", action="store_true")
    p.add_argument("--ignore-noise", action="store_true")
    p.add_argument("--prefix", default="")
    p.add_argument("--separator", default="/")
    p.add_argument("--skip", action="append", default=[])
    return p.parse_args()


def connect(a):
    with open(os.path.join(a.dir, "port.imaps" if a.tls else "port.imap")) as f:
        port = int(f.read())
    return imap.Imap(port, a.user, a.password,
                     os.path.join(a.dir, "tls", "ca.pem") if a.tls else None)


def compare(server, a, store):
    lines, total = oracle.compare(server, maildir.Mail(store), a.prefix, a.separator, a.dates,
                                  not a.no_keywords, a.ignore_noise, a.skip)
    for line in lines:
        print(line)
    if not lines:
        print(f"equal: {total} messages")
    return 1 if lines else 0


def show(messages):
    for m in messages:
        print(json.dumps({"uid": m["uid"], "flags": m["flags"], "keywords": m["keywords"],
                          "date": m["date"], "sha256": m["digest"], "size": len(m["data"])}))


def main():
    a = arguments()
    words = a.words
    with connect(a) as server:
        if a.command == "folders":
            for name, attributes in sorted(server.folders().items()):
                print(json.dumps({"name": name, "attributes": sorted(attributes)},
                                 ensure_ascii=False))
        elif a.command == "list":
            show(server.messages(words[0]))
        elif a.command == "append":
            for path in words[1:]:
                with open(path, "rb") as f:
                    print(server.append(words[0], maildir.wire(f.read()), a.flags, a.keyword,
                                        a.date))
        elif a.command == "store":
            how = "" if words[2] == "=" else words[2]
            server.store(words[0], words[1], how, words[3] if len(words) > 3 else "", a.keyword)
        elif a.command in ("copy", "move"):
            getattr(server, a.command)(words[0], words[1], words[2])
        elif a.command in ("expunge", "rename", "create", "delete", "turn"):
            getattr(server, a.command)(*words)
        elif a.command == "compare":
            return compare(server, a, words[0])
        else:
            print(f"imapdo: {a.command}: no such command", file=sys.stderr)
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main())
