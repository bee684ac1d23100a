"""The cells of mail (cells.py): a is INBOX, b Work, c Archive, t the Trash."""

import os

from cells import Table
from harness import text_message

PLACES = {"a": "INBOX", "b": "Work", "c": "Archive", "t": "Trash"}


class MailTable(Table):
    root = "mail"

    def __init__(self, cells):
        super().__init__("mail", cells)

    def message(self, cell, text):
        return text_message(f"{cell.key} message", f"{cell.key} {text}\r\n", message_id=f"{cell.key}@cells")

    def begin(self, account):
        """Before the first sync."""
        self.account = account
        for name in PLACES.values():
            if name not in account.server.folders():
                account.server.create(name)
        self.uids = {c.key: account.server.append("INBOX", self.message(c, "base")) for c in self.cells
                     if not c.has("there", "new", "none")}
        return self

    def folder(self, place):
        return "mail/" + PLACES[place]

    def shelf(self, _):
        return "mail/cur"

    def kept(self, cell):
        return "here/F" if cell.has("here", "flagged") else "here"

    second = kept  # mail has no UID

    # ---- looking

    def look(self):
        self.now = tuple({} for _ in range(2))
        for place, name in PLACES.items():
            for side, messages in zip(self.now, (self.account.server.messages(name), self.account.mail.messages(name))):
                for m in messages:
                    self.note(side, place, m)

    def note(self, side, place, message):
        head, _, body = message["data"].partition(b"\r\n\r\n")
        if b"\r\nX-Koc-Notice:" in head:
            return
        key, _, text = body.decode().strip().partition(" ")
        flags = message["flags"] and "/" + message["flags"]
        side.setdefault(key, []).append(f"{place}:{text}{flags}")

    # ---- what happens

    def happen(self, there=True):
        """there: also what happens there."""
        files = {m["data"].split(b"\r\n\r\n")[1].split(b" ")[0].decode(): m["path"]
                 for m in self.account.mail.messages("INBOX")}
        for cell in self.cells:
            if there:
                self.happen_there(cell)
            self.happen_here(cell, files.get(cell.key))

    def happen_there(self, cell):
        server, uid, at = self.account.server, self.uids.get(cell.key), "INBOX"
        for step in cell.there.split("+"):
            if step == "flagged":
                server.store(at, uid, "+", "S")
            elif step == "gone":
                server.expunge(at, uid)
            elif step in ("moved", "together", "trashed"):
                to = PLACES[{"moved": "c", "together": "b", "trashed": "t"}[step]]
                server.move(at, uid, to)
                at = to
            elif step == "new":
                server.append(at, self.message(cell, "both" if cell.here == "equal" else "there"))
            else:
                assert step in ("same", "none"), step

    def happen_here(self, cell, path):
        here = self.account.mail
        written = self.message(cell, "both" if cell.here == "equal" else "here")
        cell.written = written.replace(b"\r\n", b"\n")
        for step in cell.here.split("+"):
            if step == "flagged":
                path = here.flag(path, "F")
            elif step == "edited":
                self.rewrite(path, cell.written)
            elif step == "gone":
                os.unlink(path)
            elif step in ("moved", "trashed"):
                path = here.move(path, PLACES["b" if step == "moved" else "t"])
            elif step in ("new", "equal"):
                here.deliver("INBOX", written, "")
            elif step == "elsewhere":
                here.deliver("Work", written, "")
            else:
                assert step in ("same", "none"), step

    def rewrite(self, path, data):
        """A new file under the old name, as an editor leaves it."""
        aside = os.path.join(os.path.dirname(os.path.dirname(path)), "tmp", os.path.basename(path) + ".edit")
        with open(aside, "wb") as f:
            f.write(data)
        os.rename(aside, path)

    def put_back(self, cell, path):
        """To where it was; every other one under another name, as a mail program does."""
        name = os.path.basename(path)
        if int(cell.key[1:]) % 2:
            name = f"1.{cell.key}.moved:2,{name.rpartition(',')[2]}"
        os.rename(path, os.path.join(self.account.mail.path("INBOX"), "cur", name))
