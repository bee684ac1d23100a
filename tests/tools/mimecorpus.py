#!/usr/bin/python3
"""Messages for text mode: what real mail is made of, and what breaks readers of it.

    mimecorpus.py DIRECTORY     writes each to DIRECTORY/NAME, with CRLF line ends

As a module: messages() yields Case(name, data, whole, texts, html): whether text mode fetches it whole, else
the sections that are kept as sent, and the sections of HTML that become text."""

import base64
import os
import sys
from dataclasses import dataclass, field

HEAD = (b"From: Jane <jane@example.com>\r\nTo: alice@example.com\r\nSubject: %s\r\n"
        b"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <%s@mime.example>\r\n"
        b"MIME-Version: 1.0\r\n")


@dataclass
class Case:
    name: str
    data: bytes
    whole: bool = False
    texts: list = field(default_factory=list)   # sections kept as sent
    html: list = field(default_factory=list)    # sections turned into text


def part(content_type, body=b"", *more):
    lines = [b"Content-Type: " + content_type.encode()] if content_type else []
    lines += [m.encode() if isinstance(m, str) else m for m in more]
    return b"".join(l + b"\r\n" for l in lines) + b"\r\n" + body


TEXT = part("text/plain; charset=utf-8", "Grüße, this is the text.\r\nTwo lines of it.\r\n".encode(),
            "Content-Transfer-Encoding: 8bit")
PLAIN = part("text/plain", b"Another text.\r\n")
HTML = part("text/html; charset=utf-8", b"<html><body><h1>Title</h1><p>This is <b>HTML</b>.</p></body></html>\r\n")
PDF = part("application/pdf; name=\"report.pdf\"", base64.encodebytes(b"%PDF-1.4" * 100).replace(b"\n", b"\r\n"),
           "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=\"report.pdf\"")
IMAGE = part("image/png", base64.encodebytes(b"\x89PNG" * 50).replace(b"\n", b"\r\n"),
             "Content-Transfer-Encoding: base64", "Content-ID: <logo@example.com>",
             "Content-Disposition: inline; filename=logo.png")


def multi(kind, parts, mark="=_mark", preamble=b"", epilogue=b"", close=True, more=""):
    """The fields and body of a multipart."""
    body = preamble + b"".join(b"--%s\r\n%s\r\n" % (mark.encode(), p) for p in parts)
    if close:
        body += b"--%s--\r\n" % mark.encode()
    return part(f'multipart/{kind}; boundary="{mark}"{more}', body + epilogue)


def whole(name, content):
    """A message with that content (fields and body of a part)."""
    return HEAD % (name.replace("-", " ").encode(), name.encode()) + content


def nested(depth, inner):
    for i in range(depth):
        inner = multi("mixed", [inner], mark=f"level{i}x")
    return inner


