"""A koc store's mail, read (and changed) as any mail program would: plain files, no state of koc's."""

import hashlib
import os
import re
import time


def wire(data):
    """The bytes on the wire: a file with CRLF in it holds them already (SPEC 1)."""
    return data if b"\r\n" in data else data.replace(b"\n", b"\r\n")


NOISE = (b"x-tuid:", b"content-length:", b"lines:", b"status:", b"x-status:")


def drop_noise(data):
    """Without the header lines that mbsync and mutt add to what they copy."""
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = [l for l in (head + b"\r\n").splitlines(True) if not l.lower().startswith(NOISE)]
    return b"".join(lines).removesuffix(b"\r\n") + blank + body if blank else b"".join(lines)


def unescape(path):
    """The server's name, with / as separator, of a directory below mail/ (src/store/path.h)."""
    whole = path.replace("%+/", "")  # a long name lies in nested directories
    parts = ["" if part == "%-" else
             re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]),
                    part.encode(errors="surrogateescape")).decode(errors="surrogateescape")
             for part in whole.split("/")]
    return "/".join(parts)


class Mail:
    """<store>/mail."""

    def __init__(self, store):
        self.root = os.path.join(store, "mail")
        self.directories = {}  # of names that are not their own directory's

    def folders(self):
        """Folder names as on the server with / as separator, sorted."""
        found = []
        for at, directories, _ in os.walk(self.root):
            if "cur" in directories:
                path = os.path.relpath(at, self.root)
                found.append(unescape(path))
                self.directories[found[-1]] = path
            directories[:] = [d for d in directories if d not in ("cur", "new", "tmp")]
        return sorted(found)

    def path(self, folder):
        return os.path.join(self.root, self.directories.get(folder, folder))

    def keywords(self, folder):
        """{letter: keyword} of the folder's table."""
        table = {}
        try:
            with open(os.path.join(self.path(folder), "dovecot-keywords")) as f:
                for line in f:
                    number, _, word = line.strip().partition(" ")
                    table[chr(ord("a") + int(number))] = word
        except FileNotFoundError:
            pass
        return table

    def files(self, folder):
        """Paths of the message files in cur and new, sorted."""
        found = []
        for sub in ("cur", "new"):
            directory = os.path.join(self.path(folder), sub)
            for name in os.listdir(directory):
                path = os.path.join(directory, name)
                if not name.startswith(".") and os.path.isfile(path) and not os.path.islink(path):
                    found.append(path)
        return sorted(found)

    def messages(self, folder, own=False):
        """As Imap.messages: path, flags, keywords, date, digest and data (as on the wire).  Without what koc
        itself tells the user, which is nobody else's, unless `own`."""
        table, found = self.keywords(folder), []
        for path in self.files(folder):
            letters = os.path.basename(path).partition(":2,")[2]
            with open(path, "rb") as f:
                data = wire(f.read())
            if not own and b"\r\nX-Koc-Notice:" in data.partition(b"\r\n\r\n")[0]:
                continue
            found.append({"path": path,
                          "flags": "".join(sorted(set(letters) & set("DFPRST"))),
                          "keywords": tuple(sorted(table[l].lower() for l in set(letters)
                                                   if l in table)),
                          "date": int(os.stat(path).st_mtime), "data": data,
                          "digest": hashlib.sha256(data).hexdigest()})
        return found

    # ---- changes, as a mail program makes them -------------------------------------------

    serial = 0

    def unique(self):
        Mail.serial += 1
        return f"{int(time.time())}.M{Mail.serial}P{os.getpid()}.laptop"

    def make(self, folder):
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.path(folder), sub), exist_ok=True)

    def deliver(self, folder, data, flags=None, date=None):
        """A new message; without flags into new/."""
        sub = "new" if flags is None else "cur"
        path = os.path.join(self.path(folder), sub, self.unique() +
                            ("" if flags is None else ":2," + flags))
        with open(path, "wb") as f:
            f.write(data.replace(b"\r\n", b"\n"))
        if date:
            os.utime(path, (date, date))
        return path

    def flag(self, path, letters):
        """Sets the flags of a message to these letters; returns the new path."""
        directory, name = os.path.split(path)
        to = os.path.join(os.path.dirname(directory), "cur",
                          name.partition(":2,")[0] + ":2," + letters)
        os.rename(path, to)
        return to

    def move(self, path, folder):
        to = os.path.join(self.path(folder), "cur", os.path.basename(path))
        os.rename(path, to)
        return to

    def copy(self, path, folder):
        """As mail programs do: new name, same bytes, same flags."""
        letters = os.path.basename(path).partition(":2,")[2]
        with open(path, "rb") as f:
            data = f.read()
        to = os.path.join(self.path(folder), "cur", self.unique() + ":2," + letters)
        with open(to, "wb") as f:
            f.write(data)
        return to

    def edit(self, path, more=b"An added line.\n"):
        """A new file under the old name, as an editor leaves it."""
        with open(path, "rb") as f:
            data = f.read()
        aside = os.path.join(os.path.dirname(os.path.dirname(path)), "tmp", self.unique())
        with open(aside, "wb") as f:
            f.write(data + more)
        os.rename(aside, path)
