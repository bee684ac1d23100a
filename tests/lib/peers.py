"""Other programs' configurations for the account of a koc configuration: peers in tests and benchmarks."""

import os
import re


def values(config):
    """What a test's koc configuration says: key -> value."""
    with open(config) as f:
        found = dict(re.findall(r"([a-z-]+) = [\"'](.*?)[\"']", f.read()))
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
