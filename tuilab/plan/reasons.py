"""Why a plan has a step, in a few words about the objects of the step.

What the planner itself found out (`Operation.reason`) comes first: side effects that
are put right. All else follows from what the edit asks for.
"""

from __future__ import annotations

from tuilab.plan import operations as ops


def reason(operation: ops.Operation) -> str:
    """Why it is done."""
    if operation.reason:
        return operation.reason
    match operation:
        case ops.CreateNamespace():
            return f'"{operation.name}" is new'
        case ops.DeleteNamespace():
            return f'"{operation.name}" goes, with all that is in it'
        case ops.RenameNamespace():
            return f'"{operation.old}" is to be called "{operation.new}"'
        case ops.AddAddress():
            return f'"{operation.endpoint}" is to have {operation.cidr}'
        case ops.DeleteAddress():
            return f'"{operation.endpoint}" is to have {operation.cidr} no longer'
        case ops.SetSysctl():
            return f'a setting of "{operation.namespace}"'
        case ops.SetNeighbour() | ops.DeleteNeighbour():
            return f'a neighbour of "{operation.namespace}"'
    return _of_link(operation) or _of_routing(operation)


def _of_link(operation: ops.Operation) -> str:
    match operation:
        case ops.AddVeth():
            return f'a cable from "{operation.a}" to "{operation.b}"'
        case ops.AddBridge():
            return f'"{operation.endpoint}" is new; a MAC of its own is not its ports\''
        case ops.AddTap():
            return f'"{operation.endpoint}" is new'
        case ops.DeleteLink() if operation.peer is not None:
            return f'the cable from "{operation.endpoint}" to "{operation.peer}" goes'
        case ops.DeleteLink():
            return f'"{operation.endpoint}" goes'
        case ops.MoveLink():
            return f'"{operation.endpoint}" is to be in "{operation.new.namespace}"'
        case ops.RenameLink():
            return f'"{operation.endpoint}" is to be called "{operation.ifname}"'
        case ops.SetLink():
            return f'"{operation.endpoint}" is to be {_as_set(operation)}'
        case ops.SetBridge():
            return f'options of the bridge "{operation.endpoint}"'
        case ops.SetPort():
            return f'options of the port "{operation.endpoint}"'
        case ops.AddEntry():
            return f'{operation.mac} is behind "{operation.endpoint}"'
        case ops.DeleteEntry():
            return f"{operation.mac} is to be learned, not set"
        case ops.AddVlans():
            vlan, _, flags = operation.entry.partition(" ")
            return f'"{operation.endpoint}" is in VLAN {vlan}, {flags or "tagged"}'
        case ops.DeleteVlans():
            return f'"{operation.endpoint}" is not in VLAN {operation.entry}'
    return ""


def _as_set(operation: ops.SetLink) -> str:
    words = []
    if operation.up is not None:
        words.append("up" if operation.up else "down")
    if operation.master is not None:
        bridge = operation.master
        words.append(f"a port of {bridge}" if bridge else "no port")
    if operation.mtu is not None:
        words.append(f"of mtu {operation.mtu}")
    if operation.mac is not None:
        words.append(f"at MAC {operation.mac}")
    return ", ".join(words)


def _of_routing(operation: ops.Operation) -> str:
    match operation:
        case ops.AddRoute():
            return f'a route of "{operation.namespace}"'
        case ops.ReplaceRoute():
            return f'a route of "{operation.namespace}" is to lead another way'
        case ops.DeleteRoute():
            return f'a route of "{operation.namespace}" goes'
        case ops.AddRule():
            return f'a rule of "{operation.namespace}"'
        case ops.DeleteRule():
            return f'a rule of "{operation.namespace}" goes'
    return ""
