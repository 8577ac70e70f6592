# ruff: noqa: E501 - the long lines are samples
"""Makes a compression dictionary from mail that nobody wrote: ``python -m mailplatform.store.dictionaries.build OUT``.

A dictionary teaches zstd what mails have in common (header names, boundaries, HTML, frequent words), so that a message of
some kilobytes shrinks as if many came before it. Everything below is synthetic: field names and formats from the RFCs and
from what mail software is publicly known to write, words of everyday English and Italian, markup as mailers produce it.

A dictionary that was ever shipped is never changed: stored blobs need it. A better one gets the next number.
"""

from __future__ import annotations

import base64
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import zstandard

SAMPLES, SIZE, SEED = 4000, 32 * 1024, 20261124
_HERE = Path(__file__).parent


def _lists() -> dict[str, list[str]]:
    """words.txt: sections of words."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (_HERE / "words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif line and not line.startswith("#"):
            found.setdefault(name, []).extend([line] if name.endswith("phrases") else line.split())
    return found


WORDS = _lists()


class Writer:
    """Writes one mail after another; the same seed writes the same mails."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def pick(self, items: list[str]) -> str:
        return self.chance.choice(items)

    def token(self, length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
        return "".join(self.chance.choices(alphabet, k=length))

    def words(self, count: int) -> str:
        """Phrases, and words by a falling frequency between them, as language has them."""
        language = "italian" if self.chance.random() < 0.3 else "english"
        words, pieces = WORDS[language], []
        for _ in range(count):
            if self.chance.random() < 0.35:
                pieces.append(self.pick(WORDS[language + "_phrases"]))
            else:
                pieces.append(words[min(int(self.chance.expovariate(3.2 / len(words))), len(words) - 1)])
        return " ".join(pieces)

    def sentence(self) -> str:
        return self.words(self.chance.randint(4, 16)).capitalize() + self.pick([".", ".", ".", ",", "?", "!", ":"])

    def name(self) -> str:
        return f"{self.pick(WORDS['first'])} {self.pick(WORDS['last'])}"

    def address(self) -> str:
        localpart = self.pick([self.name().lower().replace(" ", "."), "info", "noreply", "support", "newsletter", "sales"])
        return f"{localpart}@{self.pick(WORDS['hosts'])}"

    def date(self) -> str:
        number = self.chance.randint
        zone = self.pick(["+0000", "+0100", "+0200", "-0500", "-0700", "-0800"])
        return (
            f"{self.pick(WORDS['days'])}, {number(1, 28)} {self.pick(WORDS['months'])} {number(2019, 2026)} "
            f"{number(0, 23):02}:{number(0, 59):02}:{number(0, 59):02} {zone}"
        )

    def ip(self) -> str:
        return ".".join(str(self.chance.randint(1, 254)) for _ in range(4))

    def headers(self, kind: str) -> list[str]:
        """The fields of one mail, in the order in which the road writes them."""
        lines = []
        for _ in range(self.chance.randint(1, 4)):
            host, other, identity = self.pick(WORDS["hosts"]), self.pick(WORDS["hosts"]), self.token(12)
            lines += [
                f"Received: from {host} ({host} [{self.ip()}])\r\n\tby {other} (Postfix) with "
                f"{self.pick(['ESMTP', 'ESMTPS', 'SMTP'])} id {identity.upper()}\r\n\tfor <{self.address()}>; {self.date()}"
            ]
        if self.chance.random() < 0.7:
            domain, digest = self.pick(WORDS["hosts"]), base64.b64encode(self.token(32).encode()).decode()
            signature = base64.b64encode(self.token(96).encode()).decode()
            lines.append(
                f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={self.pick(['selector1', 'default', 'mail'])};"
                f"\r\n\th=From:To:Subject:Date:Message-ID:Content-Type:MIME-Version;\r\n\tbh={digest};\r\n\tb={signature}"
            )
        if self.chance.random() < 0.5:
            lines.append(
                f"Authentication-Results: {self.pick(WORDS['hosts'])};\r\n\tdkim=pass header.i=@{self.pick(WORDS['hosts'])} header.s=default;"
                f"\r\n\tspf=pass (sender IP is {self.ip()}) smtp.mailfrom={self.address()};\r\n\tdmarc=pass (p=NONE sp=NONE dis=NONE)"
                f" header.from={self.pick(WORDS['hosts'])}\r\nReceived-SPF: pass (domain of {self.address()} designates {self.ip()} as "
                f"permitted sender) client-ip={self.ip()};"
            )
        message_id = f"<{self.token(24)}.{self.token(8)}@{self.pick(WORDS['hosts'])}>"
        fields = [
            f"From: {self.name()} <{self.address()}>",
            f'To: "{self.name()}" <{self.address()}>' + (f",\r\n\t{self.name()} <{self.address()}>" * self.chance.randint(0, 2)),
            f"Subject: {self.pick(['', 'Re: ', 'R: ', 'Fwd: ', 'I: '])}{self.words(self.chance.randint(2, 7)).capitalize()}",
            f"Date: {self.date()}",
            f"Message-ID: {message_id}",
            "MIME-Version: 1.0",
        ]
        if self.chance.random() < 0.4:
            fields += [
                f"In-Reply-To: <{self.token(24)}@{self.pick(WORDS['hosts'])}>",
                f"References: <{self.token(24)}@{self.pick(WORDS['hosts'])}>",
            ]
        if kind == "html" and self.chance.random() < 0.6:
            fields += [
                f"List-Unsubscribe: <https://{self.pick(WORDS['hosts'])}/unsubscribe?id={self.token(16)}>,\r\n <mailto:{self.address()}>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
                "Precedence: bulk",
                f"Reply-To: {self.address()}",
                f"Return-Path: <{self.address()}>",
                f"List-Id: <{self.token(6)}.{self.pick(WORDS['hosts'])}>",
                "Feedback-ID: 1.eu-west-1.example",
            ]
        extra = [
            "X-Mailer: Microsoft Outlook 16.0",
            "User-Agent: Mozilla Thunderbird",
            "X-Priority: 3 (Normal)",
            "Importance: Normal",
            "Accept-Language: it-IT, en-US",
            "Content-Language: en-US",
            "Thread-Topic: " + self.words(3),
            "Thread-Index: " + base64.b64encode(self.token(16).encode()).decode(),
            "X-MS-Has-Attach:",
            "X-Originating-IP: [" + self.ip() + "]",
            "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00,DKIM_SIGNED,DKIM_VALID,HTML_MESSAGE",
            "Auto-Submitted: auto-generated",
            "Sender: list-admin@lists.example\r\nErrors-To: list-admin@lists.example\r\nX-BeenThere: list@lists.example\r\nX-Mailman-Version: 2.1"
            "\r\nPrecedence: list\r\nList-Help: <mailto:list-request@lists.example?subject=help>\r\nList-Post: <mailto:list@lists.example>"
            "\r\nList-Subscribe: <https://lists.example/mailman/listinfo/list>,\r\n\t<mailto:list-request@lists.example?subject=subscribe>"
            "\r\nList-Archive: <https://lists.example/pipermail/list/>",
            "Delivered-To: "
            + self.address()
            + "\r\nReceived: from localhost (localhost [127.0.0.1])\r\n\tby localhost (Postfix) with ESMTP id"
            + "\r\n\tfor <"
            + self.address()
            + ">; "
            + self.date(),
            "ARC-Seal: i=1; a=rsa-sha256; t=1700000000; cv=none;\r\n        d=example.com; s=arc-20240605;\r\n        b=",
            "Content-Disposition: inline\r\nContent-Transfer-Encoding: 7bit\r\nX-Accept-Language: en-us, en\r\nUser-Agent: Mutt/1.5",
            "X-Google-Smtp-Source: " + self.token(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
        ]
        self.chance.shuffle(fields)
        return lines + fields + self.chance.sample(extra, self.chance.randint(0, 4))

    def paragraph(self) -> str:
        text, lines = " ".join(self.sentence() for _ in range(self.chance.randint(1, 5))), []
        while text:
            cut = text.rfind(" ", 0, 74) if len(text) > 74 else len(text)
            cut = cut if cut > 0 else len(text)
            lines.append(text[:cut])
            text = text[cut + 1 :]
        return "\r\n".join(lines)

    def plain(self) -> str:
        parts = [f"{self.pick(['Dear', 'Hello', 'Hi', 'Gentile', 'Buongiorno', 'Ciao'])} {self.pick(WORDS['first'])},\r\n"]
        parts += [self.paragraph() + "\r\n" for _ in range(self.chance.randint(1, 5))]
        parts.append(
            f"{self.pick(['Best regards', 'Kind regards', 'Cordiali saluti', 'Distinti saluti', 'Thanks'])},\r\n{self.name()}\r\n"
        )
        if self.chance.random() < 0.4:
            quoted = "\r\n".join("> " + line for line in self.paragraph().split("\r\n"))
            parts.append(f"On {self.date()}, {self.name()} <{self.address()}> wrote:\r\n{quoted}\r\n")
        if self.chance.random() < 0.3:
            parts.append(f"-- \r\n{self.name()}\r\n{self.pick(WORDS['hosts'])}\r\nTel. +39 02 {self.token(7, '0123456789')}\r\n")
        return "\r\n".join(parts)

    def html(self) -> str:
        font = self.pick(["Arial, Helvetica, sans-serif", "Calibri, sans-serif", "Verdana, Geneva, sans-serif"])
        head = (
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
            '\r\n<html xmlns="http://www.w3.org/1999/xhtml">\r\n<head>\r\n<meta http-equiv=3D"Content-Type" content=3D"text/html; '
            'charset=3Dutf-8">\r\n<meta name="viewport" content="width=device-width, initial-scale=1.0">\r\n<style type="text/css">\r\n'
            "body { margin: 0; padding: 0; } table { border-collapse: collapse; } a { color: #0066cc; text-decoration: none; }\r\n"
            'p.MsoNormal, li.MsoNormal, div.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}\r\n'
            "@media only screen and (max-width: 600px) { .container { width: 100% !important; } }\r\n</style>\r\n</head>\r\n<body>\r\n"
        )
        cells = []
        for _ in range(self.chance.randint(2, 6)):
            link = f"https://www.{self.pick(WORDS['hosts'])}/{self.token(5)}?utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign={self.token(6)}"
            cells.append(
                self.pick(
                    [
                        f'<tr>\r\n<td align="center" valign="top" style="padding: 10px 20px; font-family: {font}; font-size: 14px; '
                        f'line-height: 20px; color: #333333;">{self.sentence()}</td>\r\n</tr>\r\n',
                        f'<p class=3D"MsoNormal"><span lang=3D"EN-US" style=3D"font-size:11.0pt">{self.sentence()}<o:p></o:p></span></p>\r\n',
                        f'<div dir="ltr">{self.sentence()}<br></div>\r\n<div><br></div>\r\n',
                        f'<a href="{link}" target="_blank" style="color: #ffffff; text-decoration: none; font-weight: bold; '
                        f'display: inline-block;">{self.words(3)}</a>\r\n',
                        f'<img src="{link}" width="600" height="1" border="0" alt="" style="display: block; border: 0;" />\r\n',
                    ]
                )
            )
        table = (
            '<table width="100%" border="0" cellspacing="0" cellpadding="0" bgcolor="#ffffff" role="presentation">\r\n<tbody>\r\n'
        )
        return head + table + "".join(cells) + "</tbody>\r\n</table>\r\n</body>\r\n</html>\r\n"

    def mail(self) -> bytes:
        kind = self.pick(["plain", "plain", "html", "alternative", "alternative", "attachment"])
        lines, encoding = self.headers(kind), self.pick(["7bit", "quoted-printable", "8bit"])
        if kind in ("plain", "html"):
            text = self.plain() if kind == "plain" else self.html()
            lines += [f"Content-Type: text/{kind}; charset={self.pick(['utf-8', 'UTF-8', 'iso-8859-1', 'us-ascii'])}"]
            return "\r\n".join([*lines, f"Content-Transfer-Encoding: {encoding}", "", text]).encode()
        boundary = self.pick(
            ["----=_Part_", "----=_NextPart_000_", "_000_", "00000000000", "===============", "Apple-Mail-"]
        ) + self.token(20)
        subtype = "alternative" if kind == "alternative" else "mixed"
        lines += [
            f'Content-Type: multipart/{subtype};\r\n\tboundary="{boundary}"',
            "",
            "This is a multi-part message in MIME format.",
            "",
        ]
        parts = [
            f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{self.plain()}"
        ]
        if kind == "alternative":
            parts.append(
                f'--{boundary}\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{self.html()}'
            )
        else:
            file = self.token(8) + self.pick([".pdf", ".docx", ".xlsx", ".jpg", ".png"])
            parts.append(
                f'--{boundary}\r\nContent-Type: application/pdf; name="{file}"\r\nContent-Disposition: attachment;\r\n\tfilename="{file}"'
                f"\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64.encodebytes(self.token(300).encode()).decode()}"
            )
        return "\r\n".join([*lines, "\r\n".join(parts), f"--{boundary}--", ""]).encode()


def samples(count: int, seed: int) -> Iterator[bytes]:
    writer = Writer(seed)
    return (writer.mail() for _ in range(count))


def main(out: str) -> None:
    trained = zstandard.train_dictionary(SIZE, list(samples(SAMPLES, SEED)), level=3, dict_id=1)
    Path(out).write_bytes(trained.as_bytes())
    packer = zstandard.ZstdCompressor(level=3, dict_data=trained)
    fresh = list(samples(500, SEED + 1))
    before, after = sum(map(len, fresh)), sum(len(packer.compress(mail)) for mail in fresh)
    print(f"{out}: {len(trained.as_bytes())} bytes; 500 fresh mails of {before // 500} bytes shrink {before / after:.1f} times")


if __name__ == "__main__":
    main(sys.argv[1])
