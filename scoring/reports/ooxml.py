"""What Word and WPS need and python-docx has no words for: grids, fonts, fields, rules, the watermark, equal bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from docx.document import Document
from docx.opc.oxml import serialize_part_xml
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.text.paragraph import Paragraph

_VML: Final = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
)
# In the order that the format wants.
_SIDES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")
# The zip format's first day: a file's own time must not depend on when it was written.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def element(tag: str, attributes: Mapping[str, object] | None = None, *children: BaseOxmlElement) -> BaseOxmlElement:
    """Make ``<w:tag w:key="value">`` with its children."""
    node: BaseOxmlElement = OxmlElement(tag)
    for key, value in (attributes or {}).items():
        node.set(qn(f"w:{key}"), str(value))
    for child in children:
        node.append(child)
    return node


def fonts(east_asia: str, latin: str) -> BaseOxmlElement:
    """Name the font of Chinese text and the font of letters and digits."""
    return element("w:rFonts", {"ascii": latin, "hAnsi": latin, "cs": latin, "eastAsia": east_asia})


def font_table(alternatives: Mapping[str, Sequence[str]]) -> bytes:
    """Write fontTable.xml: for each font the ones that may stand in for it, which is where Word and WPS look."""
    root = parse_xml(f"<w:fonts {nsdecls('w')}/>")
    for name, others in alternatives.items():
        font = element("w:font", {"name": name})
        if others:
            font.append(element("w:altName", {"val": ",".join(others)}))
        font.append(element("w:charset", {"val": "86"}))  # GB2312
        root.append(font)
    return serialize_part_xml(root)


def page_number(paragraph: Paragraph) -> None:
    """Write a page number field between two dashes: ``— 1 —``."""
    paragraph.add_run("\u2014 ")
    for kind in ("begin", None, "separate", "1", "end"):
        run = paragraph.add_run()
        if kind is None:
            code = element("w:instrText")
            code.text = " PAGE "
            run._r.append(code)  # noqa: SLF001  python-docx's own documented way down to the XML
        elif kind == "1":
            run.text = kind
        else:
            run._r.append(element("w:fldChar", {"fldCharType": kind}))  # noqa: SLF001
    paragraph.add_run(" \u2014")


def rules(paragraph: Paragraph, space: int, *, style: str = "single", **sides: tuple[float, str]) -> None:
    """Draw lines `space` points from a paragraph: width in points and colour, e.g. ``bottom=(1.5, "FF0000")``."""
    drawn = [
        element("w:" + side, {"val": style, "sz": round(sides[side][0] * 8), "space": space, "color": sides[side][1]})
        for side in ("top", "left", "bottom", "right")
        if side in sides
    ]
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    properties.insert_element_before(
        element("w:pBdr", None, *drawn), "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:snapToGrid",
        "w:spacing", "w:ind", "w:jc", "w:outlineLvl", "w:rPr", "w:sectPr",
    )  # fmt: skip


def table_frame(widths: Sequence[int], edges: Mapping[str, int]) -> BaseOxmlElement:
    """Make a table without rows: fixed widths in twentieths of a point, edges in eighths."""
    borders = [
        element("w:" + side, {"val": "single", "sz": edges[side], "space": 0, "color": "000000"})
        for side in _SIDES
        if side in edges
    ]
    inside = [element("w:" + side, {"w": 40, "type": "dxa"}) for side in ("left", "right")]
    return element(
        "w:tbl",
        None,
        element(
            "w:tblPr",
            None,
            element("w:tblW", {"w": sum(widths), "type": "dxa"}),
            element("w:jc", {"val": "center"}),
            element("w:tblBorders", None, *borders),
            element("w:tblLayout", {"type": "fixed"}),
            element("w:tblCellMar", None, *inside),
        ),
        element("w:tblGrid", None, *(element("w:gridCol", {"w": width}) for width in widths)),
    )


def table_cell(width: int, paragraph: BaseOxmlElement) -> BaseOxmlElement:
    """Make a cell that holds one paragraph."""
    shape = element(
        "w:tcPr", None, element("w:tcW", {"w": width, "type": "dxa"}), element("w:vAlign", {"val": "center"})
    )
    return element("w:tc", None, shape, paragraph)


def insert_table(document: Document, table: BaseOxmlElement) -> None:
    """Put a table at the document's end so far."""
    body = document.element.body
    body.insert(len(body) - 1, table)  # before the last section's properties


def watermark(paragraph: Paragraph, text: str, number: int, *, font: str, width: int, height: int) -> None:
    """Lay large grey slanted text under the page, as Word's own watermark does.

    Parameters
    ----------
    paragraph
        A paragraph of the header.
    number
        Tells the watermarks of one document apart.
    width, height
        Of the text in points.
    """
    style = (
        f"position:absolute;margin-left:0;margin-top:0;width:{width}pt;height:{height}pt;rotation:315;z-index:-251658752;"
        "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
        "mso-position-vertical:center;mso-position-vertical-relative:margin"
    )
    picture = parse_xml(
        f'<w:pict {_VML}><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/>'
        '<v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/>'
        '<v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/><v:f eqn="mid @5 @6"/>'
        '<v:f eqn="mid @8 @5"/><v:f eqn="mid @7 @8"/><v:f eqn="mid @6 @7"/><v:f eqn="sum @6 0 @5"/></v:formulas>'
        '<v:path textpathok="t" o:connecttype="custom" o:connectlocs="@9,0;@10,10800;@11,21600;@12,10800" '
        'o:connectangles="270,180,90,0"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
        f'<v:shape id="PowerPlusWaterMarkObject{number}" o:spid="_x0000_s{2048 + number}" type="#_x0000_t136" '
        f'style="{style}" o:allowincell="f" fillcolor="#d9d9d9" stroked="f">'
        '<v:fill opacity=".5"/><v:textpath/></v:shape></w:pict>'
    )
    path: Any = picture.findall(".//{urn:schemas-microsoft-com:vml}textpath")[-1]
    path.set("style", f"font-family:'{font}';font-size:1pt")
    path.set("string", text)  # set, not formatted into the XML: a scheme or a setting may hold any character
    paragraph.add_run()._r.append(picture)  # noqa: SLF001


def repack(packed: bytes, path: Path) -> None:
    """Write an Office file again with fixed times and order of its parts: equal content is equal bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name))
    path.write_bytes(made.getvalue())
