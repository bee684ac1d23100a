"""What a program said to Dovecot after login, from the server's raw logs."""

import glob
import os
import re
import zlib


def strip_stamps(data):
    """Every line of the log begins with "1795357441.949564 "."""
    return re.sub(rb"(?m)^\d{10}\.\d{6} ", b"", data)


class Command:
    def __init__(self, line):
        self.line = line               # without literals' bytes, decoded
        words = line.split()
        self.tag = words[0] if words else ""
        self.verb = words[1].upper() if len(words) > 1 else ""
        if self.verb == "UID" and len(words) > 2:
            self.verb = "UID " + words[2].upper()

    def __repr__(self):
        return self.line


def commands_of(data):
    """The commands of one connection's bytes: literals skipped, what follows COMPRESS inflated."""
    found, at, line = [], 0, b""
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end + 1
        line += data[at:end].rstrip(b"\r\n")
        at = end
        m = re.search(rb"\{(\d+)\+?\}$", line)
        if m:
            at += int(m[1])
            line += b" "
            continue
        command = Command(line.decode(errors="replace"))
        line = b""
        if command.verb:
            found.append(command)
        if command.verb == "COMPRESS":
            data, at = data[:at] + zlib.decompressobj(-15).decompress(data[at:]), at
    return found


class Rawlog:
    """mark() forgets what was said so far; commands() is what was said since, by connection order."""

    def __init__(self, directory):
        self.directory = directory
        self.seen = set()

    def files(self):
        return sorted(f for f in glob.glob(os.path.join(self.directory, "*.in"))
                      if f not in self.seen)

    def mark(self):
        self.seen.update(self.files())

    def sessions(self):
        found = []
        for path in self.files():
            with open(path, "rb") as f:
                found.append(commands_of(strip_stamps(f.read())))
        return found

    def commands(self):
        return [c for session in self.sessions() for c in session]

    def verbs(self):
        return [c.verb for c in self.commands()]


# ---- what a command needs to be advertised ---------------------------------------------------

NEEDS = [  # (pattern of the whole line after the tag, capabilities of which one is enough)
    (r"ENABLE\b", ["ENABLE"]),
    (r"NAMESPACE\b", ["NAMESPACE"]),
    (r"ID\b", ["ID"]),
    (r"IDLE\b", ["IDLE"]),
    (r"UNSELECT\b", ["UNSELECT"]),
    (r"COMPRESS\b", ["COMPRESS=DEFLATE"]),
    (r"NOTIFY\b", ["NOTIFY"]),
    (r"UID EXPUNGE\b", ["UIDPLUS"]),
    (r"(UID )?MOVE\b", ["MOVE"]),
    (r"ENABLE .*\bQRESYNC\b", ["QRESYNC"]),
    (r"(SELECT|EXAMINE) .*\(QRESYNC\b", ["QRESYNC"]),
    (r"(SELECT|EXAMINE) .*\(CONDSTORE\b", ["CONDSTORE", "QRESYNC"]),
    (r".*\b(CHANGEDSINCE|UNCHANGEDSINCE|HIGHESTMODSEQ|MODSEQ)\b", ["CONDSTORE", "QRESYNC"]),
    (r".*\bVANISHED\b", ["QRESYNC"]),
    (r"LIST \(", ["LIST-EXTENDED"]),
    (r"LIST .*\bRETURN\b", ["LIST-EXTENDED", "LIST-STATUS"]),
    (r"LIST .*\bSTATUS\b", ["LIST-STATUS"]),
    (r"LIST .*\bSPECIAL-USE\b", ["SPECIAL-USE"]),
    (r"CREATE .*\bUSE\b", ["CREATE-SPECIAL-USE"]),
    (r"STATUS .*\bSIZE\b", ["STATUS=SIZE"]),
    (r"(UID )?SEARCH RETURN\b", ["ESEARCH"]),
    (r".*\b(MAILBOXID|EMAILID|X-GUID)\b", ["OBJECTID"]),
    (r".*\bSAVEDATE\b", ["SAVEDATE"]),
    (r".*\{\d+\+\}", ["LITERAL+", "LITERAL-"]),
    (r".*\bBINARY(\.PEEK)?\[|.*~\{", ["BINARY"]),
    (r"(UID )?SORT\b", ["SORT"]),
    (r"(UID )?THREAD\b", ["THREAD"]),
]


def unadvertised(line, capabilities):
    """Why this command must not be sent to a server that advertises only these; None: it may."""
    have = {c.upper() for c in capabilities}
    text = line.partition(" ")[2]
    # What stands in quotes is data: a folder may be called "MOVE".
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    for pattern, needs in NEEDS:
        if re.match(pattern, bare, re.I) and not have.intersection(needs):
            return f"{line}: needs {' or '.join(needs)}"
    return None
