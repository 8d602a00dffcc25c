"""Does a DICOM file end where its last element ends? DICOM itself has no length and no checksum."""

from __future__ import annotations

import struct

UNDEFINED = 0xFFFFFFFF
DEEPEST = 64
"""Sequences within sequences; radiotherapy objects need six."""

_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD


def fault_in(raw: bytes, start: int, explicit: bool, little: bool) -> str | None:
    """What is wrong with the chain of elements from `start` to the end of `raw`; None when it is whole.

    explicit, little: of the transfer syntax. Looks at tags and lengths only, in one pass; zeros
    after the last element are padding.
    """
    order, size, at = "<" if little else ">", len(raw), start
    open_: list[bool] = []  # one entry an open item or sequence: are the elements in it explicit?
    while at < size:
        if size - at < 8:
            return None if not open_ and not any(raw[at:]) else f"it ends within an element at byte {at}"
        group, element = struct.unpack_from(order + "HH", raw, at)
        if group == 0xFFFE:
            length = struct.unpack_from(order + "I", raw, at + 4)[0]
            at += 8
            if element in (_ITEM_END, _SEQUENCE_END):
                if not open_:
                    return f"a sequence ends at byte {at - 8} that has not begun"
                open_.pop()
                continue
        else:
            at, length = _header(raw, at, open_[-1] if open_ else explicit, order)
        if length == UNDEFINED:
            open_.append(_inner(raw, at, explicit, order))
            if len(open_) > DEEPEST:
                return f"its sequences are nested more than {DEEPEST} deep"
            continue
        if at + length > size:
            return f"an element of {length} bytes begins at byte {at} of {size}"
        at += length
    return "it ends within a sequence" if open_ else None


def _header(raw: bytes, at: int, explicit: bool, order: str) -> tuple[int, int]:
    """Where the value of the element at `at` begins, and its length; beyond the end where cut short."""
    if not explicit:
        return at + 8, struct.unpack_from(order + "I", raw, at + 4)[0]
    if raw[at + 4 : at + 6] not in _LONG:
        return at + 8, struct.unpack_from(order + "H", raw, at + 6)[0]
    if len(raw) - at < 12:
        return len(raw), 1
    return at + 12, struct.unpack_from(order + "I", raw, at + 8)[0]


def _inner(raw: bytes, at: int, explicit: bool, order: str) -> bool:
    """Whether what follows `at` is explicit: an unknown (UN) sequence holds implicit elements."""
    first = at + 8 if raw[at : at + 4] == struct.pack(order + "HH", 0xFFFE, _ITEM) else at
    return explicit and raw[first + 4 : first + 6].isalpha()
