"""One step on the kernel, with its three faces.

``simulate`` is what it does to the model, ``requests`` what is sent to the kernel, and
``commands`` what a person would type. They are tested against each other.
"""

from tuilab.plan.operations.addresses import AddAddress, DeleteAddress
from tuilab.plan.operations.base import Operation
from tuilab.plan.operations.bridge import (
    AddEntry,
    AddVlans,
    DeleteEntry,
    DeleteVlans,
    SetBridge,
    SetPort,
)
from tuilab.plan.operations.links import (
    AddBridge,
    AddTap,
    AddVeth,
    DeleteLink,
    MoveLink,
    RenameLink,
    SetLink,
)
from tuilab.plan.operations.namespaces import (
    CreateNamespace,
    DeleteNamespace,
    RenameNamespace,
)
from tuilab.plan.operations.policies import (
    AddRule,
    DeleteNeighbour,
    DeleteRule,
    SetNeighbour,
)
from tuilab.plan.operations.routes import AddRoute, DeleteRoute, ReplaceRoute
from tuilab.plan.operations.sysctl import SetSysctl

__all__ = [
    "AddAddress",
    "AddBridge",
    "AddEntry",
    "AddRoute",
    "AddRule",
    "AddTap",
    "AddVeth",
    "AddVlans",
    "CreateNamespace",
    "DeleteAddress",
    "DeleteEntry",
    "DeleteLink",
    "DeleteNamespace",
    "DeleteNeighbour",
    "DeleteRoute",
    "DeleteRule",
    "DeleteVlans",
    "MoveLink",
    "Operation",
    "RenameLink",
    "RenameNamespace",
    "ReplaceRoute",
    "SetBridge",
    "SetLink",
    "SetNeighbour",
    "SetPort",
    "SetSysctl",
]
