"""Ready shapes: what they are made of, and that everybody reaches everybody."""

import ipaddress

import networkx
import pytest

from tests.tui.labs import switch
from tests.unit.test_cli import state, tuilab_  # noqa: F401 - fixtures
from tuilab.errors import UsageError
from tuilab.formats import yaml
from tuilab.model.addressing import interface, segment
from tuilab.model.generate import SHAPES, generate, grow, mesh
from tuilab.model.routing import outgoing
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.model.validate import problems

SIZES = {
    "star": (1, 5, 300),
    "linear": (2, 5),
    "ring": (3, 6),
    "tree": (1, 2, 3),
    "mesh": (2, 5),
    "fat-tree": (2, 4),
}
CASES = [
    (kind, number, routers)
    for kind, numbers in SIZES.items()
    for number in numbers
    for routers in (False, True)
    if not routers or (SHAPES[kind].edges and number <= SHAPES[kind].most_routed)
]


def stations(topology: Topology) -> dict[str, list[tuple[str, str]]]:
    """Addresses of each namespace, with their links."""
    return {
        name: [(n, a) for n, link in ns.links.items() for a in link.addresses]
        for name, ns in topology.namespaces.items()
        if name != HOST
    }


def reaches(topology: Topology, source: str, target: str) -> bool:
    """Whether routes lead a packet from a namespace to an address."""
    here, seen = source, set()
    while here not in seen:
        seen.add(here)
        namespace = topology.namespaces[here]
        own = [interface(a) for _, a in stations(topology)[here]]
        wanted = ipaddress.ip_address(target)
        if any(a.ip == wanted for a in own):
            return True
        hop, dev = wanted, None
        for ifname, cidr in stations(topology)[here]:
            if wanted in interface(cidr).network:
                dev = ifname
        if dev is None:
            fits = [r for r in namespace.routes if wanted in ipaddress.ip_network(r.to)]
            if not fits:
                return False
            best = max(fits, key=lambda r: ipaddress.ip_network(r.to).prefixlen)
            hop, dev = ipaddress.ip_address(best.via), outgoing(namespace, best)
        near = segment(topology, Endpoint(here, dev))
        holders = [
            end.namespace
            for end in near
            for cidr in topology.link(end).addresses
            if interface(cidr).ip == hop
        ]
        if len(holders) != 1:
            return False
        (here,) = holders
    return False


@pytest.mark.parametrize(("kind", "number", "routers"), CASES)
def test_a_shape_is_valid_and_everybody_reaches_everybody(kind, number, routers):
    topology = generate(kind, number, routers=routers)
    assert not problems(topology)
    everybody = stations(topology)
    few = list(everybody)[:6] + list(everybody)[-2:]
    for source in few:
        for target in few:
            for _, cidr in everybody[target]:
                assert reaches(topology, source, cidr.partition("/")[0])


@pytest.mark.parametrize(("kind", "number", "routers"), CASES)
def test_a_shape_goes_beside_what_is_there(kind, number, routers):
    lab = switch()
    shape = generate(kind, number, routers=routers)
    grown = grow(shape, "grow").apply(grow(shape, "grow").apply(lab))
    assert not problems(grown)
    for name in lab.namespaces:
        if name != HOST:
            assert grown.namespaces[name] == lab.namespaces[name]
    assert len(list(grown.links())) == len(list(lab.links())) + 2 * len(
        list(shape.links())
    )
    hosts = [a for found in stations(grown).values() for _, a in found]
    assert len(hosts) == len({a.partition("/")[0] for a in hosts})


def graph(topology):
    found = networkx.MultiGraph()
    for cable in topology.cables:
        ends = (cable.a, cable.b)
        found.add_edge(*(topology.link(e).master or e.namespace for e in ends))
    return found


@pytest.mark.parametrize(
    ("kind", "number", "fan", "nodes", "cables"),
    [
        ("star", 5, None, 6, 5),
        ("linear", 4, None, 8, 7),
        ("ring", 4, None, 8, 8),
        ("tree", 2, 3, 1 + 3 + 9, 12),
        ("mesh", 4, None, 8, 10),
        ("fat-tree", 4, None, 20 + 16, 48),
    ],
)
def test_a_shape_has_its_shape(kind, number, fan, nodes, cables):
    topology = generate(kind, number, fan=fan)
    drawn = graph(topology)
    assert (len(drawn), drawn.number_of_edges()) == (nodes, cables)
    assert networkx.is_connected(drawn)
    loops = drawn.number_of_edges() >= len(drawn)
    bridges = topology.namespaces[HOST].bridges()
    stp = {topology.link(Endpoint(HOST, name)).stp for name in bridges}
    assert stp == {loops}


def test_routers_forward_and_hosts_do_not():
    topology = generate("tree", 2, routers=True)
    forwarding = {name for name, ns in topology.namespaces.items() if ns.sysctls}
    assert forwarding == {"r1", "r2", "r3"}
    ring = generate("ring", 4, routers=True)
    assert [len(ns.routes) for ns in ring.namespaces.values()] == [0, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("kind", "number", "options", "said"),
    [
        ("blob", 3, {}, '"blob" is no shape'),
        ("star", 0, {}, "star of 0 hosts"),
        ("ring", 2, {}, "ring of 2 switches"),
        ("ring", 99, {"routers": True}, "ring of 99 routers"),
        ("fat-tree", 3, {}, "fat-tree of 3 pods"),
        ("fat-tree", 4, {"routers": True}, "fat-tree is made of switches"),
        ("star", 3, {"fan": 2}, "star has no fan-out"),
        ("tree", 2, {"fan": 99}, "fan-out of 99"),
        ("tree", 10, {"fan": 4}, "hosts"),
    ],
)
def test_what_can_t_be_made_is_refused(kind, number, options, said):
    with pytest.raises(UsageError, match=said):
        generate(kind, number, **options)


def test_a_mesh_may_have_no_hosts():
    assert set(mesh(3).namespaces) == {HOST}


def test_a_shape_as_a_file(tuilab_, tmp_path):  # noqa: F811
    code, out, _ = tuilab_("generate", "ring", 3, "--to", "-")
    assert (code, yaml.loads(out).topology) == (0, generate("ring", 3))
    code, out, err = tuilab_("generate", "star", 2, "--to", tmp_path / "s.yaml")
    assert (code, out) == (0, "")
    assert "tuilab up" in err
    assert yaml.load(tmp_path / "s.yaml").topology == generate("star", 2)
    code, _, err = tuilab_("generate", "star", 3, "--to", tmp_path / "s.yaml")
    assert (code, "is there already" in err, "--force" in err) == (2, True, True)
    assert yaml.load(tmp_path / "s.yaml").topology == generate("star", 2)
    code, _, _ = tuilab_("generate", "star", 3, "--to", tmp_path / "s.yaml", "--force")
    assert code == 0
    assert yaml.load(tmp_path / "s.yaml").topology == generate("star", 3)
    code, _, err = tuilab_("generate", "ring", 2, "--to", "-")
    assert (code, "choose 3 to 64" in err) == (2, True)
