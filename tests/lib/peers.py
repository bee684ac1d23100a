"""Other programs' configurations for the account of a koc configuration: peers in tests and benchmarks."""

import os
import re

import dav


def values(config):
    """What a test's koc configuration says: key -> value."""
    with open(config) as f:
        found = dict(re.findall(r"([a-z-]+) = (?:\{ )?[\"'](.*?)[\"']", f.read()))
    if "imap" not in found:
        return found
    found["host"], found["port"] = re.match(r"imaps://(.*):(\d+)", found["imap"]).groups()
    if found["host"] == "127.0.0.1":
        found["host"] = "localhost"  # they know no addresses in certificates
    return found


def mbsync(config):
    """Writes an mbsyncrc beside the store's state; returns the words that run it."""
    v = values(config)
    state = v["store"] + "/.koc"
    os.makedirs(state, exist_ok=True)
    os.makedirs(v["store"] + "/mail", exist_ok=True)
    with open(state + "/mbsyncrc", "w") as f:
        f.write(f"""\
IMAPStore server
Host {v["host"]}
Port {v["port"]}
User {v["user"]}
Pass {v["password"]}
SSLType IMAPS
CertificateFile {v["tls-ca-file"]}

MaildirStore local
Path {v["store"]}/mail/
Inbox {v["store"]}/mail/INBOX
SubFolders Verbatim

Channel all
Far :server:
Near :local:
Patterns *
Create Both
Expunge Both
CopyArrivalDate yes
SyncState {state}/
""")
    return ["mbsync", "-q", "-c", state + "/mbsyncrc", "all"]


def offlineimap(config):
    """The same for offlineimap."""
    v = values(config)
    state = v["store"] + "/.koc"
    os.makedirs(state, exist_ok=True)
    with open(state + "/offlineimaprc", "w") as f:
        f.write(f"""\
[general]
accounts = all
metadata = {state}
[Account all]
localrepository = local
remoterepository = server
[Repository local]
type = Maildir
localfolders = {v["store"]}/mail
sep = /
[Repository server]
type = IMAP
remotehost = {v["host"]}
remoteport = {v["port"]}
remoteuser = {v["user"]}
remotepass = {v["password"]}
ssl = yes
sslcacertfile = {v["tls-ca-file"]}
""")
    return ["offlineimap", "-o", "-u", "quiet", "-c", state + "/offlineimaprc"]


def vdirsyncer(config, store=None):
    """The same for vdirsyncer: every collection that the server has, as koc sorts them.  Returns the words that
    discover, synchronise, and do that for names and colors.  store: where, if not in the account's."""
    v = values(config)
    store = store or v["store"]
    state = store + "/.koc/vdirsyncer"
    os.makedirs(state, exist_ok=True)
    client = dav.Dav(v["dav"], v["user"], v["password"], v.get("tls-ca-file")).discover()
    by_kind = {}
    for f in client.folders():
        by_kind.setdefault(f.kind, []).append(f.href.rstrip("/").rpartition("/")[2])
    client.close()
    lines = [f'[general]\nstatus_path = "{state}/"']
    for kind, names in by_kind.items():
        card = kind == "contacts"
        listed = ", ".join(f'"{n}"' for n in names)
        verify = f'verify = "{v["tls-ca-file"]}"\n' if "tls-ca-file" in v else ""
        lines.append(f"""\
[pair {kind}]
a = "{kind}_here"
b = "{kind}_there"
collections = [{listed}]
conflict_resolution = "b wins"
metadata = {'["displayname"]' if card else '["displayname", "color"]'}
[storage {kind}_here]
type = "filesystem"
path = "{store}/{kind}/"
fileext = "{'.vcf' if card else '.ics'}"
[storage {kind}_there]
type = "{'carddav' if card else 'caldav'}"
url = "{v["dav"]}"
username = "{v["user"]}"
password = "{v["password"]}"
{verify}""")
    path = state + "/config"
    with open(path, "w") as f:
        f.write("\n".join(lines))
    words = ["/usr/bin/vdirsyncer", "-v", "ERROR", "-c", path]
    return [*words, "discover", "--no-list"], [*words, "sync"], [*words, "metasync"]
