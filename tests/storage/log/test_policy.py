import itertools

import pytest

from storage.log.note import KeyKind, SigningKey
from storage.log.policy import BadPolicy, Policy

LOG, OTHER = (str(SigningKey.generate(f"log.example/{n}").verifier) for n in (1, 2))
KINDS = [KeyKind.WITNESS, KeyKind.WITNESS_PQ, KeyKind.WITNESS, KeyKind.WITNESS]
A, B, C, D = (str(SigningKey.generate(f"w{n}.example", kind).verifier) for n, kind in enumerate(KINDS))

WHOLE = f"""# whom we trust
log {LOG} https://log.example/
\tlog  {OTHER}

witness X1 {A}
witness X2 {B} https://w2.example/submit
witness X3 {C}
group x 2 X1 X2 X3
witness Übung {D}
group both all x Übung
quorum both
"""


def test_a_policy_is_read() -> None:
    policy = Policy.parse(WHOLE)
    assert [str(key) for key in policy.logs] == [LOG, OTHER]
    assert {name: str(witness.key) for name, witness in policy.witnesses.items()} == {
        "X1": A, "X2": B, "X3": C, "Übung": D,
    }  # fmt: skip
    assert [witness.address for witness in policy.witnesses.values()] == ["", "https://w2.example/submit", "", ""]
    assert [str(key) for key in policy.keys] == [A, B, C, D]
    assert (policy.groups["x"].needed, policy.groups["both"].needed) == (2, 2)


@pytest.mark.parametrize(
    ("cosigned", "enough"),
    [
        ([], False),
        (["X1", "X2", "X3"], False),
        (["X1", "Übung"], False),
        (["X1", "X3", "Übung"], True),
        (["X1", "X2", "X3", "Übung"], True),
        (["both"], False),
        (["x", "Übung"], False),
    ],
)
def test_enough_is_what_the_groups_say(cosigned: list[str], enough: bool) -> None:
    assert Policy.parse(WHOLE).satisfied(cosigned) is enough


def test_one_witness_any_of_several_and_none() -> None:
    assert Policy.parse(f"witness w {A}\nquorum w\n").satisfied(["w"])
    anyone = Policy.parse(f"witness v {A}\nwitness w {B}\ngroup g any v w\nquorum g")
    assert anyone.satisfied(["w"])
    assert not anyone.satisfied([])
    assert Policy.parse("quorum none").satisfied([])
    assert not Policy.parse(f"witness w {A}\nquorum w\n").satisfied([])


def test_a_policy_holds_as_many_as_the_standard_asks_for() -> None:
    keys = [str(SigningKey.generate(f"w{n}.example", KeyKind.WITNESS).verifier) for n in range(32)]
    lines = [f"witness w{n} {key}" for n, key in enumerate(keys)]
    lines += [f"group g{n} any w{n} {f'g{n - 1}' if n else ''}" for n in range(32)]
    policy = Policy.parse("\n".join([*lines, "quorum g31"]))
    assert policy.satisfied(["w0"])
    assert not policy.satisfied(["w32"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("witness w x\nquorum w", 1),
        (f"witness w {LOG}\nquorum w", 1),
        (f"log {A}\nquorum none", 1),
        (f"witness w {A[:-2]}\nquorum w", 1),
        (f"witness none {A}\nquorum none", 1),
        (f"witness w {A}\nwitness w {C}\nquorum w", 2),
        (f"witness w {A}\nwitness v {A}\nquorum w", 2),
        (f"log {LOG}\nlog {LOG}\nquorum none", 2),
        (f"quorum w\nwitness w {A}", 1),
        ("quorum none\nquorum none", 2),
        ("quorum", 1),
        ("quorum a b", 1),
        (f"witness w {A} https://a https://b\nquorum w", 1),
        (f"witness w {A}\ngroup g any\nquorum w", 2),
        (f"witness w {A}\ngroup g 2 w\nquorum g", 2),
        (f"witness w {A}\ngroup g 0 w\nquorum g", 2),
        (f"witness w {A}\ngroup g 01 w\nquorum g", 2),
        (f"witness w {A}\ngroup g some w\nquorum g", 2),
        (f"witness w {A}\ngroup g any w w\nquorum g", 2),
        (f"witness w {A}\ngroup g any g\nquorum g", 2),
        (f"witness w {A}\ngroup g any w\ngroup h any w\nquorum g", 3),
        (f"witness w {A}\ngroup g any none\nquorum g", 2),
        ("trust everybody\nquorum none", 1),
        ("quorum none\r\n", 1),
        ("# \x07\nquorum none", 1),
    ],
    # Keys differ in every process, and workers must agree on what a test is called.
    ids=itertools.count(1),
)
def test_what_is_no_policy_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BadPolicy, match=f"line {line}: "):
        Policy.parse(text)