def messages():
    """All of them."""
    def case(name, content, *, whole_=False, texts=(), html=()):
        return Case(name, whole(name, content), whole_, list(texts), list(html))

    # ---- fetched whole ----------------------------------------------------------------------
    yield case("plain", TEXT, whole_=True)
    yield case("plain-no-type", part("", b"No Content-Type.\r\n"), whole_=True)
    yield case("plain-flowed", part("text/plain; format=flowed; delsp=yes", b"soft \r\nline\r\n"), whole_=True)
    yield Case("no-header", b"\r\nOnly a body.\r\n", True)
    yield Case("no-body", HEAD % (b"x", b"no-body"), True)
    yield Case("nothing", b"", True)
    yield case("signed-pgp", multi("signed", [TEXT, part("application/pgp-signature; name=signature.asc",
               b"-----BEGIN PGP SIGNATURE-----\r\n\r\nxx\r\n-----END PGP SIGNATURE-----\r\n")],
               more="; micalg=pgp-sha256; protocol=\"application/pgp-signature\""), whole_=True)
    yield case("signed-smime", multi("signed", [multi("alternative", [TEXT, HTML], "in"), part(
               "application/pkcs7-signature; name=smime.p7s", b"MIAG\r\n", "Content-Transfer-Encoding: base64")],
               more="; protocol=\"application/pkcs7-signature\""), whole_=True)
    yield case("signed-inside", multi("mixed", [multi("signed", [TEXT, part("application/pgp-signature", b"x\r\n")],
               "in"), PLAIN]), whole_=True)
    yield case("encrypted-pgp", multi("encrypted", [part("application/pgp-encrypted", b"Version: 1\r\n"), part(
               "application/octet-stream", b"-----BEGIN PGP MESSAGE-----\r\n\r\n")],
               more="; protocol=\"application/pgp-encrypted\""), whole_=True)
    yield case("encrypted-smime", part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
               b"MIAGCSqG\r\n", "Content-Transfer-Encoding: base64"), whole_=True)
    yield case("encrypted-x-smime", part("application/x-pkcs7-mime; name=smime.p7m", b"MIAGCSqG\r\n",
               "Content-Transfer-Encoding: base64"), whole_=True)
    yield case("encrypted-inline", multi("mixed", [part("text/plain; x-action=pgp-encrypted",
               b"-----BEGIN PGP MESSAGE-----\r\n"), PDF]), whole_=True)
    yield case("application-pgp", part("application/pgp; format=text; x-action=sign", b"x\r\n"), whole_=True)
    yield case("no-such-boundary", multi("mixed", [TEXT, PDF]).replace(b"=_mark\"", b"other\""), whole_=True)
    yield case("no-boundary", part("multipart/mixed", b"--x\r\n\r\ntext\r\n--x--\r\n"), whole_=True)
    yield case("empty-boundary", part("multipart/mixed; boundary=\"\"", b"--\r\n\r\ntext\r\n----\r\n"), whole_=True)
    yield case("type-is-nonsense", part("nonsense", b"text\r\n"), whole_=True)
    yield case("two-types", part("multipart/mixed; boundary=a", b"--a\r\n\r\ntext\r\n--a\r\n\r\n"
               b"more\r\n--a--\r\n", "Content-Type: text/html"), whole_=True)
    yield case("all-in-preamble", multi("mixed", [part("application/x-none")], preamble=b"line of the preamble\r\n"
               * 1000), whole_=True)

    # ---- the usual --------------------------------------------------------------------------
    yield case("alternative", multi("alternative", [TEXT, HTML]), texts=["1"])
    yield case("alternative-upside-down", multi("alternative", [HTML, TEXT]), texts=["2"])
    yield case("attachment", multi("mixed", [TEXT, PDF]), texts=["1"])
    yield case("attachment-with-preamble", multi("mixed", [TEXT, PDF], preamble=b"This is a multi-part message.\r\n",
               epilogue=b"And an epilogue.\r\n"), texts=["1"])
    yield case("related", multi("alternative", [TEXT, multi("related", [HTML, IMAGE], "rel", more="; type=\"text/html\"")
               ]), texts=["1"])
    yield case("everything", multi("mixed", [multi("alternative", [TEXT, multi("related", [HTML, IMAGE], "rel")], "alt"),
               PDF, PLAIN]), texts=["1.1", "3"])
    yield case("text-attachment", multi("mixed", [TEXT, part("text/plain; name=log.txt", b"log\r\n",
               "Content-Disposition: attachment; filename=log.txt")]), texts=["1"])
    yield case("text-inline-file", multi("mixed", [TEXT, part("text/plain; name=fix.patch", b"--- a\r\n+++ b\r\n",
               "Content-Disposition: inline; filename=fix.patch"), PDF]), texts=["1", "2"])
    yield case("only-texts", multi("mixed", [TEXT, multi("mixed", [PLAIN, TEXT], "in")]), whole_=True)
    yield case("other-disposition", multi("mixed", [TEXT, part("text/plain", b"x\r\n",
               "Content-Disposition: x-special")]), texts=["1"])
    yield case("only-attachments", multi("mixed", [PDF, IMAGE]))
    yield case("encodings", multi("mixed", [
        part("text/plain; charset=iso-8859-1", b"Gr=FC=DFe=20=\r\nsoft\r\n", "Content-Transfer-Encoding: quoted-printable"),
        part("text/plain; charset=utf-8", base64.encodebytes("Grüße\r\n".encode() * 40).replace(b"\n", b"\r\n"),
             "Content-Transfer-Encoding: base64"),
        part("text/plain; charset=iso-2022-jp", b"\x1b$B2q5D\x1b(B\r\n", "Content-Transfer-Encoding: 7bit"),
        part("text/plain; format=flowed", b"soft \r\nline\r\n-- \r\nme\r\n"), PDF]), texts=["1", "2", "3", "4"])
    yield case("empty-text", multi("mixed", [part("text/plain"), PDF]), texts=["1"])
    yield case("text-without-end", multi("mixed", [part("text/plain", b"no line end"), PDF]), texts=["1"])
    yield case("text-without-header", multi("mixed", [b"\r\nno fields at all\r\n", PDF]), texts=["1"])
    yield case("text-of-blank-lines", multi("mixed", [part("text/plain", b"\r\n\r\n\r\n"), PDF]), texts=["1"])
    yield case("boundary-lookalikes", multi("mixed", [part("text/plain", b"-- \r\n--\r\n--=_mar\r\n=_mark\r\n"
               b" --=_mark\r\n-=_mark\r\n"), PDF]), texts=["1"])
    yield case("message-attached", multi("mixed", [TEXT, part("message/rfc822", whole("inner", multi(
               "mixed", [TEXT, PDF], "inner")), "Content-Disposition: attachment; filename=\"inner.eml\"")]), texts=["1"])
    yield case("message-forwarded", multi("mixed", [TEXT, part("message/rfc822", whole("inner-plain", TEXT))]),
               texts=["1"])
    yield case("message-in-message", multi("mixed", [PLAIN, part("message/rfc822", whole("outer", part(
               "message/rfc822", whole("inmost", multi("mixed", [TEXT, HTML], "deep")))))]), texts=["1"])
    yield case("message-alone", part("message/rfc822", whole("alone", TEXT)))
    yield case("digest", multi("digest", [part("", whole("first", TEXT)), part("message/rfc822", whole("second", PLAIN)),
               part("text/plain", b"words\r\n")]), texts=["3"])
    yield case("report", multi("report", [PLAIN, part("message/delivery-status",
               b"Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; x@example.com\r\nAction: failed\r\n"),
               part("text/rfc822-headers", b"Subject: hello\r\n")], more="; report-type=delivery-status"), texts=["1"])
    yield case("calendar", multi("alternative", [TEXT, HTML, part("text/calendar; method=REQUEST",
               b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")]), texts=["1"])
    yield case("external-body", multi("mixed", [TEXT, part("message/external-body; access-type=URL; URL=\"ftp://x.example\"",
               b"Content-Type: image/gif\r\n\r\n")]), texts=["1"])

    # ---- HTML --------------------------------------------------------------------------------
    yield case("html-alone", HTML, html=["1"])
    yield case("html-alone-encoded", part("text/html; charset=iso-8859-1", b"<p>Gr=FC=DFe</p>=\r\n\r\n",
               "Content-Transfer-Encoding: quoted-printable"), html=["1"])
    yield case("html-alone-unknown", part("text/html", b"begin 644\r\n", "Content-Transfer-Encoding: x-uuencode"))
    yield case("html-attached", multi("mixed", [HTML, PDF]), html=["1"])
    yield case("html-related", multi("related", [HTML, IMAGE]), html=["1"])
    yield case("html-in-alternative", multi("alternative", [HTML, part("text/calendar", b"BEGIN:VCALENDAR\r\n")]),
               html=["1"])
    yield case("html-is-attachment", multi("mixed", [part("text/html", b"<p>x</p>\r\n",
               "Content-Disposition: attachment; filename=page.html"), PDF]))
    yield case("html-and-empty-text", multi("alternative", [part("text/plain", b"\r\n"), HTML]), texts=["1"], html=["2"])
    yield case("html-apple", multi("mixed", [HTML, PDF, HTML]), html=["1", "3"])

    # ---- one part ----------------------------------------------------------------------------
    yield case("pdf-alone", PDF)
    yield case("image-alone", IMAGE)
    yield case("text-attachment-alone", part("text/plain", b"an attached log\r\n",
               "Content-Disposition: attachment; filename=log.txt"), whole_=True)
    yield case("calendar-alone", part("text/calendar; method=REPLY", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))

    # ---- names -------------------------------------------------------------------------------
    names = {
        "name-2231": "attachment; filename*=UTF-8''%E2%82%AC%20rates.pdf",
        "name-2231-pieces": "attachment; filename*0*=UTF-8''%E2%82%AC; filename*1=\" long \"; filename*2*=name.pdf",
        "name-2047": "attachment; filename=\"=?utf-8?B?4oKsLnBkZg==?=\"",
        "name-raw-utf-8": "attachment; filename=\"€.pdf\"",
        "name-quotes": "attachment; filename=\"a \\\"quoted\\\" \\\\ name.pdf\"",
        "name-hostile": "attachment; filename=\"../../etc/pass\\\rwd\x1b[31m\"",
        "name-bare": "attachment; filename=my report(1).pdf",
        "name-japanese": "attachment; filename*=iso-2022-jp''%1B%24B2q5D%1B%28B.pdf",
        "name-long": "attachment; filename=\"" + "x" * 3000 + ".pdf\"",
    }
    for name, disposition in names.items():
        yield case(name, multi("mixed", [TEXT, part("application/pdf", b"x\r\n",
                   f"Content-Disposition: {disposition}".encode())]), texts=["1"])
    yield case("name-raw-latin-1", multi("mixed", [TEXT, part("application/pdf", b"x\r\n",
               b"Content-Disposition: attachment; filename=\"Gr\xfc\xdfe.pdf\"")]), texts=["1"])
    yield case("descriptions", multi("mixed", [TEXT, part("application/pdf", b"x\r\n", "Content-Description: "
               "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Content-ID: <id@example.com>")]), texts=["1"])

    # ---- boundaries --------------------------------------------------------------------------
    yield case("boundary-odd", multi("mixed", [TEXT, PDF], mark="a'()+_,-./:=? z"), texts=["1"])
    yield case("boundary-70", multi("mixed", [TEXT, PDF], mark="b" * 70), texts=["1"])
    yield case("boundary-dashes", multi("mixed", [TEXT, HTML, PDF], mark="-" * 20 + "9"), texts=["1"])
    yield case("boundary-prefix", multi("mixed", [multi("alternative", [TEXT, HTML], mark="abcd"), PDF], mark="abc"),
               texts=["1.1"])
    yield case("boundary-twice", multi("mixed", [multi("alternative", [TEXT, HTML], mark="same"), PDF], mark="same"), texts=["1.1"])
    yield case("boundary-unquoted", multi("mixed", [TEXT, PDF]).replace(b'"=_mark"', b"=_mark"), texts=["1"])
    yield case("not-closed", multi("mixed", [TEXT, PDF], close=False), texts=["1"])
    yield case("inner-not-closed", multi("mixed", [multi("alternative", [TEXT, HTML], "in", close=False), PDF]),
               texts=["1.1"])
    yield case("blanks-behind-boundary", multi("mixed", [TEXT, PDF]).replace(b"--=_mark\r\n", b"--=_mark \t\r\n"),
               texts=["1"])

    # ---- bytes -------------------------------------------------------------------------------
    yield case("bare-lf", multi("mixed", [part("text/plain", b"one\ntwo\r\nthree\n\r\n"), PDF]), texts=["1"])
    yield case("cr-cr-lf", multi("mixed", [part("text/plain", b"one\r\r\ntwo\r\n"), PDF]), texts=["1"])
    yield case("long-line", multi("mixed", [part("text/plain", b"x" * 100000 + b"\r\n"), PDF]), texts=["1"])
    yield case("from-line", multi("mixed", [part("text/plain", b"From here\r\n.\r\n>From there\r\n"), PDF]), texts=["1"])
    yield Case("folded-header", b"Subject: a\r\n b\r\nContent-Type:\r\n multipart/mixed;\r\n\tboundary=\r\n \"x\"\r\n\r\n"
               b"--x\r\n\r\ntext\r\n--x\r\nContent-Type: image/gif\r\n\r\nGIF\r\n--x--\r\n", False, ["1"])
    yield Case("no-mime-version", b"Subject: x\r\nContent-Type: application/zip; name=a.zip\r\n"
               b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\nX-Last: 1\r\n\r\nUEs=\r\n")

    # ---- many and deep -----------------------------------------------------------------------
    yield case("deep", nested(30, multi("mixed", [TEXT, PDF], "inmost")), texts=["1." * 30 + "1"])
    yield case("too-deep", nested(70, multi("mixed", [TEXT, PDF], "inmost")), whole_=True)
    yield case("many", multi("mixed", [TEXT] + [part(f"image/gif; name={i}.gif", b"GIF\r\n") for i in range(2000)]),
               texts=["1"])
    yield case("too-many", multi("mixed", [TEXT] + [part("image/gif", b"GIF\r\n") for i in range(10500)]), whole_=True)
    yield case("many-texts", multi("mixed", [part("text/plain", b"%d\r\n" % i) for i in range(500)] + [PDF]),
               whole_=True)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for each in messages():
        with open(os.path.join(sys.argv[1], each.name), "wb") as f:
            f.write(each.data)


if __name__ == "__main__":
    main()
