"""The VLANs of a bridge and its ports, in the words of bridge(8).

``10`` is a VLAN whose frames leave with their tag, ``10 untagged`` one whose frames
leave without, ``10 pvid untagged`` also the one of what comes in without a tag;
``20-29`` are ten of them. The kernel gives each bridge and each new port `USUAL`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

LEAST, MOST = 1, 4094
PVID, UNTAGGED = "pvid", "untagged"
FLAGS = (PVID, UNTAGGED)
USUAL: tuple[str, ...] = ("1 pvid untagged",)

SHORT = 3
"""Entries that are told where room is scarce."""

Vlans = tuple[str, ...]
Flags = tuple[str, ...]
"""Those of `FLAGS` that a VLAN has, in their order."""


def entry(text: str) -> tuple[int, int, Flags]:
    """First and last VLAN of an entry, and their flags.

    Raises:
        ValueError: What is wrong with it, for a person.
    """
    words = text.split()
    numbers, flags = words[0] if words else "", words[1:]
    first, dash, last = numbers.partition("-")
    if not (first.isdecimal() and (last.isdecimal() if dash else True)):
        raise ValueError(f'"{text}" is no VLAN')
    low, high = int(first), int(last) if dash else int(first)
    if not LEAST <= low <= high <= MOST:
        raise ValueError(f'"{numbers}" is no VLAN from {LEAST} to {MOST}')
    for word in flags:
        if word not in FLAGS:
            raise ValueError(f'"{word}" is nothing that a VLAN can be')
    if PVID in flags and low != high:
        raise ValueError(f'"{text}": one VLAN only can be the pvid')
    return low, high, tuple(flag for flag in FLAGS if flag in flags)


def problems(vlans: Vlans) -> Iterator[tuple[int, str]]:
    """What is wrong with the VLANs of a link: which entry, and why."""
    seen: set[int] = set()
    pvid: int | None = None
    for index, text in enumerate(vlans):
        try:
            low, high, flags = entry(text)
        except ValueError as error:
            yield index, str(error)
            continue
        if twice := seen.intersection(range(low, high + 1)):
            yield index, f"VLAN {min(twice)} is there twice"
        elif PVID in flags and pvid is not None:
            yield index, f"VLAN {pvid} is the pvid already"
        seen.update(range(low, high + 1))
        if PVID in flags and pvid is None:
            pvid = low


@lru_cache(maxsize=1 << 10)
def table(vlans: Vlans) -> Mapping[int, Flags]:
    """The flags of each VLAN, by number; not to be changed."""
    found: dict[int, Flags] = {}
    for text in vlans:
        low, high, flags = entry(text)
        found.update(dict.fromkeys(range(low, high + 1), flags))
    return found


def short(vlans: Vlans) -> str:
    """Them in a few letters, such as ``v10`` or ``v10,20-29t``; t is for tagged."""
    parts = []
    for text in sorted(vlans, key=lambda it: UNTAGGED not in it):
        low, high, flags = entry(text)
        numbers = str(low) if low == high else f"{low}-{high}"
        parts.append(numbers + ("" if UNTAGGED in flags else "t"))
    if len(parts) > SHORT:
        parts = [*parts[: SHORT - 1], f"+{len(parts) - SHORT + 1}"]
    return "v" + (",".join(parts) or "none")


def words(found: Mapping[int, Flags]) -> Vlans:
    """A table in words: in order, neighbours of a kind together."""
    out: list[tuple[int, int, Flags]] = []
    for vlan in sorted(found):
        flags = found[vlan]
        if out and out[-1][1:] == (vlan - 1, flags) and PVID not in flags:
            out[-1] = out[-1][0], vlan, flags
        else:
            out.append((vlan, vlan, flags))
    return tuple(
        " ".join([str(low) if low == high else f"{low}-{high}", *flags])
        for low, high, flags in out
    )


def canonical(vlans: Vlans | None) -> Vlans | None:
    """The one spelling; None for the usual ones. What is wrong stays as it is."""
    if vlans is None or any(True for _ in problems(vlans)):
        return vlans
    found = words(table(vlans))
    return None if found == USUAL else found


def typed(text: str) -> Vlans:
    """What a person typed, with commas between, or ``none``."""
    if text.strip() == "none":
        return ()
    return tuple(" ".join(it.split()) for it in text.split(",") if it.strip())


def shown(vlans: Vlans | None) -> str:
    """The way back."""
    return "default" if vlans is None else ", ".join(vlans) or "none"


def noun(vlans: Vlans | None) -> str:
    """What to call them: one VLAN, or VLANs."""
    return "VLAN" if vlans and len(table(vlans)) == 1 else "VLANs"


def merged(was: Vlans, wanted: Vlans, there: Vlans) -> Vlans:
    """Three-way, VLAN by VLAN; see `plan.merge`."""
    if was == wanted:
        return there
    before, after, found = table(was), table(wanted), dict(table(there))
    for vlan in {**before, **after}:
        flags = after.get(vlan)
        if flags == before.get(vlan):
            continue
        if flags is None:
            found.pop(vlan, None)
        else:
            found = with_vlan(found, vlan, flags)
    return words(found)


def with_vlan(found: Mapping[int, Flags], vlan: int, flags: Flags) -> dict[int, Flags]:
    """With one more; a pvid that there was is so no longer."""
    out = dict(found)
    if PVID in flags:
        for other, others in found.items():
            if PVID in others:
                out[other] = tuple(flag for flag in others if flag != PVID)
    out[vlan] = flags
    return out
