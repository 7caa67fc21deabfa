"""The shape of a topology file, as pydantic models: what `tuilab schema` prints.

Shape only. Whether names, addresses and references make sense is said by
`model.validate`, with all of a lab in sight. Descriptions and examples end up in the
JSON Schema, where editors show them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from tuilab.model.sysctls import SYSCTLS

Word = Annotated[str, WithJsonSchema({"type": ["string", "integer"]})]
"""Text that may be written as a number: a name, a user id, a setting."""
Name = Annotated[str, Field(examples=["red"])]
EndpointText = Annotated[
    str, Field(pattern=r"^[^:]+:.+$", examples=["red:eth0", "host:port1"])
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LinkModel(_Model):
    """What every kind of link may say."""

    up: Annotated[
        bool, Field(description="Whether the link is set up (administratively).")
    ] = True
    mtu: Annotated[
        int | None,
        Field(
            description="Bytes in a packet; 1500 where it is left out, and for a "
            "bridge the smallest of its ports.",
            examples=[1400, 9000],
        ),
    ] = None
    mac: Annotated[
        str | None,
        Field(
            description="Hardware address; derived from the names where it is left "
            "out, always the same.",
            examples=["02:00:00:00:00:01"],
        ),
    ] = None
    master: Annotated[
        Word | None,
        Field(
            description="The bridge of the same namespace that this is a port of.",
            examples=["br0"],
        ),
    ] = None
    addresses: Annotated[
        list[str],
        Field(
            description="IPv4 and IPv6 addresses with prefix length.",
            examples=[["10.0.0.1/24", "fd00::1/64"]],
        ),
    ] = []


class PortModel(LinkModel):
    """What a port of a bridge may say, as long as it names its master."""

    isolated: Annotated[
        bool, Field(description="Exchanges frames with ports only that are not.")
    ] = False
    hairpin: Annotated[
        bool, Field(description="Frames may leave by the port they came in by.")
    ] = False
    cost: Annotated[
        int | None,
        Field(
            description="In spanning tree, 1 to 65535; by the link's speed where it is "
            "left out.",
            examples=[100],
        ),
    ] = None
    priority: Annotated[
        int | None, Field(description="In spanning tree, 0 to 63; 32 if left out.")
    ] = None
    learning: Annotated[
        bool, Field(description="Whether MACs seen on the port are learned.")
    ] = True
    flood: Annotated[
        bool, Field(description="Whether frames for unknown MACs leave by it.")
    ] = True
    fdb: Annotated[
        list[str],
        Field(
            description="MACs known to be behind the port: static entries of the "
            "bridge's forwarding database.",
            examples=[["02:00:00:00:00:01"]],
        ),
    ] = []
    vlans: Annotated[
        list[Word] | None,
        Field(
            description="All VLANs it is in, where its bridge has vlan_filtering: each "
            "as bridge(8) takes it after vid; 1 pvid untagged if left out.",
            examples=[["10 pvid untagged", "20-29", 30]],
        ),
    ] = None


class CableEnd(PortModel):
    """One end of a cable (veth), or lo. Needed only where it has something to say."""

    kind: Annotated[Literal["veth"] | None, Field(description="May be left out.")] = (
        None
    )


class BridgeLink(LinkModel):
    """A switch. Its ports are the links that name it as their master."""

    kind: Annotated[Literal["bridge"], Field(description="A switch.")]
    stp: Annotated[
        bool, Field(description="Whether it speaks spanning tree (IEEE 802.1D).")
    ] = False
    priority: Annotated[
        int | None, Field(description="In spanning tree; 32768 if left out.")
    ] = None
    ageing: Annotated[
        float | None,
        Field(description="Seconds that a learned MAC is kept; 300 if left out."),
    ] = None
    forward_delay: Annotated[
        float | None,
        Field(description="Seconds a port listens, then learns; 15 if left out."),
    ] = None
    hello_time: Annotated[
        float | None,
        Field(description="Seconds between the root's messages; 2 if left out."),
    ] = None
    max_age: Annotated[
        float | None,
        Field(description="Seconds until such a message is stale; 20 if left out."),
    ] = None
    vlan_filtering: Annotated[
        bool, Field(description="Whether it looks at VLAN tags.")
    ] = False
    mcast_snooping: Annotated[
        bool, Field(description="Whether multicast goes only where it is asked for.")
    ] = True
    vlans: Annotated[
        list[Word] | None,
        Field(
            description="With vlan_filtering, the VLANs that it is in itself, as if it "
            "were a port; 1 pvid untagged if left out.",
            examples=[["10 pvid untagged", 20]],
        ),
    ] = None


class TapLink(PortModel):
    """A tap device: a program holds its other end, such as a virtual machine."""

    kind: Annotated[Literal["tap"], Field(description="A tap device.")]
    user: Annotated[
        Word | None,
        Field(description="User, by name or number, who may open it."),
    ] = None
    group: Annotated[
        Word | None,
        Field(description="Group, by name or number, who may open it."),
    ] = None


LINKS: dict[str, type[LinkModel]] = {
    "veth": CableEnd,
    "bridge": BridgeLink,
    "tap": TapLink,
}
"""By kind."""


def _kind(data: Any) -> str | None:
    kind = data.get("kind") if isinstance(data, dict) else None
    return "veth" if kind is None else kind if isinstance(kind, str) else None


AnyLink = Annotated[
    Annotated[CableEnd, Tag("veth")]
    | Annotated[BridgeLink, Tag("bridge")]
    | Annotated[TapLink, Tag("tap")],
    Discriminator(_kind),
]


Table = Annotated[
    int,
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"enum": ["main", "default"]}]}),
]
"""A routing table by number or name."""
_REFUSALS = ["blackhole", "unreachable", "prohibit"]


class HopModel(_Model):
    """One of several ways that a route spreads its flows over."""

    via: Annotated[
        str | None, Field(description="Gateway.", examples=["10.0.0.254"])
    ] = None
    dev: Annotated[
        Word | None, Field(description="Link to leave by.", examples=["eth0"])
    ] = None
    weight: Annotated[int, Field(description="Its share, 1 to 256.")] = 1


class RouteModel(_Model):
    """A static route. It needs a gateway or a link, or several hops, or a type."""

    to: Annotated[
        str,
        Field(
            description='Destination network, or "default".',
            examples=["default", "10.0.2.0/24", "2001:db8::/32"],
        ),
    ]
    via: Annotated[
        str | None,
        Field(
            description="Gateway: an address in a network of this namespace.",
            examples=["10.0.0.254"],
        ),
    ] = None
    dev: Annotated[
        Word | None, Field(description="Link to leave by.", examples=["eth0"])
    ] = None
    metric: Annotated[
        int | None,
        Field(description="The lower wins; 0 in IPv4, 1024 in IPv6 if left out."),
    ] = None
    table: Annotated[
        Table | None, Field(description="Routing table, by number; 254 is main.")
    ] = None
    src: Annotated[
        str | None,
        Field(
            description="Address of this namespace that its packets are sent from.",
            examples=["10.0.0.1"],
        ),
    ] = None
    onlink: Annotated[
        bool,
        Field(description="The gateway is on the link, whatever the addresses say."),
    ] = False
    type: Annotated[
        str,
        Field(description="What happens to packets; unicast sends them on."),
        WithJsonSchema({"enum": ["unicast", *_REFUSALS]}),
    ] = "unicast"
    hops: Annotated[
        list[HopModel],
        Field(
            description="Several ways instead of one gateway and link.",
            examples=[[{"via": "10.0.0.254"}, {"via": "10.0.1.254", "weight": 2}]],
        ),
    ] = []


class RuleModel(_Model):
    """A rule of policy routing: which packets are routed by which table."""

    priority: Annotated[
        int,
        Field(description="The lower is asked first; 1 to 32765.", examples=[100]),
    ]
    family: Annotated[
        int,
        Field(description="Needed for IPv6 where neither from nor to tells it."),
        WithJsonSchema({"enum": [4, 6]}),
    ] = 4
    from_: Annotated[
        str | None,
        Field(alias="from", description="Source network.", examples=["10.0.1.0/24"]),
    ] = None
    to: Annotated[
        str | None,
        Field(description="Destination network.", examples=["10.0.2.0/24"]),
    ] = None
    iif: Annotated[
        Word | None, Field(description="Link that it came in by; lo for own packets.")
    ] = None
    oif: Annotated[
        Word | None, Field(description="Link that its socket is bound to.")
    ] = None
    fwmark: Annotated[
        Word | None,
        Field(description="Mark, with a mask if need be.", examples=["0x10/0xff"]),
    ] = None
    table: Annotated[
        Table | None, Field(description="Routing table to look in, by number.")
    ] = None
    action: Annotated[
        str | None,
        Field(description="What happens instead of a look into a table."),
        WithJsonSchema({"enum": _REFUSALS}),
    ] = None


class NeighbourModel(_Model):
    """A static neighbour, or with proxy one that this namespace answers for."""

    to: Annotated[str, Field(description="Its address.", examples=["10.0.0.9"])]
    dev: Annotated[Word, Field(description="Link it is on.", examples=["eth0"])]
    mac: Annotated[
        str | None,
        Field(description="Its MAC address.", examples=["02:00:00:00:00:09"]),
    ] = None
    proxy: Annotated[
        bool, Field(description="Answer for it (proxy ARP, proxy NDP).")
    ] = False


class NamespaceModel(_Model):
    """A network namespace: a machine with a network of its own."""

    sysctls: Annotated[
        dict[str, Word],
        Field(
            description="Kernel settings: "
            + "; ".join(f"{key}: {s.about}" for key, s in SYSCTLS.items())
            + ".",
            examples=[{"net.ipv4.ip_forward": 1}],
        ),
    ] = {}
    links: Annotated[
        dict[str, AnyLink | None],
        Field(
            description="Network devices by name. A cable's end needs to be here only "
            "when it has something to say.",
            examples=[{"br0": {"kind": "bridge", "addresses": ["10.0.0.254/24"]}}],
        ),
    ] = {}
    routes: Annotated[
        list[RouteModel],
        Field(
            description="Static routes.",
            examples=[[{"to": "default", "via": "10.0.0.254"}]],
        ),
    ] = []
    rules: Annotated[
        list[RuleModel],
        Field(
            description="Which packets are routed by which table.",
            examples=[[{"priority": 100, "from": "10.0.1.0/24", "table": 100}]],
        ),
    ] = []
    neighbours: Annotated[
        list[NeighbourModel],
        Field(
            description="Neighbours that are known without asking.",
            examples=[[{"to": "10.0.0.9", "dev": "eth0", "mac": "02:00:00:00:00:09"}]],
        ),
    ] = []


class ExpectModel(_Model):
    """What must hold, checked by `tuilab check --live`."""

    from_: Annotated[
        Word, Field(alias="from", description="Namespace that sends the ping.")
    ]
    to: Annotated[
        Word,
        Field(
            description="Namespace or address that is pinged.",
            examples=["blue", "10.0.0.2"],
        ),
    ]
    reachable: Annotated[
        bool, Field(description="Whether a reply must come, or must not.")
    ] = True


class TopologyModel(_Model):
    """A network lab: namespaces, their links, addresses and routes, and cables."""

    tuilab: Annotated[
        Literal[1], Field(description="Version of this file format; always 1.")
    ]
    name: Annotated[
        Word,
        Field(
            description="Name of the lab; MAC addresses are derived from it.",
            examples=["two-hosts"],
        ),
    ]
    namespaces: Annotated[
        dict[str, NamespaceModel | None],
        Field(
            description='By name. "host" is the lab\'s own root namespace and is '
            "always there.",
        ),
    ] = {}
    cables: Annotated[
        list[Annotated[list[EndpointText], Field(min_length=2, max_length=2)]],
        Field(
            description="Veth pairs, each by its two ends NAMESPACE:LINK.",
            examples=[[["red:eth0", "blue:eth0"]]],
        ),
    ] = []
    layout: Annotated[
        dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]],
        Field(
            description="Column and row on the canvas, for what was placed by hand: "
            "a namespace, a link as NAMESPACE:LINK, a folded group as all on BRIDGE.",
            examples=[{"red": [4, 2]}],
        ),
    ] = {}
    expect: Annotated[
        list[ExpectModel],
        Field(
            description="What must hold when the lab is up.",
            examples=[[{"from": "red", "to": "blue", "reachable": True}]],
        ),
    ] = []


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a topology file, for editors and other programs."""
    schema = TopologyModel.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "tuilab topology"
    return schema
