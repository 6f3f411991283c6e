import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.log import tree

VECTORS = Path(__file__).parents[2] / "vectors" / "rfc6962-merkle"

# The eight entries and roots that certificate transparency implementations share, RFC 6962 reference code
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def load(kind: str) -> list[Any]:
    files = sorted((VECTORS / kind).rglob("*.json"))
    return [pytest.param(json.loads(file.read_text()), id=str(file.relative_to(VECTORS))) for file in files]


def hashes(values: list[str] | None) -> list[bytes]:
    return [b64decode(value) for value in values or []]


def reader(leaves: list[bytes]) -> tree.NodeReader:
    """Nodes computed straight from the definition, so that a proof can be wrong."""

    def node(level: int, index: int) -> bytes:
        width = 1 << level
        part = leaves[index * width : (index + 1) * width]
        assert len(part) == width, "only complete subtrees are nodes"
        return root_of(part)

    return node


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return tree.EMPTY_ROOT
    if len(leaves) == 1:
        return tree.leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return tree.node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def entries(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def test_there_are_as_many_vectors_as_upstream() -> None:
    assert len(load("inclusion")) + len(load("consistency")) == 196


@pytest.mark.parametrize("vector", load("inclusion"))
def test_inclusion_vector(vector: dict[str, Any]) -> None:
    leaf, root = b64decode(vector["leafHash"]), b64decode(vector["root"])
    good = tree.verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, hashes(vector["proof"]), root)
    assert good is not vector["wantErr"]


@pytest.mark.parametrize("vector", load("consistency"))
def test_consistency_vector(vector: dict[str, Any]) -> None:
    roots = b64decode(vector["root1"]), b64decode(vector["root2"])
    good = tree.verify_consistency(vector["size1"], vector["size2"], *roots, hashes(vector["proof"]))
    assert good is not vector["wantErr"]


def test_root_of_the_reference_entries() -> None:
    assert tree.tree_root(8, reader(LEAVES)).hex() == ROOT_OF_EIGHT
    assert tree.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_of_a_small_tree_verifies(size: int) -> None:
    leaves = entries(size)
    node, root = reader(leaves), root_of(leaves)
    assert tree.tree_root(size, node) == root
    for index in range(size):
        proof = tree.inclusion_proof(index, size, node)
        assert tree.verify_inclusion(index, size, tree.leaf_hash(leaves[index]), proof, root)
        assert not tree.verify_inclusion(index, size, tree.leaf_hash(b"another"), proof, root)
    for old in range(1, size + 1):
        proof = tree.consistency_proof(old, size, node)
        assert tree.verify_consistency(old, size, root_of(leaves[:old]), root, proof)
        assert not tree.verify_consistency(old, size, tree.leaf_hash(b"another"), root, proof)


@settings(max_examples=60)
@given(st.data())
def test_no_changed_proof_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 40))
    leaves = entries(size)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(index, size, reader(leaves))
    change = data.draw(st.sampled_from(["bit", "drop", "add", "swap", "elsewhere"]))
    place = data.draw(st.integers(0, len(proof) - 1))
    if change == "bit":
        proof[place] = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    elif change == "drop":
        del proof[place]
    elif change == "add":
        proof.insert(place, proof[place])
    elif change == "swap" and len(proof) > 1:
        proof[place], proof[place - 1] = proof[place - 1], proof[place]
    else:
        index = (index + 1) % size
    assert not tree.verify_inclusion(
        index, size, tree.leaf_hash(leaves[index - (change == "elsewhere")]), proof, root_of(leaves)
    )


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 21, 64])
def test_frontier_grows_like_the_tree(size: int) -> None:
    leaves = entries(size + 5)
    frontier = tree.Frontier.read(size, reader(leaves[:size]))
    assert frontier.root() == root_of(leaves[:size])
    for leaf in leaves[size:]:
        frontier.append(tree.leaf_hash(leaf))
        assert frontier.root() == root_of(leaves[: frontier.size])


def test_appending_completes_exactly_the_complete_subtrees() -> None:
    leaves = entries(37)
    stored: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(leaves):
        stored[0, index] = tree.leaf_hash(leaf)
        above = tree.completed(index, stored[0, index], lambda level, at: stored[level, at])
        stored.update({(level, at): node for level, at, node in above})
    expected = {(level, at) for level in range(6) for at in range(37 >> level)}
    assert set(stored) == expected
    assert all(stored[level, at] == reader(leaves)(level, at) for level, at in expected)


def test_a_million_entries_need_few_reads() -> None:
    reads = 0

    def node(level: int, index: int) -> bytes:
        nonlocal reads
        reads += 1
        return tree.leaf_hash(f"{level} {index}".encode())

    proof = tree.inclusion_proof(123_456, 999_999, node)
    assert len(proof) == 20
    assert reads <= 40


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_no_consistency_proof_outside_the_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no proof"):
        tree.consistency_proof(old, new, reader(entries(5)))


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_no_inclusion_proof_outside_the_tree(index: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        tree.inclusion_proof(index, 5, reader(entries(5)))
