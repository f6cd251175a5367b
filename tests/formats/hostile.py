"""A folder of broken and hostile files, each made here, with what is to become of it."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

READ, NAMED, EITHER = "read", "named", "either"
CANARY = "CANARY-7f3a"
LINES = "\n".join(f"<w:p><w:r><w:t>Paragraph {n} of the decree.</w:t></w:r></w:p>" for n in range(5))


def zipped(*members: tuple[str, bytes | str], store: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if store else zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'


def docx(body: str = LINES, before: str = "", *more: tuple[str, bytes | str]) -> bytes:
    document = f'<?xml version="1.0"?>{before}<w:document {W}><w:body>{body}</w:body></w:document>'
    return zipped(("[Content_Types].xml", TYPES), ("_rels/.rels", RELS), ("word/document.xml", document), *more)


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF of these objects, numbered from 1, with a right table of their places."""
    out = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)


def page_pdf(
    content: bytes = b"BT /F1 12 Tf 72 700 Td (The decree holds for Ucayali.) Tj ET",
    extra: bytes = b"",
    stream: bytes = b"",
    trailer: bytes = b"/Root 1 0 R",
) -> bytes:
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % extra,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), stream, content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        trailer=trailer,
    )  # fmt: skip


def xlsx(rows: str, before: str = "") -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = TYPES.replace("/word/document.xml", "/xl/workbook.xml").replace(
        "wordprocessingml.document", "spreadsheetml.sheet"
    )
    types = types.replace(
        "</Types>",
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    )
    return zipped(
        ("[Content_Types].xml", types),
        ("_rels/.rels", RELS.replace("word/document.xml", "xl/workbook.xml")),
        ("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Hoja" sheetId="1" r:id="rId1"/></sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels", RELS.replace("officeDocument\" Target=\"word/document.xml", 'worksheet" Target="worksheets/sheet1.xml')),
        ("xl/worksheets/sheet1.xml", f'<?xml version="1.0"?>{before}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'),
    )  # fmt: skip


def epub(chapter: str = "<p>The book speaks of forests.</p>", opf: str = "", container: str = "") -> bytes:
    container = (
        container
        or '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'
    )
    opf = (
        opf
        or '<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    return zipped(
        ("mimetype", "application/epub+zip"),
        ("META-INF/container.xml", container),
        ("c.opf", opf),
        ("a.xhtml", f"<html><body>{chapter}</body></html>"),
    )


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + "]>"
)
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file://{canary}">]>'


def _bomb(size: int) -> bytes:
    return zipped(("bomb.txt", b"0" * size))


def _nested(depth: int) -> bytes:
    data = zipped(("inner.txt", "At the bottom of it all."))
    for _ in range(depth):
        data = zipped(("next.zip", data))
    return data


def _lying_size() -> bytes:
    """An archive whose directory says ten bytes of a member that unpacks to a megabyte."""
    data = bytearray(zipped(("a.txt", b"a" * (1 << 20))))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    return bytes(data)


def _encrypted_zip() -> bytes:
    data = bytearray(zipped(("secret.txt", "words")))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(magic)
        data[at + offset] |= 1
    return bytes(data)


