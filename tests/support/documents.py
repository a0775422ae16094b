"""Makes small real PDFs, byte by byte: pages of lines in any language, in a font that says what its codes mean."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter

# Every code of the font is the UTF-16 value of its character.
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Same def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap end end"""
_FONT = b"""<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>"""
_CID_FONT = b"""<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity)
/Supplement 0 >> /FontDescriptor 6 0 R /DW 1000 >>"""
_DESCRIPTOR = b"""<< /Type /FontDescriptor /FontName /Any /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800
/Descent -200 /CapHeight 700 /StemV 80 >>"""
_FIRST_PAGE = 7


def pdf(*pages: str) -> bytes:
    """A PDF of these pages; an empty one is a page without text."""
    kids = " ".join(f"{_FIRST_PAGE + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        _FONT,
        _CID_FONT,
        _stream(_TO_UNICODE),
        _DESCRIPTOR,
    ]
    for i, text in enumerate(pages):
        contents = _FIRST_PAGE + 2 * i + 1
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {contents} 0 R /Resources << /Font << /F 3 0 R >> >> >>"
        objects += [page.encode(), _stream(_drawn(text.splitlines()))]
    return _file(objects)


def swollen_pdf(size: int) -> bytes:
    """A small PDF whose one page becomes `size` bytes when it is opened."""
    packed = zlib.compress(b" " * size, 9)
    return pdf("").replace(b"<< /Length 0 >>\nstream\n", b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed) + packed)


def protected_pdf(text: str, *, password: str) -> bytes:
    """A PDF that its reader must open with a password; an empty one lets everybody read."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(text))))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _drawn(lines: Sequence[str]) -> bytes:
    shown = " ".join(f"<{line.encode('utf-16-be').hex()}> Tj T*" for line in lines)
    return f"BT /F 10 Tf 14 TL 40 800 Td {shown} ET".encode() if lines else b""


def _stream(data: bytes) -> bytes:
    return f"<< /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    data = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        data
        + f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n".encode()
    )
