"""XML from elsewhere, read as if an enemy had written it."""

from lxml import etree

from pipeline.imports import guard
from pipeline.imports.guard import NotReadable, Suspect


def xml(data: bytes) -> etree._Element:
    """The root element of an XML file. Entities, document types and everything outside are refused, not resolved.

    Raises NotReadable, Suspect.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    if len(data) > guard.LARGEST_PART:
        raise Suspect(problem="is too large when unpacked")
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NotReadable(problem="is not well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Suspect(problem="declares a document type")
    return root
