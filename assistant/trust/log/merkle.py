"""The Merkle tree of the audit log, after RFC 9162, section 2.1. Pure: hashes in, hashes out.

Guarantees: the root of a size commits to every record below it and to their order; a path of at most log2(size) + 1
hashes shows that a record stands in a tree (2.1.3), or that a smaller tree is the beginning of a larger one (2.1.4).
Leaves and nodes are hashed under different first bytes, so neither can be passed off as the other.

Only *complete* subtrees are ever stored, each at the place at which it is completed, so a store only grows at its end:
the node of level L over the leaves ``number << L ...`` stands L places behind its last leaf. Everything else is worked
out from these with at most log2(size) reads an edge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

#: Gives the stored node of a place.
Read = Callable[[int], bytes]

HASH_BYTES = 32
#: MTH({}), the root of no records (RFC 9162, 2.1.1).
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """The hash of a record as a leaf: SHA-256(0x00 || record)."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def stored_count(size: int) -> int:
    """How many complete subtrees ``size`` leaves have, themselves included."""
    return 2 * size - size.bit_count()


def place(level: int, number: int) -> int:
    """Where the ``number``-th complete subtree of ``level`` is stored (leaves are level 0)."""
    last_leaf = ((number + 1) << level) - 1
    return stored_count(last_leaf) + level


def completed(number: int, leaf: bytes, read: Read) -> list[bytes]:
    """The subtrees that leaf ``number`` completes, from itself upwards; stored from ``stored_count(number)`` on."""
    made = [leaf]
    while number & 1:
        made.append(node_hash(read(place(len(made) - 1, number - 1)), made[-1]))
        number >>= 1
    return made


class Growing:
    """The same without a store: leaf after leaf, keeping only the subtrees that wait for their right neighbour."""

    def __init__(self) -> None:
        self.size = 0
        self._left: list[bytes] = []

    def add(self, leaf: bytes) -> list[bytes]:
        """What :func:`completed` gives for the next leaf."""
        made, number = [leaf], self.size
        while number & 1:
            made.append(node_hash(self._left[len(made) - 1], made[-1]))
            number >>= 1
        level = len(made) - 1
        self._left[level:] = [made[-1], *self._left[level + 1 :]]
        self.size += 1
        return made

    def root(self) -> bytes:
        """MTH of what was added."""
        waiting = [self._left[level] for level in range(self.size.bit_length()) if self.size >> level & 1]
        if not waiting:
            return EMPTY_ROOT
        found = waiting[0]
        for left in waiting[1:]:
            found = node_hash(left, found)
        return found


def root(size: int, read: Read) -> bytes:
    """MTH of the first ``size`` leaves (2.1.1)."""
    return _subtree(0, size, read) if size else EMPTY_ROOT


def inclusion(number: int, size: int, read: Read) -> tuple[bytes, ...]:
    """PATH(number, D[size]), the deepest first (2.1.3.1). ``0 <= number < size``."""
    path, start, stop = [], 0, size
    while stop - start > 1:
        split = start + _split(stop - start)
        if number < split:
            path.append(_subtree(split, stop, read))
            stop = split
        else:
            path.append(_subtree(start, split, read))
            start = split
    return tuple(reversed(path))


def consistency(old: int, new: int, read: Read) -> tuple[bytes, ...]:
    """PROOF(old, D[new]) (2.1.4.1). Empty where it needs none: from nothing, and from a tree to itself."""
    if old in (0, new):
        return ()
    path, start, stop, whole = [], 0, new, True
    while old != stop:
        split = start + _split(stop - start)
        if old <= split:
            path.append(_subtree(split, stop, read))
            stop = split
        else:
            path.append(_subtree(start, split, read))
            start, whole = split, False
    if not whole:
        path.append(_subtree(start, stop, read))
    return tuple(reversed(path))


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1


def _subtree(start: int, stop: int, read: Read) -> bytes:
    """MTH of the leaves ``start`` to ``stop``, which are where RFC 9162 splits them."""
    width = stop - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(place(level, start >> level))
    split = start + _split(width)
    return node_hash(_subtree(start, split, read), _subtree(split, stop, read))


def included(leaf: bytes, number: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` shows that ``leaf`` is the ``number``-th of the tree of ``size`` and ``root`` (2.1.3.2)."""
    if not 0 <= number < size:
        return False
    first, last, found = number, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(step, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, step)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` shows that the tree of ``old`` is the beginning of that of ``new`` (2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not path and (old_root == EMPTY_ROOT if old == 0 else old_root == new_root)
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    found_old = found_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found_new = node_hash(found_new, step)
        first, last = first >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root
