"""Bring a tree into the shape of a topology, and say what had to be changed for it.

A piece of the wrong shape is mended where it is clear what was meant, else left out,
so that all the rest can still be checked. What follows from such a piece is not said
again: it is marked as blamed.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from tuilab.formats.schema import (
    LINKS,
    ExpectModel,
    HopModel,
    LinkModel,
    NamespaceModel,
    NeighbourModel,
    RouteModel,
    RuleModel,
    TopologyModel,
)
from tuilab.formats.shape import (
    CLOSE,
    Path,
    Piece,
    Shape,
    placeholder,
    remove,
    walk,
)
from tuilab.formats.tree import Item
from tuilab.model.bridging import SECONDS
from tuilab.model.links import PORT_OPTIONS
from tuilab.model.routing import TABLES

_ROUNDS = 12
"""Mending one thing may bring another to light, level by level."""
_SYNONYMS = {
    "gateway": "via",
    "gw": "via",
    "device": "dev",
    "interface": "dev",
    "destination": "to",
    "dst": "to",
    "type": "kind",
    "ip": "addresses",
    "ips": "addresses",
    "bridge": "master",
    "interfaces": "links",
    "nodes": "namespaces",
    "owner": "user",
    "wires": "cables",
    "version": "tuilab",
    "lladdr": "mac",
    "lookup": "table",
    "mark": "fwmark",
    "neighbors": "neighbours",
    "nexthops": "hops",
    "prio": "priority",
    "prefsrc": "src",
    "source": "src",
}
_NEEDED = frozenset(("tuilab", "name", "to", "from"))
_ENTRIES: dict[str, type[BaseModel]] = {
    "routes": RouteModel,
    "rules": RuleModel,
    "neighbours": NeighbourModel,
}
"""What the lists of a namespace are made of."""
_LIKE = {
    "routes": ("a route", "{to: default, via: 10.0.0.254}"),
    "hops": ("a hop", "{via: 10.0.0.254, weight: 2}"),
    "rules": ("a rule", "{priority: 100, from: 10.0.1.0/24, table: 100}"),
    "neighbours": (
        "a neighbour",
        "{to: 10.0.0.9, dev: eth0, mac: 02:00:00:00:00:09}",
    ),
    "expect": ("an expectation", "{from: red, to: blue, reachable: true}"),
}
_YES = {"yes": True, "on": True, "y": True, "no": False, "off": False, "n": False}


def mend(root: Item) -> Shape:
    """Bring a tree into shape.

    The root must be a mapping.
    """
    shape = Shape(root)
    if _version(shape):
        return shape
    _without_nulls(root, ())
    for _ in range(_ROUNDS):
        try:
            TopologyModel.model_validate(root.plain())
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
        else:
            return shape
        located = [(e["type"], _path(e["loc"])) for e in found]
        pieces = [
            Piece(shape, kind, path, *(walk(root, p) for p in _three(path)))
            for kind, path in located
        ]
        pieces.sort(key=_urgency)
        for piece in pieces:
            _HANDLERS.get(piece.kind, _anything)(piece)
    fact = "this is too far from a topology to say more"
    shape.report((), root.place, fact, "see tuilab schema")
    shape.lost = True
    return shape


def _three(path: Path) -> tuple[Path, Path, Path]:
    return path, path[:-1], path[:2]


def _urgency(piece: Piece) -> int:
    """What to look at first: a kind decides what else a link may have.

    Last what is missing: it may be there under a name that is not quite right.
    """
    if piece.kind == "extra_forbidden" and _meant(piece.key, ["kind"]):
        return 0
    return 2 if piece.kind == "missing" else 1


def _version(shape: Shape) -> bool:
    """Whether the file is of a later format: then nothing else can be said of it."""
    item = shape.root.get("tuilab")
    if item is None:
        return False
    newer = type(item.value) is int and item.value > 1
    if item.text != "1":
        fact = f'"{item.text}" is no version of this format that this tuilab knows'
        hint = "update tuilab, or write 1" if newer else "write 1"
        shape.report(("tuilab",), item.place, fact, hint)
    item.value = 1
    shape.lost = newer
    return newer


def _path(loc: tuple[str | int, ...]) -> Path:
    """A pydantic location without the name of the kind of link that it tried."""
    if len(loc) > 4 and loc[0] == "namespaces" and loc[2] == "links":
        return (*loc[:4], *loc[5:])
    return loc


def _without_nulls(item: Item, path: Path) -> None:
    """What has a key and no value was not given, or is an empty mapping."""
    if isinstance(item.value, dict):
        for key, child in list(item.value.items()):
            bare = len(path) in (1, 3) and path[-1] in ("namespaces", "links")
            if child.value is not None:
                _without_nulls(child, (*path, key))
            elif bare:
                child.value = {}
            elif key not in _NEEDED:
                del item.value[key]
    elif isinstance(item.value, list):
        for index, child in enumerate(item.value):
            _without_nulls(child, (*path, index))


def _known(piece: Piece) -> list[str]:
    """The keys that may stand where the piece stands."""
    path = piece.path[:-1]
    model: type[BaseModel] = TopologyModel
    if path[:1] == ("expect",):
        model = ExpectModel
    elif len(path) == 2:
        model = NamespaceModel
    elif len(path) == 4 and path[2] in _ENTRIES:
        model = _ENTRIES[str(path[2])]
    elif path[4:5] == ("hops",):
        model = HopModel
    elif len(path) == 4:
        kind = piece.parent.get("kind") if piece.parent else None
        model = LINKS.get(kind.text if kind else "veth", LinkModel)
    return [f.alias or name for name, f in model.model_fields.items()]


def _extra(piece: Piece) -> None:
    item, parent = piece.item, piece.parent
    if item is None or parent is None:
        return
    key, known = piece.key, _known(piece)
    if key in known:
        return
    remove(parent, item)
    in_link = len(piece.path) == 5 and piece.path[2] == "links"
    others = [k for k, model in LINKS.items() if in_link and key in model.model_fields]
    meant = "" if others else _meant(key, known)
    kind = parent.get("kind")
    if others and kind is not None:
        fact = f'"{key}" is nothing that a {kind.text} has'
        hint = f"only a {others[0]} has it"
        if key in PORT_OPTIONS:
            hint = "only the ports of a bridge have it"
    elif others:
        fact = f'"{key}" is for a {others[0]}, but "{piece.path[3]}" has no kind'
        hint = f'add "kind: {others[0]}", or remove it'
        made = Item(others[0], item.start, item.end, others[0], blamed=True)
        parent.value["kind"] = made
    else:
        fact = f'"{key}" is not known here'
        hint = f'did you mean "{meant}"?' if meant else f"known are {', '.join(known)}"
    # Of a kind that was only guessed here nothing more can be said.
    guessed = bool(others) and kind is not None and kind.blamed
    if not (item.blamed or guessed):
        piece.shape.report(piece.path, item.key_place, fact, hint)
    if meant and meant not in parent.value:
        parent.value[meant] = item
        # Its shape has been remarked on enough; what it says is still looked at.
        if not _looks_right(meant, item):
            item.blamed = True


def _meant(key: str, known: list[str]) -> str:
    """The known key that an unknown one was probably meant to be, or nothing."""
    synonym = _SYNONYMS.get(key.lower(), "")
    if synonym in known:
        return synonym
    close = difflib.get_close_matches(key.lower(), known, 1, CLOSE)
    return close[0] if close else ""


def _looks_right(key: str, item: Item) -> bool:
    wanted: dict[str, type] = {
        "addresses": list,
        "fdb": list,
        "vlans": list,
        "routes": list,
        "rules": list,
        "neighbours": list,
        "hops": list,
        "cables": list,
        "expect": list,
        "links": dict,
        "namespaces": dict,
        "sysctls": dict,
        "layout": dict,
    }
    return isinstance(item.value, wanted.get(key, str | int))


def _missing(piece: Piece) -> None:
    parent = piece.parent
    if parent is None or piece.key in parent.value:
        return
    if not parent.blamed or parent is piece.shape.root:
        group = str(next((k for k in reversed(piece.path) if k in _LIKE), ""))
        where = f"in this {_LIKE[group][0].split()[1]}" if group else ""
        hint = {
            "tuilab": 'begin the file with "tuilab: 1"',
            "name": 'give the lab a name, such as "name: my-lab"',
            "to": 'write a network, or "default"' if group == "routes" else "name it",
            "priority": "write a number from 1 to 32765: the lower is asked first",
            "dev": "name the link that it is on",
        }.get(piece.key, "name a namespace")
        fact = f'"{piece.key}" is missing {where}'.rstrip()
        piece.shape.report(piece.path, parent.place, fact, hint)
    default: dict[str, Any] = {"tuilab": 1, "name": "lab"}
    if piece.key in default and len(piece.path) == 1:
        value = default[piece.key]
        filled = Item(value, parent.start, parent.start, str(value), blamed=True)
        parent.value[piece.key] = filled
    else:
        parent.blamed = True
        remove(walk(piece.shape.root, piece.path[:-2]), parent)


def _text(piece: Piece) -> None:
    item = piece.item
    if item is None:
        return
    if piece.scalar and item.value is not None:
        # Bare 1, on or 02:00 are fine as names: what is written counts.
        item.value = item.text
        return
    named = "an end of a cable" if piece.path[0] == "cables" else f'"{piece.key}"'
    if item.value is None:
        piece.say(f"{named} has no value", "write one")
    elif piece.path[0] == "cables" and (pair := _split_endpoint(item)):
        hint = f"write {pair[0]}:{pair[1]}, without a space"
        piece.say(f'"{pair[0]}: {pair[1]}" is a mapping, not an endpoint', hint)
        item.value = item.text = ":".join(pair)
        return
    else:
        piece.say(f"{named} must be one word, not a {_sort(item)}", "write one word")
    if piece.path == ("name",):
        item.value = item.text = "lab"
    elif len(piece.path) > 2 and piece.path[-1] in _NEEDED:
        piece.parent, piece.item = walk(piece.shape.root, piece.path[:-2]), piece.parent
        remove(piece.parent, piece.item)
    else:
        piece.drop()


def _split_endpoint(item: Item) -> tuple[str, str] | None:
    """What ``red: eth0`` was meant to be, which YAML takes for a mapping."""
    if isinstance(item.value, dict) and len(item.value) == 1:
        key, value = next(iter(item.value.items()))
        if key and value.text:
            return key, value.text
    return None


def _sort(item: Item) -> str:
    return "list" if isinstance(item.value, list) else "mapping"


def _number(piece: Piece) -> None:
    item = piece.item
    if item is None:
        return
    if piece.key == "table" and item.text in TABLES:
        item.value = TABLES[item.text]
        return
    quoted = isinstance(item.value, str) and item.text.lstrip("-").isdecimal()
    if quoted and len(item.text) < 12:
        fact = f'"{item.text}" is text here, not a number'
        piece.say(fact, "leave out the quotes")
        item.value = int(item.text)
        return
    shown = f'"{item.text}"' if piece.scalar else f"a {_sort(item)}"
    whole = "number of seconds" if piece.key in SECONDS else "whole number"
    piece.say(f'{shown} is no number for "{piece.key}"', f"write a {whole}")
    piece.drop()


def _truth(piece: Piece) -> None:
    item = piece.item
    if item is None:
        return
    shown = f'"{item.text}"' if piece.scalar else f"a {_sort(item)}"
    meant = _YES.get(item.text.lower()) if piece.scalar else None
    hint = f"write {str(meant).lower()}" if meant is not None else "write true or false"
    piece.say(f'{shown} is not true or false, which "{piece.key}" takes', hint)
    if meant is None:
        piece.drop()
    else:
        item.value = meant


def _list(piece: Piece) -> None:
    item = piece.item
    if item is None:
        return
    if piece.path[0] == "cables" and len(piece.path) == 2:
        hint = "write [red:eth0, blue:eth0]"
        piece.say("a cable must be a list of its two ends", hint)
        piece.drop()
        return
    if piece.path[0] == "layout" and len(piece.path) == 2:
        piece.say(f'"{piece.key}" needs a column and a row', "write [4, 2]")
        piece.drop()
        return
    hint = f"write [{item.text}]" if piece.scalar else "write [..., ...]"
    piece.say(f'"{piece.key}" must be a list', hint)
    item.value = _listed(piece, item)


def _listed(piece: Piece, item: Item) -> list[Item]:
    """What is no list, as the list that it was probably meant to be."""
    pairs = item.value if isinstance(item.value, dict) else {}
    if piece.key in ("fdb", "vlans") and piece.scalar:
        return [Item(item.text, item.start, item.end, item.text)]
    if piece.key == "addresses":
        words = [Item(k, i.key or i.start, i.end, k) for k, i in pairs.items()]
        if piece.scalar:
            words = [Item(item.text, item.start, item.end, item.text)]
        for word in words:
            word.blamed = "/" not in word.text
        return words
    if piece.key in _ENTRIES and pairs.keys() & {"to", "from", "priority"}:
        return [Item(item.value, item.start, item.end)]
    if piece.key == "cables":
        if pairs and all(isinstance(i.value, str) for i in pairs.values()):
            return [
                Item([Item(k, i.key or i.start, i.end, k), i], i.key or i.start, i.end)
                for k, i in pairs.items()
            ]
        piece.shape.no_cables = True
    return []


def _mapping(piece: Piece) -> None:
    item = piece.item
    if item is None:
        return
    is_link = len(piece.path) == 4 and piece.path[2] == "links"
    if is_link and item.text in LINKS:
        hint = f"write {{kind: {item.text}}}"
    else:
        hint = "write its keys and values below it"
    if isinstance(piece.path[-1], int):
        what, like = _LIKE.get(piece.key, _LIKE["expect"])
        piece.say(f"{what} must be a mapping", f"write {like}")
        piece.drop()
        return
    piece.say(f'"{piece.key}" must be a mapping', hint)
    listed = item.value if isinstance(item.value, list) else []
    named = bool(listed) and all(isinstance(i.value, str) for i in listed)
    if piece.path == ("namespaces",) and not named:
        piece.shape.lost = True
    if is_link and item.text in LINKS:
        item.value = {"kind": Item(item.text, item.start, item.end, item.text)}
    elif named and piece.key in ("namespaces", "links"):
        item.value = {
            i.text: Item({}, i.start, i.end, key=i.start, key_end=i.end, blamed=True)
            for i in listed
        }
    else:
        item.value = {}


def _kind(piece: Piece) -> None:
    link = piece.item
    kind = link.get("kind") if link is not None else None
    if link is None or kind is None:
        return
    close = difflib.get_close_matches(kind.text.lower(), LINKS, 1)
    hint = f'did you mean "{close[0]}"?' if close else f"known are {', '.join(LINKS)}"
    shown = f'"{kind.text}"' if kind.text else f"a {_sort(kind)}"
    if not kind.blamed:
        piece.shape.report(
            (*piece.path, "kind"), kind.place, f"{shown} is no kind of link", hint
        )
    kind.blamed = True
    if close:
        kind.value = kind.text = close[0]
        return
    # Nobody knows what it may have: only what every link has is looked at.
    link.value = {k: v for k, v in link.value.items() if k in LinkModel.model_fields}
    links = walk(piece.shape.root, piece.path[:3])
    kind.value = kind.text = placeholder(links, str(piece.path[3]))
    link.value["kind"] = kind


def _endpoint(piece: Piece) -> None:
    hint = "write NAMESPACE:LINK, such as red:eth0"
    piece.say(f'"{piece.text}" is no end of a cable', hint)
    piece.drop()


def _length(piece: Piece) -> None:
    item = piece.item
    if item is None:
        return
    if piece.path[0] == "cables":
        count = len(item.value)
        piece.say(f"a cable has two ends, this one has {count}", "name two")
    else:
        piece.say(f'"{piece.key}" needs a column and a row', "write [4, 2]")
    piece.drop()


def _anything(piece: Piece) -> None:
    piece.say(f'"{piece.key}" is not as it should be', "see tuilab schema")
    piece.drop()


_HANDLERS: dict[str, Callable[[Piece], None]] = {
    "extra_forbidden": _extra,
    "missing": _missing,
    "string_type": _text,
    "string_pattern_mismatch": _endpoint,
    "int_type": _number,
    "int_parsing": _number,
    "int_from_float": _number,
    "float_type": _number,
    "bool_type": _truth,
    "list_type": _list,
    "dict_type": _mapping,
    "model_type": _mapping,
    "union_tag_invalid": _kind,
    "union_tag_not_found": _kind,
    "too_short": _length,
    "too_long": _length,
}
