"""What others wrote for the browser, copied in with digests and licences: `python -m tools.vendor` writes it anew.

It needs `npm`, whose ordinary client fetches the packages. A package that is not, byte for byte, the one that is named here is
refused. Each folder gets a VENDORED.toml that says what each file is and what was changed in it.
"""

import base64
import hashlib
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
RECORD: Final = "VENDORED.toml"

# What the licences ask to be kept, where the package has no file with it.
CROWN: Final = "Copyright (c) 2017 Crown Copyright (Government Digital Service)"
MIT: Final = """The MIT License

{notice}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
(the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify,
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def without_brand(css: str) -> str:
    """GOV.UK Frontend as its terms allow it elsewhere: without the typeface and the crest, and without what only they use."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = css.replace('"GDS Transport",arial', "arial").replace("GDS Transport,arial", "arial")
    css = re.sub(r"[^{}]*\{[^{}]*url\(/assets/[^{}]*\}", "", css)
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    if "url(" in css or "GDS Transport" in css:
        raise SystemExit("the style sheet still names a file or a typeface of GOV.UK")
    return css


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package of the npm registry: which files of it go where, and how they are changed. `files`: path inside → name here."""

    name: str
    version: str
    licence: str
    integrity: str
    folder: Path
    files: Mapping[str, str]
    licence_text: str = ""
    changed: str = "nothing"
    change: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


PACKAGES: Final = (
    Package(
        name="govuk-frontend",
        version="6.6.0",
        licence="MIT",
        integrity="sha512-xctkWrQvLnvQt7fyjQ3MGX9S0wz0x0RQuLxCeoXF+s8EjGICG81/DYQGKN5qgO+0KVT12UAaRwUsGY6fulRcRg==",
        folder=ROOT / "web" / "vendor" / "govuk-frontend",
        files={"package/dist/govuk/govuk-frontend.min.css": "govuk-frontend.css"},
        licence_text=MIT.format(notice=CROWN),
        changed="typeface GDS Transport, crest and source map taken out: they belong to GOV.UK alone",
        change={"govuk-frontend.css": without_brand},
    ),
    Package(
        name="axe-core",
        version="4.14.1",
        licence="MPL-2.0",
        integrity="sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        folder=ROOT / "tests" / "web" / "vendor" / "axe-core",
        files={"package/axe.min.js": "axe.min.js", "package/LICENSE": "LICENSE"},
    ),
)


def fetch(package: Package, folder: Path) -> Path:
    """The package as its archive; stops when it is not the one that is named above."""
    called = f"{package.name}@{package.version}"
    done = subprocess.run(  # noqa: S603
        ["npm", "pack", "--silent", "--pack-destination", str(folder), called],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    archive = folder / done.stdout.strip().splitlines()[-1]
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.integrity:
        raise SystemExit(f"{called} is not the package that was examined")
    return archive


def unpack(package: Package, archive: Path) -> dict[str, bytes]:
    """The files that are wanted, by their names here, changed where that is asked for."""
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as packed:
        for inside, name in package.files.items():
            member = packed.extractfile(inside)
            if member is None:
                raise SystemExit(f"{package.name} has no {inside}")
            text = member.read().decode()
            found[name] = package.change.get(name, str)(text).encode()
    if package.licence_text:
        found["LICENSE"] = package.licence_text.encode()
    return found


def record(package: Package, files: Mapping[str, bytes]) -> str:
    """What VENDORED.toml says."""
    head = {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "package": package.integrity,
        "changed": package.changed,
    }
    lines = ["# Written by tools/vendor.py; a test compares the digests.", *(f'{k} = "{v}"' for k, v in head.items())]
    lines += ["", "[sha256]", *(f'"{name}" = "{hashlib.sha256(data).hexdigest()}"' for name, data in files.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            files = unpack(package, fetch(package, Path(folder)))
        package.folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (package.folder / name).write_bytes(data)
        (package.folder / RECORD).write_text(record(package, files), encoding="utf-8")


if __name__ == "__main__":
    main()
