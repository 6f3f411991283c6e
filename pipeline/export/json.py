"""The whole project as JSON: codebook, documents and extracts, for scripts and archives."""

import json
from dataclasses import asdict
from typing import Any

from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.export.model import Project, Row, digest, header, names, rows


def write(project: Project) -> bytes:
    """UTF-8 JSON; times in seconds, positions in code points as in `Anchor`."""
    whole = {
        "about": list(header(project)),
        "review": project.review,
        "profile": project.profile.value,
        "digest": digest(rows(project)),
        "created": project.created.isoformat(),
        "codebook": _codebook(project.codebook),
        "documents": [json.loads(document.to_json()) for document in project.documents],
        "extracts": [_entry(project, one) for one in project.extracts],
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a file that `write` wrote. Raises ValueError, KeyError, TypeError."""
    extracts = json.loads(data)["extracts"]
    return tuple(
        sorted(
            (one["conversation"], one["anchor"]["first_turn"], one["quote"], tuple(one["codes"])) for one in extracts
        )
    )


def _codebook(book: Codebook) -> dict[str, Any]:
    whole = asdict(book)
    for code in whole["codes"]:
        del code["words_of"]  # the id of a key is nobody's business outside
    return whole


def _entry(project: Project, one: Extract) -> dict[str, Any]:
    return asdict(one) | {"id": str(one.id), "codes": names(project, one), "at": one.at.isoformat()}
