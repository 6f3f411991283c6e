"""RFC 6962 Merkle tree: hashes, roots, inclusion and consistency proofs, and their verification. Pure.

Sources: RFC 6962 section 2.1 (hashes and proofs) and RFC 9162 sections 2.1.3.2 and 2.1.4.2 (verification).

A complete subtree of `2**level` leaves is a *node* `(level, index)`; its first leaf is `index << level`, and level 0 is
the leaf hash itself. Roots and proofs read nodes through a function `node(level, index) -> 32 bytes`, so that they cost
some twenty reads over a million stored entries.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

NodeReader: TypeAlias = Callable[[int, int], bytes]


def leaf_hash(body: bytes) -> bytes:
    """The hash of one entry, from its exact bytes."""
    return sha256(b"\x00" + body).digest()


def leaf_hashes(bodies: Iterable[bytes]) -> list[bytes]:
    """The hashes of many entries, without the cost of a call for each."""
    return [sha256(b"\x00" + body).digest() for body in bodies]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node, from the hashes of its two children."""
    return sha256(b"\x01" + left + right).digest()


def paired(layer: Sequence[bytes]) -> list[bytes]:
    """The hashes of the inner nodes above an even number of neighbours."""
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(layer[::2], layer[1::2], strict=True)]


def layers(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All complete nodes over these leaves, level by level from the leaves up."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        found.append(paired(found[-1][: len(found[-1]) & ~1]))
    return found


def completed(index: int, leaf: bytes, node: NodeReader) -> list[tuple[int, int, bytes]]:
    """The nodes `(level, index, hash)` above the leaves that appending leaf `index` completes; one on average."""
    done: list[tuple[int, int, bytes]] = []
    level, position, current = 0, index, leaf
    while position & 1:
        current = node_hash(node(level, position - 1), current)
        level, position = level + 1, position >> 1
        done.append((level, position, current))
    return done


def tree_root(size: int, node: NodeReader) -> bytes:
    """The Merkle tree hash over the first `size` leaves."""
    return _range_hash(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling up; `index` is below `size`."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_range_hash(middle, stop, node))
            stop = middle
        else:
            path.append(_range_hash(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """The proof that the tree of `old` leaves is the beginning of the tree of `new`; 0 < `old` <= `new`."""
    if not 0 < old <= new:
        raise ValueError(f"there is no proof from a tree of {old} to a tree of {new}")
    proof: list[bytes] = []
    start, stop = 0, new
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_range_hash(middle, stop, node))
            stop = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start = middle
    if start:
        proof.append(_range_hash(start, stop, node))
    return proof[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf`, a leaf hash, is entry `index` of the tree with this size and root."""
    if not 0 <= index < size or not _all_hashes([leaf, root, *proof]):
        return False
    position, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            current = node_hash(step, current)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            current = node_hash(current, step)
        position, last = position >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the old tree is the beginning of the new one. From size 0 nothing can be shown: false."""
    if old == new:
        return old > 0 and not proof and old_root == new_root
    if not 0 < old < new or not _all_hashes([old_root, new_root, *proof]):
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_side = new_side = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_side, new_side = node_hash(step, old_side), node_hash(step, new_side)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_side = node_hash(new_side, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old_side == old_root and new_side == new_root


class Frontier:
    """The right edge of a growing tree: all that is needed to append leaves and tell the root, about 20 hashes."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)

    @classmethod
    def read(cls, size: int, node: NodeReader) -> "Frontier":
        """The frontier of the first `size` stored leaves."""
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        return cls(size, [node(level, (size >> level) - 1) for level in levels])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        rest, current = self.size, leaf
        while rest & 1:
            current, rest = node_hash(self.nodes.pop(), current), rest >> 1
        self.nodes.append(current)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes, many times faster than one by one."""
        rest, layer, edge = self.size, list(leaves), list[bytes]()
        self.size += len(leaves)
        while rest or layer:
            if rest & 1:
                layer.insert(0, self.nodes.pop())
            if len(layer) & 1:
                edge.append(layer.pop())
            layer, rest = paired(layer), rest >> 1
        self.nodes = edge[::-1]

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return fold(self.nodes)


def edge(layers: Sequence[Sequence[bytes]], size: int) -> list[bytes]:
    """The right edge of the first `size` leaves, the largest subtree first, from all nodes over them (see `layers`)."""
    return [layers[level][(size >> level) - 1] for level in reversed(range(size.bit_length())) if size >> level & 1]


def fold(edge: Sequence[bytes]) -> bytes:
    """The root over a right edge."""
    if not edge:
        return EMPTY_ROOT
    current = edge[-1]
    for left in edge[-2::-1]:
        current = node_hash(left, current)
    return current


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(start: int, stop: int, node: NodeReader) -> bytes:
    """The hash over leaves `start` to `stop`, a range as the recursion of RFC 6962 cuts it: `start` is aligned."""
    size = stop - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_hash(start, middle, node), _range_hash(middle, stop, node))


def _all_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
