"""What is wrong with the kernel settings of a namespace: part of `model.validate`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tuilab.errors import Problem
from tuilab.model.sysctls import SYSCTLS, canonical_key, known, link_of, sysctl
from tuilab.model.topology import Namespace


def setting_problems(name: str, namespace: Namespace) -> Iterator[Problem]:
    """Everything wrong with the settings of one namespace, in order."""
    links = [ifname for ifname, _ in namespace.all_links()]
    for key, value in namespace.sysctls.items():
        setting = sysctl(key)
        at = ("namespaces", name, "sysctls", key)
        link = link_of(key)
        if setting is None:
            fact = f'"{key}" is no setting that tuilab knows'
            yield Problem(at, fact, _meant(key, links))
        elif link is not None and link not in links:
            fact = f'"{key}" is a setting of the link "{link}", which "{name}" has not'
            yield Problem(at, fact, f"it has {', '.join(links)}")
        elif fact := setting.problem(value):
            yield Problem(at, f'"{key}" {fact}, not "{value}"', "write one of these")


def _meant(key: str, links: list[str]) -> str:
    if sysctl(canonical_key(key)):
        return f"write {canonical_key(key)}"
    if key.endswith((".default.forwarding", ".default.disable_ipv6")):
        return f"it follows {canonical_key(key.replace('.default.', '.all.'))}"
    close = difflib.get_close_matches(key, known(links), n=1)
    common = (*SYSCTLS, "net.ipv4.conf.LINK.rp_filter")
    return (
        f'did you mean "{close[0]}"?' if close else f"known are {', '.join(common)} ..."
    )
