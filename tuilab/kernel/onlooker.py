"""The machine's own network as it is, for looking only: nothing in it is changed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tuilab.kernel import netns
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.kernel.space import Space
from tuilab.model.addressing import namespace_name_problem
from tuilab.model.topology import HOST, LO
from tuilab.plan.state import NamespaceState, State


class Onlooker(NetlinkDriver):
    """Sees the root namespace, as ``host``, and the named ones that it may enter.

    Attributes:
        unseen: Why a namespace is not looked at, by name.
    """

    def __init__(self) -> None:
        """Nothing is looked at yet."""
        super().__init__()
        self.unseen: dict[str, str] = {}

    def _made(self, name: str) -> bool:
        # The machine has defaults of its own: only forwarding tells of its network.
        return False

    def _names(self) -> list[str]:
        known = {netns.path(HOST).stat().st_ino: HOST}
        found = []
        for name in netns.names():
            if name == HOST:
                self.unseen[name] = "a lab calls its root namespace that"
                continue
            if fact := namespace_name_problem(name):
                self.unseen[name] = f"a lab can't have the name: {fact}"
                continue
            with suppress(OSError):
                first = known.setdefault(netns.path(name).stat().st_ino, name)
                if first == name:
                    found.append(name)
                else:
                    self.unseen[name] = f'it is "{first}" by another name'
        return found

    def _go_home(self) -> None:
        here = Path("/proc/thread-self/ns/net").stat()
        if os.path.samestat(here, os.fstat(self._root)):
            # Who lacks the rights to come back has never left.
            self._at = HOST
        super()._go_home()

    def _get(self, name: str) -> Space | None:
        if name != HOST and name in self.unseen:
            return None
        try:
            return super()._get(name)
        except PermissionError as error:
            why = os.strerror(error.errno or 0)
            self.unseen[name] = f"it can't be entered ({why}): that takes root's rights"
            return None


async def look() -> tuple[State, dict[str, str]]:
    """The machine's namespaces, and why others are not among them, by name.

    Raises:
        KernelError: The kernel does not tell.
    """
    driver = Onlooker()
    try:
        seen = await driver.observe()
        driver.care({k: _forwarding(v) for k, v in seen.state.namespaces.items()})
        seen = await driver.observe()
    finally:
        await driver.aclose()
    return seen.state, driver.unseen


def _forwarding(namespace: NamespaceState) -> list[str]:
    """The settings by which single links may forward although the rest does not."""
    links = [name for name in namespace.links if name != LO]
    families = "ipv4", "ipv6"
    return [f"net.{it}.conf.{name}.forwarding" for name in links for it in families]
