"""The codebook alone in the REFI-QDA exchange format (.qdc), to start another project with."""

from lxml import etree

from pipeline.codes.codebook import Code
from pipeline.export.model import Project, Row, header
from pipeline.export.qdpx import ORIGIN, codes_element
from storage.errors import BadInput

_CODEBOOK = "urn:QDA-XML:codebook:1.0"


class NoCodes(BadInput):
    """export: the codebook of this review has no codes yet; import or add some first"""


def write(project: Project) -> bytes:
    """The .qdc file. Raises NoCodes."""
    if not project.codebook.codes:
        raise NoCodes
    root = etree.XML(f'<CodeBook xmlns="{_CODEBOOK}"/>')
    root.set("origin", ORIGIN)
    root.append(codes_element(project.codebook, _CODEBOOK, project.review))
    # the format has no place for words about the file but a comment, where -- may not stand
    root.addprevious(etree.Comment(" " + "; ".join(header(project)).replace("--", "- -") + " "))
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8", pretty_print=True)


def expected(project: Project) -> tuple[Row, ...]:
    """One row a code: name of its parent, place in the book, name, and (description, colour, whether codable)."""
    by_id = {code.id: code.name for code in project.codebook.codes}

    def below(parent: str | None) -> list[Code]:
        return [each for code in project.codebook.children(parent) for each in (code, *below(code.id))]

    return tuple(
        (
            by_id.get(code.parent or "", ""),
            number,
            code.name,
            (code.description, code.colour, str(code.codable).lower()),
        )
        for number, code in enumerate(below(None), start=1)
    )


def read_back(data: bytes) -> tuple[Row, ...]:
    """The same rows from a file that `write` wrote. Raises lxml.etree.XMLSyntaxError."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    found: list[Row] = []
    for number, code in enumerate(root.iter(f"{{{_CODEBOOK}}}Code"), start=1):
        above = code.getparent()
        parent = "" if above is None else str(above.get("name", ""))
        description = code.findtext(f"{{{_CODEBOOK}}}Description", default="")
        found.append(
            (parent, number, str(code.get("name")), (description, str(code.get("color")), str(code.get("isCodable"))))
        )
    return tuple(found)
