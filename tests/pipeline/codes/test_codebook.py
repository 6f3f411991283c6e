import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configs
from pipeline.codes.codebook import BadCodebook, Code, Codebook, UnknownCode, parse
from pipeline.transcripts.document import clean

SMALL = """
name = "Small"
attribution = "Ours"

[[codes]]
name = "A Work"
colour = "#1b5e20"
codable = false

[[codes]]
name = "A1 Conditions of work"
parent = "a work"
shortcut = "w"
aliases = ["Conditions"]
description = "What surrounded it."
"""


def book(*codes: str) -> str:
    return 'name = "B"\n' + "".join(f"[[codes]]\n{code}\n" for code in codes)


def test_a_codebook_is_read() -> None:
    small = parse(SMALL)
    assert small.name == "Small"
    assert small.codes[1] == Code(
        id="a-work/a1-conditions-of-work",
        name="A1 Conditions of work",
        description="What surrounded it.",
        colour="#1B5E20",
        parent="a-work",
        shortcut="w",
        aliases=("Conditions",),
    )
    assert [code.name for code in small.lineage(small.codes[1])] == ["A Work", "A1 Conditions of work"]
    assert small.children(None) == small.codes[:1]


@pytest.mark.parametrize("label", ["a1 CONDITIONS  of work", "W", "conditions", "a-work/a1-conditions-of-work"])
def test_a_code_is_found_by_any_label(label: str) -> None:
    assert parse(SMALL).find(label).name == "A1 Conditions of work"


def test_an_unknown_code_names_near_ones() -> None:
    with pytest.raises(UnknownCode, match='nearest: "A1 Conditions of work"'):
        parse(SMALL).find("conditons of wrk")
    with pytest.raises(UnknownCode, match="nearest: none"):
        Codebook(name="Empty").find("anything")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not TOML"),
        ("codes = []", "no name"),
        ('name = "B"\ncolor = "red"', "the codebook: unknown key color"),
        ('name = "B"\ncodes = [1]', r"\[\[codes\]\] table"),
        ("name = 3", "name must be a text"),
        (book('name = "X"\ncolor = "red"'), 'code 1 "X": unknown key color'),
        (book('name = "X"\ncolour = "red"'), "must look like"),
        (book('name = "X"\ncodable = "no"'), "codable and retired must be"),
        (book('name = "X"\naliases = "y"'), "aliases must be"),
        (book('name = "X"\nparent = "Y"', 'name = "Y"'), 'before it is called "Y"'),
        (book('name = "X"', 'name = "x"'), 'leads to both "X" and "x"'),
        (book('name = "X"\nshortcut = "k"', 'name = "Y"\naliases = ["K"]'), '"k" leads to both'),
        (book('name = "X"\nid = "A b"'), "id must be"),
        (book('name = "a; b"'), "holds ;"),
        (book("description = 'none'"), "1 to 120"),
        (book(f'name = "{"x" * 121}"'), "1 to 120"),
    ],
)
def test_a_faulty_codebook_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadCodebook, match=words):
        parse(text)


def test_codes_that_contradict_each_other_cannot_be_made() -> None:
    with pytest.raises(BadCodebook, match="parent"):
        Codebook(name="B", codes=(Code(id="a", name="A", parent="b"),))


def test_a_code_is_added_below_another() -> None:
    more = parse(SMALL).add("“In their words”", parent="w", description="d")
    assert more.codes[-1] == Code(
        id="a-work/a1-conditions-of-work/in-their-words",
        name="“In their words”",
        description="d",
        colour="#1B5E20",
        parent="a-work/a1-conditions-of-work",
    )
    with pytest.raises(BadCodebook, match="leads to both"):
        more.add("conditions")


NAMES = st.text(max_size=20).map(lambda text: " ".join(clean(text).replace(";", "").split())).filter(bool)


@given(st.lists(NAMES, max_size=5, unique_by=str.casefold), NAMES, st.text(max_size=30).map(clean))
def test_a_codebook_is_written_and_read_equal(names: list[str], attribution: str, description: str) -> None:
    codes = tuple(
        Code(id=f"n{n}", name=name, parent="n0" if n else None, description=description.strip(), codable=bool(n))
        for n, name in enumerate(names)
        if name.casefold() not in {f"n{m}" for m in range(6)}
    )
    if codes and codes[0].id != "n0":
        return
    whole = Codebook(name="B", attribution=attribution, codes=codes)
    assert parse(whole.to_toml()) == whole


def test_the_shipped_codebook() -> None:
    text = configs.read("codebooks/learning-together.toml")
    shipped = parse(text)
    assert parse(shipped.to_toml()) == shipped
    assert "SCIE Guide 24" in shipped.attribution
    headings = [code for code in shipped.codes if code.parent is None]
    assert [code.name[0] for code in headings] == list("ABCDEFGZ")
    assert all(not code.codable for code in headings)
    assert all(code.codable for code in shipped.codes if code.parent is not None)
    assert all(code.description for code in shipped.codes)
    assert len(shipped.children("contributory-factors")) == 9
    assert len(shipped.children("patterns")) == 6
    assert all("id" in table for table in tomllib.loads(text)["codes"])
    assert shipped.find("c3.3 workload").id == "contributory-factors/conditions-of-work/workload"
    assert shipped.find("C33") == shipped.find("c3.3 Workload")