def _overlapping() -> bytes:
    """A bomb whose many members are all the same bytes of the file (Fifield 2019)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = deflate.compress(b"a" * (60 << 20)) + deflate.flush()
    crc, size, packed = zlib.crc32(b"a" * (60 << 20)), 60 << 20, len(kernel)
    out = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, packed, size, 5, 0) + b"a.txt" + kernel
    start, central = len(out), b""
    for n in range(200):
        name = b"%03d.txt" % n
        central += (
            struct.pack(
                "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, packed, size, len(name), 0, 0, 0, 0, 0, 0
            )
            + name
        )
    return out + central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 200, 200, len(central), start, 0)


def _image_docx(target: str) -> bytes:
    picture = '<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData><pic:pic><pic:blipFill><a:blip r:link="rId9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    rels = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="{target}" TargetMode="External"/></Relationships>'
    return docx(LINES + picture, "", ("word/_rels/document.xml.rels", rels))


def make(folder: Path, canary: Path, address: str) -> dict[str, str]:
    """Write the corpus into `folder`; gives what each doc_id is to become.

    `canary` is a file outside that must not be read, `address` a web address that must not be asked.
    """
    want: dict[str, str] = {}

    def put(name: str, data: bytes | str, expected: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        want[name] = expected

    good_pdf, good_docx = page_pdf(), docx()
    sheet = xlsx('<row r="1"><c r="A1" t="inlineStr"><is><t>Region</t></is></c></row>')
    # Cut short, empty, scrambled.
    for name, data in (
        ("pdf", good_pdf),
        ("docx", good_docx),
        ("xlsx", sheet),
        ("epub", epub()),
        ("zip", zipped(("a.txt", "words"))),
    ):
        put(f"cut.{name}", data[: len(data) // 2], EITHER if name == "pdf" else NAMED)
        put(f"empty.{name}", b"", NAMED)
        put(f"noise.{name}", bytes((7 * n * n + 3) % 251 for n in range(5000)), NAMED)
        middle = len(data) // 2
        put(
            f"flipped.{name}",
            data[: middle - 20] + bytes(b ^ 0xFF for b in data[middle - 20 : middle + 20]) + data[middle + 20 :],
            EITHER,
        )
    put("empty.txt", b"", NAMED)
    put("blank.md", " \n\t\n", NAMED)
    put("nul.txt", b"some\0text", NAMED)
    put("whole.pdf", good_pdf, READ)
    put("whole.docx", good_docx, READ)
    put("whole.epub", epub(), READ)
    put("whole.xlsx", sheet, READ)
    # Another thing than the name says.
    put("really-a.pdf.txt", good_pdf, READ)
    put("really-a-picture.pdf", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, NAMED)
    put("really-a-program.docx", b"\x7fELF" + b"\0" * 200, NAMED)
    put("really-a-page.txt", "<!DOCTYPE html><html><body><p>A page saved as text.</p></body></html>", READ)
    put("really-a.docx.pdf", good_docx, READ)
    put("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, NAMED)
    put("really-rtf.docx", rb"{\rtf1 hello}", NAMED)
    # Bombs.
    put("bomb.zip", _bomb(64 << 20), NAMED)
    put("lying.zip", _lying_size(), NAMED)
    put("overlapping.zip", _overlapping(), NAMED)
    put("nested.zip", _nested(12), NAMED)
    put("many.zip", zipped(*((f"{n}.txt", "x") for n in range(6000)), store=True), NAMED)
    put("bomb.docx", docx(LINES, "", ("word/media/huge.xml", b"0" * (80 << 20))), NAMED)
    put("bomb.epub", epub("<p>" + "a" * (40 << 20) + "</p>"), NAMED)
    put("laughs.docx", docx("<w:p><w:r><w:t>&m;</w:t></w:r></w:p>", LAUGHS), NAMED)
    put("laughs.xlsx", xlsx('<row r="1"><c r="A1" t="inlineStr"><is><t>&m;</t></is></c></row>', LAUGHS), NAMED)
    put("laughs.epub", epub(opf=LAUGHS + "<package>&m;</package>"), NAMED)
    put("laughs.html", LAUGHS.replace("lolz", "html") + "<html><body><p>Laughing &m; at you.</p></body></html>", READ)
    inflate = zlib.compress(b"0" * (200 << 20), 9)
    put("bomb.pdf", page_pdf(inflate, stream=b"/Filter /FlateDecode"), EITHER)
    twice = zlib.compress(inflate, 9)
    put("bomb-twice.pdf", page_pdf(twice, stream=b"/Filter [/FlateDecode /FlateDecode]"), EITHER)
    # Reading outside, fetching, running.
    outside = OUTSIDE.format(canary=canary)
    put("outside.docx", docx("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", outside), NAMED)
    put("outside.epub", epub(opf=outside + "<package>&x;</package>"), NAMED)
    put("outside.xlsx", xlsx('<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>', outside), NAMED)
    put(
        "outside.html",
        f'{outside}<html xmlns:xi="http://www.w3.org/2001/XInclude"><body><p>Here: &x;</p><xi:include href="file://{canary}" parse="text"/><iframe src="file://{canary}"></iframe><img src="{address}/pixel"><link rel=stylesheet href="{address}/style"><script src="{address}/run"></script><p>Nothing was asked.</p></body></html>',
        READ,
    )
    put("outside-picture.docx", _image_docx(f"file://{canary}"), READ)
    put("fetching-picture.docx", _image_docx(f"{address}/picture.png"), READ)
    put(
        "climbing.zip",
        zipped(("../../climbed.txt", "I am a member like another."), ("/etc/absolute.txt", "And so am I.")),
        READ,
    )
    put(
        "climbing.epub",
        epub(
            opf='<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="../../../../etc/passwd" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
        ),
        NAMED,
    )
    put(
        "script.pdf",
        page_pdf(extra=b"/OpenAction << /S /JavaScript /JS (app.launchURL\\('%s/js'\\);) >>" % address.encode()),
        READ,
    )
    put("launch.pdf", page_pdf(extra=b"/OpenAction << /S /Launch /F (/bin/sh) >>"), READ)
    put(
        "fetching.eml",
        f"From: a@example.org\nSubject: Look\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>Look here.</p><img src='{address}/mail'>",
        READ,
    )
    # Encrypted.
    put("locked.zip", _encrypted_zip(), NAMED)
    lock = b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<00> <00>]" % (
        b"41" * 32,
        b"42" * 32,
    )
    put("locked.pdf", page_pdf(trailer=lock), NAMED)
    # Deep, circular, endless.
    put("deep.html", "<div>" * 100_000 + "down here" + "</div>" * 100_000, EITHER)
    put("deep-list.html", "<ul><li>" * 3_000 + "down here", EITHER)
    put("deep.docx", docx("<w:sdt><w:sdtContent>" * 2_000 + LINES + "</w:sdtContent></w:sdt>" * 2_000), EITHER)
    put("deep-table.docx", docx("<w:tbl><w:tr><w:tc>" * 300 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 300), EITHER)
    put(
        "deep.eml",
        "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(1_500)) + "\nhello",
        EITHER,
    )
    put("deep.pdf", page_pdf(extra=b"/Names " + b"[" * 20_000 + b"]" * 20_000), EITHER)
    put(
        "circle.pdf",
        pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"),
        NAMED,
    )
    put("self.pdf", page_pdf(stream=b"/Length 4 0 R"), EITHER)
    put("wide.csv", ",".join(["column"] * 200_000) + "\n" + ",".join(["1"] * 200_000), READ)
    put("one-cell.csv", 'a,b\n"' + "x" * (3 << 20), EITHER)
    put(
        "last-row.xlsx",
        xlsx('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'),
        READ,
    )
    put("no-newline.txt", "word " * 400_000, READ)
    put("front-matter.md", "---\n" + "a: [" * 20_000 + "\n---\nThe body stays.", READ)
    put(
        "spans.html",
        "<table><tr>"
        + '<td colspan="99999999" rowspan="99999999">x</td>' * 50
        + "</tr>"
        + "<tr><td>y</td><td>z</td></tr>" * 50
        + "</table>",
        READ,
    )
    put("slow-pattern.html", "<p class='" + "nav-" * 50_000 + "'>" + "(" * 50_000 + "</p><p>Read me.</p>", READ)
    put(
        "charset.html",
        b"<meta charset='no-such-thing'><p>Se\xf1or Ruiz respondi\xf3 en el a\xf1o de la sequ\xeda.</p>",
        READ,
    )
    put(
        "crowded.pdf",
        page_pdf(
            b"BT /F1 1 Tf "
            + b"".join(b"1 0 0 1 %d %d Tm (x) Tj " % (n * 13 % 600, n * 7 % 780) for n in range(60_000))
            + b"ET"
        ),
        EITHER,
    )
    put("macro.docm", docx(LINES, "", ("word/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub AutoOpen()")), READ)
    # Names.
    for name in (
        "línea\nnueva.txt",
        "\u202egnp.txt",
        "🌳🐒.txt",
        "-rf.txt",
        "a" * 200 + ".txt",
        "con\x1b[31mrojo.txt",
        " leading space.txt",
    ):
        put(name, f"A file with an odd name, number {len(want)}.", READ)
    put("copy one.txt", "The same words stand in two files.", READ)
    put("copy two.txt", "The same words stand in two files.", READ)
    # Links and what is no file.
    (folder / "link-out.txt").symlink_to(canary)
    (folder / "link-circle.txt").symlink_to(folder / "link-circle.txt")
    (folder / "folder-circle").symlink_to(folder)
    want |= {"link-out.txt": NAMED, "link-circle.txt": NAMED}
    os.mkfifo(folder / "pipe.pdf")
    want["pipe.pdf"] = NAMED
    deep = folder / "d"
    for _ in range(60):
        deep = deep / "deeper"
    put(f"{deep.relative_to(folder)}/bottom.txt", "Sixty folders down.", READ)
    big = folder / "huge.txt"
    with big.open("wb") as file:
        file.truncate(300 << 20)
    want["huge.txt"] = NAMED
    return want


def writer_of(path: Path) -> Callable[[], None]:
    """Something that changes a file again and again while it is read."""

    def write() -> None:
        with path.open("ab") as file:
            file.write(b"more words\n" * 100)

    return write
