"""Mailbox names on the wire: modified UTF-7 (RFC 3501 5.1.3)."""

import base64


def encode(name):
    out, run = [], []

    def flush():
        if run:
            b = base64.b64encode("".join(run).encode("utf-16-be")).rstrip(b"=")
            out.append("&" + b.decode().replace("/", ",") + "-")
            run.clear()

    for c in name:
        if 0x20 <= ord(c) <= 0x7e:
            flush()
            out.append("&-" if c == "&" else c)
        else:
            run.append(c)
    flush()
    return "".join(out)


def decode(wire):
    out, at = [], 0
    while at < len(wire):
        if wire[at] != "&":
            out.append(wire[at])
            at += 1
            continue
        end = wire.index("-", at)
        coded = wire[at + 1:end].replace(",", "/")
        out.append(base64.b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-16-be")
                   if coded else "&")
        at = end + 1
    return "".join(out)
