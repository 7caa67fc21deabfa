"""What the shell proposes when Tab is pressed: read from the state files alone."""

from __future__ import annotations

import os
from collections.abc import Iterable

import typer

from tuilab.errors import TuilabError
from tuilab.lab import registry
from tuilab.lab.journal import FileJournal
from tuilab.model.links import BRIDGE_OPTIONS, PORT_OPTIONS, Bridge, Endpoint
from tuilab.model.sysctls import known
from tuilab.model.topology import Topology


def labs(incomplete: str) -> list[str]:
    """Names of labs."""
    return _begin([lab.name for lab in registry.labs()], incomplete)


def sources(incomplete: str) -> list[str]:
    """Names of labs, of ready labs and of topology files."""
    from tuilab.formats import library

    names = [name for name, _ in library.examples()]
    found = [*labs(incomplete), *_begin(names, incomplete), *_files(incomplete)]
    return list(dict.fromkeys(found))


def files(incomplete: str) -> list[str]:
    """Topology files and folders."""
    return _files(incomplete)


def namespaces(ctx: typer.Context, incomplete: str) -> list[str]:
    """Namespaces of the lab that is meant."""
    topology = _topology(ctx)
    return _begin(topology.namespaces if topology else (), incomplete)


def endpoints(ctx: typer.Context, incomplete: str) -> list[str]:
    """Links of the lab that is meant, ``lo`` aside."""
    topology = _topology(ctx)
    names = [str(end) for end, _ in topology.links()] if topology else []
    return _begin(names, incomplete)


def named(ctx: typer.Context, incomplete: str) -> list[str]:
    """Namespaces and links of the lab that is meant."""
    return [*namespaces(ctx, incomplete), *endpoints(ctx, incomplete)]


def settings(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a link or a namespace can be set to."""
    if ":" in (ctx.params.get("target") or ":"):
        words = ["up", "down", "mtu", "mac", "master", "nomaster", "user", "group"]
        topology, target = _topology(ctx), ctx.params.get("target") or ""
        try:
            link = topology.link(Endpoint.parse(target)) if topology else None
        except ValueError:
            link = None
        if isinstance(link, Bridge):
            words = ["up", "down", "mtu", "mac", *BRIDGE_OPTIONS]
        elif link is not None and link.master:
            words += [name for name in PORT_OPTIONS if name != "fdb"]
        return _begin(words, incomplete)
    topology, target = _topology(ctx), ctx.params.get("target") or ""
    namespace = topology.namespaces.get(target) if topology else None
    links = [name for name, _ in namespace.all_links()] if namespace else []
    return _begin(known(links), incomplete)


def new_endpoint(ctx: typer.Context, incomplete: str) -> list[str]:
    """The beginning of an endpoint: a namespace and the colon."""
    return [f"{name}:" for name in namespaces(ctx, incomplete.partition(":")[0])]


def _topology(ctx: typer.Context) -> Topology | None:
    name = ctx.params.get("lab") or os.environ.get("TUILAB_LAB") or None
    try:
        return FileJournal(registry.find(name).directory).history.topology
    except TuilabError:
        return None


def _files(incomplete: str) -> list[str]:
    folder, _, start = incomplete.rpartition("/")
    prefix = f"{folder}/" if folder or incomplete.startswith("/") else ""
    try:
        entries = sorted(os.scandir(prefix or "."), key=lambda entry: entry.name)
    except OSError:
        return []
    return [
        f"{prefix}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if entry.name.startswith(start)
        and (start.startswith(".") or not entry.name.startswith("."))
        and (entry.is_dir() or entry.name.endswith((".yaml", ".yml")))
    ]


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
