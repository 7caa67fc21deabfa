"""The verbs of the editor, as pure functions from topology to topology.

A verb returns a `Change`: a title for the history and a function that makes the new
topology out of whatever the lab is by then, so that two terminals can edit one lab.
"""

from tuilab.model.edits.change import (
    Change,
    Rename,
    become,
    together,
)
from tuilab.model.edits.layout import (
    place,
)
from tuilab.model.edits.links import (
    add_address,
    add_bridge,
    add_entry,
    add_link,
    add_tap,
    connect,
    remove_address,
    remove_entry,
    remove_link,
    rename_link,
    set_link,
)
from tuilab.model.edits.namespaces import (
    add_namespace,
    remove_namespace,
    rename_namespace,
    set_sysctl,
)
from tuilab.model.edits.parts import (
    Target,
    find_link,
    find_namespace,
    pinned,
    take_out,
    vacant,
)
from tuilab.model.edits.routes import (
    add_route,
    remove_route,
)
from tuilab.model.edits.several import remove, switch, switched

__all__ = [
    "Change",
    "Rename",
    "Target",
    "add_address",
    "add_bridge",
    "add_entry",
    "add_link",
    "add_namespace",
    "add_route",
    "add_tap",
    "become",
    "connect",
    "find_link",
    "find_namespace",
    "pinned",
    "place",
    "remove",
    "remove_address",
    "remove_entry",
    "remove_link",
    "remove_namespace",
    "remove_route",
    "rename_link",
    "rename_namespace",
    "set_link",
    "set_sysctl",
    "switch",
    "switched",
    "take_out",
    "together",
    "vacant",
]
