"""The tour: what each step says, what it changes, and when it has been done.

A step counts as done when the lab is so, whoever did it: Enter, the person's own keys,
or another terminal. What is taken back on the way leads back to its step. So any key
may be pressed at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuilab.lab.snapshot import Snapshot
from tuilab.model import edits
from tuilab.model.addressing import (
    free_ifname,
    free_name,
    free_namespace_name,
    interface,
    version,
)
from tuilab.model.edits import Change
from tuilab.model.topology import HOST, Cable, Endpoint, Topology
from tuilab.tui.forms.proposals import fresh_pair


@dataclass(frozen=True, slots=True)
class Scene:
    """The lab as the tour sees it.

    Attributes:
        before: The lab when the tour began.
        now: The lab as it is to be.
        taken: Names in ``host`` that are not ours to take.
    """

    before: Topology
    now: Topology
    taken: frozenset[str] = frozenset()

    @property
    def made(self) -> list[str]:
        """Namespaces that came since, in order."""
        return [it for it in self.now.namespaces if it not in self.before.namespaces]

    @property
    def cable(self) -> Cable | None:
        """The cable between the first two of them, seen from the first."""
        pair = self.made[:2]
        for cable in self.now.cables:
            if [cable.a.namespace, cable.b.namespace] == pair:
                return cable
            if [cable.b.namespace, cable.a.namespace] == pair:
                return Cable(cable.b, cable.a)
        return None

    def address(self, end: Endpoint) -> str:
        """The first IPv4 address of an end, or empty."""
        link = self.now.link(end)
        return (
            next((it for it in link.addresses if version(it) == 4), "") if link else ""
        )

    def up(self, end: Endpoint) -> bool:
        """Whether an end is set up."""
        link = self.now.link(end)
        return link is not None and link.up


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the tour.

    Attributes:
        title: In the frame.
        text: What will happen, or what there is to see.
        own: Ids of the actions with which a person does it alone.
        change: What Enter does to the lab, or None.
        holds: Whether the lab is so that it is done; None where nothing tells.
        builds: Later steps need what it made.
        verb: What else Enter does: ``ping``, ``undo``, or empty.
    """

    title: str
    text: str
    own: tuple[str, ...] = ()
    change: Callable[[Scene], Change] | None = None
    holds: Callable[[Scene], bool] | None = None
    builds: bool = False
    verb: str = ""


def _namespace(scene: Scene) -> Change:
    return edits.add_namespace(free_namespace_name(scene.now))


def _cable(scene: Scene) -> Change:
    a, b = (Endpoint(it, free_ifname(scene.now, it)) for it in scene.made[:2])
    return edits.connect(a, b)


def _ends(scene: Scene) -> tuple[Endpoint, Endpoint]:
    cable = scene.cable
    assert cable is not None
    return cable.a, cable.b


def _addressed(scene: Scene) -> bool:
    if scene.cable is None:
        return False
    found = [scene.address(end) for end in _ends(scene)]
    return all(found) and interface(found[0]).network == interface(found[1]).network


def _addresses(scene: Scene) -> Change:
    parts = zip(_ends(scene), fresh_pair(scene.now), strict=True)
    return edits.together(
        "add addresses", [edits.add_address(end, cidr) for end, cidr in parts]
    )


def _bridges(topology: Topology) -> set[Endpoint]:
    return {
        Endpoint(name, bridge)
        for name, namespace in topology.namespaces.items()
        for bridge in namespace.bridges()
    }


def _bridge(scene: Scene) -> Change:
    taken = {*scene.now.namespaces[HOST].links, *scene.taken}
    bridge = Endpoint(HOST, free_name("br", taken))
    port = Endpoint(HOST, free_name("port", taken, start=1))
    second = scene.made[1]
    end = Endpoint(second, free_ifname(scene.now, second))
    plugged = edits.connect(end, port, b_end={"master": bridge.ifname})
    parts = (edits.add_bridge(bridge), plugged)
    return edits.together(f"add bridge {bridge} with {second} on it", parts)


def _cut(scene: Scene) -> bool:
    return scene.cable is not None and not all(map(scene.up, _ends(scene)))


