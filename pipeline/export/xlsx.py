"""The extracts, the framework matrix and the codebook as the three sheets of an Excel workbook.

Office Open XML (ECMA-376) in its smallest form: every cell is text in place, so nothing can be taken for a formula.
"""

import re
from collections.abc import Iterable, Sequence

from lxml import etree

from pipeline.codes.matrix import matrix
from pipeline.export import archive, tables
from pipeline.export.model import Project, Row, header
from storage.errors import BadInput

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SHEETS = ("Extracts", "Matrix", "Codebook")
_LONGEST_CELL = 32_767
# In a cell, _x0041_ stands for the character with that number; an underscore that only looks so is written as _x005F_.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)")


class CellTooLong(BadInput):
    """export: an extract or memo is longer than the 32,767 characters an Excel cell can hold; choose another format"""


def write(project: Project) -> bytes:
    """The workbook, the same bytes for the same project. Raises CellTooLong."""
    extracts = [*([line] for line in header(project)), *tables.lines(project)]
    sheets: tuple[Iterable[Sequence[str]], ...] = (extracts, _matrix(project), _codebook(project))
    entries = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _links([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(),
        "xl/_rels/workbook.xml.rels": _links([("worksheet", f"worksheets/sheet{n}.xml") for n in (1, 2, 3)]),
    }
    for number, rows in enumerate(sheets, start=1):
        entries[f"xl/worksheets/sheet{number}.xml"] = _sheet(rows)
    return archive.pack(entries)


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a workbook that `write` wrote. Raises ValueError, KeyError."""
    sheet = archive.unpack(data)["xl/worksheets/sheet1.xml"]
    root = etree.fromstring(sheet, etree.XMLParser(resolve_entities=False, no_network=True))
    table = [
        [_ESCAPED.sub("_", cell.findtext(f"{{{_MAIN}}}is/{{{_MAIN}}}t", default="")) for cell in row]
        for row in root.iter(f"{{{_MAIN}}}row")
    ]
    return tables.rows_of(table[[row[0] for row in table].index("number") :])


def _matrix(project: Project) -> list[list[str]]:
    # themes downwards: there are more of them than positions
    counts = matrix(project.documents, project.codebook, project.extracts).to_table()
    return [list(line) for line in zip(*counts, strict=True)]


def _codebook(project: Project) -> list[list[str]]:
    by_id = {code.id: code.name for code in project.codebook.codes}
    return [
        ["code", "below", "description", "shortcut", "aliases", "colour"],
        *(
            [c.name, by_id.get(c.parent or "", ""), c.description, c.shortcut, "; ".join(c.aliases), c.colour]
            for c in project.codebook.codes
        ),
        [project.codebook.attribution],
    ]


def _sheet(rows: Iterable[Sequence[str]]) -> bytes:
    root = etree.XML(f'<worksheet xmlns="{_MAIN}"/>')
    data = etree.SubElement(root, f"{{{_MAIN}}}sheetData")
    for row in rows:
        line = etree.SubElement(data, f"{{{_MAIN}}}row")
        for text in row:
            if len(text) > _LONGEST_CELL:
                raise CellTooLong
            cell = etree.SubElement(line, f"{{{_MAIN}}}c", t="inlineStr")
            words = etree.SubElement(etree.SubElement(cell, f"{{{_MAIN}}}is"), f"{{{_MAIN}}}t", {_SPACE: "preserve"})
            words.text = _ESCAPE.sub("_x005F_", text)
    return _bytes(root)


def _workbook() -> bytes:
    root = etree.XML(f'<workbook xmlns="{_MAIN}"/>')
    sheets = etree.SubElement(root, f"{{{_MAIN}}}sheets")
    for number, name in enumerate(_SHEETS, start=1):
        sheet = etree.SubElement(sheets, f"{{{_MAIN}}}sheet", name=name, sheetId=str(number))
        sheet.set(f"{{{_LINKS}}}id", f"r{number}")
    return _bytes(root)


def _links(targets: Sequence[tuple[str, str]]) -> bytes:
    root = etree.XML(f'<Relationships xmlns="{_PACKAGE}/relationships"/>')
    for number, (kind, target) in enumerate(targets, start=1):
        tag = f"{{{_PACKAGE}/relationships}}Relationship"
        etree.SubElement(root, tag, Id=f"r{number}", Type=f"{_LINKS}/{kind}", Target=target)
    return _bytes(root)


def _types() -> bytes:
    root = etree.XML(f'<Types xmlns="{_PACKAGE}/content-types"/>')
    kind = f"{{{_PACKAGE}/content-types}}"
    etree.SubElement(
        root, f"{kind}Default", Extension="rels", ContentType="application/vnd.openxmlformats-package.relationships+xml"
    )
    parts = [("/xl/workbook.xml", "sheet.main"), *((f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in (1, 2, 3))]
    for part, what in parts:
        etree.SubElement(root, f"{kind}Override", PartName=part, ContentType=f"{_TYPE}.{what}+xml")
    return _bytes(root)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