STEPS: tuple[Step, ...] = (
    Step(
        "A namespace",
        "A network namespace is a machine of its own: own links, addresses, routes. "
        "Here comes the first one; it is empty but for lo.",
        ("add_namespace",),
        _namespace,
        lambda scene: len(scene.made) >= 1,
        builds=True,
    ),
    Step(
        "A second one",
        "Nothing joins the two yet: neither knows of the other.",
        ("add_namespace",),
        _namespace,
        lambda scene: len(scene.made) >= 2,
        builds=True,
    ),
    Step(
        "A cable",
        "A veth pair is a cable: what goes in at one end comes out at the other. "
        "One end goes into each namespace, and both are set up.",
        ("add_cable",),
        _cable,
        lambda scene: scene.cable is not None,
        builds=True,
    ),
    Step(
        "Addresses",
        "Two addresses of one network, one at each end. With them the kernel makes "
        "the routes that lead there.",
        ("add_address",),
        _addresses,
        _addressed,
        builds=True,
    ),
    Step(
        "A ping",
        "Now they can talk: four pings from one to the other.",
        ("send",),
        verb="ping",
    ),
    Step(
        "A bridge",
        "A cable joins two. A bridge is a switch: it joins as many as are plugged in. "
        "This one is in host, and the second namespace gets a second link to it.",
        ("add_bridge",),
        _bridge,
        lambda scene: bool(_bridges(scene.now) - _bridges(scene.before)),
        builds=True,
    ),
    Step(
        "Break it",
        "Set one end of the cable down, as if somebody had pulled it out.",
        ("toggle",),
        lambda scene: edits.set_link(_ends(scene)[0], up=False),
        _cut,
    ),
    Step(
        "Look",
        "The drawing says it without colour too: one end is down, the other has no "
        "carrier. Routes that led there are gone, and a ping gets no answer.",
        ("send",),
    ),
    Step(
        "Undo",
        "Every edit can be undone: link, address and routes come back as they were.",
        ("undo",),
        None,
        lambda scene: scene.cable is not None and not _cut(scene),
        verb="undo",
    ),
    Step(
        "That was it",
        "Build on, or have it all removed: that is an undo to before the tour, and a "
        "redo brings it back. Help lists every key; ready labs are a load away.",
        ("help", "load"),
    ),
)
PING = next(index for index, step in enumerate(STEPS) if step.title == "A ping")
LOOK = next(index for index, step in enumerate(STEPS) if step.title == "Look")


class Tour:
    """Where somebody is in the tour.

    Attributes:
        index: The step; `last` is the end.
        replies: Pings that were answered in the step that sends them.
    """

    last = len(STEPS) - 1

    def __init__(self, snapshot: Snapshot) -> None:
        self._start = snapshot.topology
        self._edits = snapshot.history.edits[: snapshot.history.position]
        self.index = 0
        self.replies = 0
        self.look(snapshot)

    @property
    def step(self) -> Step:
        """The step."""
        return STEPS[self.index]

    def look(self, snapshot: Snapshot) -> None:
        """Go on where the lab is further, back where something is missing."""
        self.scene = Scene(
            self._start,
            snapshot.topology,
            frozenset(
                snapshot.foreign.namespaces[HOST].links
                if HOST in snapshot.foreign.namespaces
                else ()
            ),
        )
        for index, step in enumerate(STEPS[: self.index]):
            if step.builds and step.holds and not step.holds(self.scene):
                self.index = index
                break
        else:
            if self.index == LOOK and not _cut(self.scene):
                # It has been put right already.
                self.index += 1
        self._skip()

    def go_on(self) -> None:
        """Leave a step that nothing but the person ends."""
        if self.step.holds is None and self.index < self.last:
            self.index += 1
            self._skip()

    def _skip(self) -> None:
        """Go on to the first step that has not been done."""
        for step in STEPS[self.index :]:
            if step.holds is None or not step.holds(self.scene):
                return
            self.index += 1

    def change(self) -> Change | None:
        """What Enter would do to the lab."""
        return self.step.change(self.scene) if self.step.change else None

    def ping(self) -> tuple[str, str]:
        """Namespace to ping from, and the address."""
        a, b = _ends(self.scene)
        return a.namespace, self.scene.address(b).partition("/")[0]

    def way_back(self, snapshot: Snapshot) -> int | None:
        """The place in the history to undo to; None when it went another way since."""
        history = snapshot.history
        position = len(self._edits)
        same = history.edits[:position] == self._edits
        return position if same and history.position >= position else None
