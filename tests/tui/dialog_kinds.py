"""Every kind of dialog, by a picture that shows it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import tuilab.tui.forms
import tuilab.tui.screens
from tests.tui.bench import Bench
from tuilab.tui.forms.base import Form
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.screens.overlay import Overlay

SHOWN = {
    "add-address": "AddAddress",
    "add-bridge": "AddBridge",
    "add-cable": "AddCable",
    "add-namespace": "AddNamespace",
    "add-route": "AddRoute",
    "add-tap": "AddTap",
    "addresses": "AddressesScreen",
    "adopt": "AdoptScreen",
    "columns": "PacketLooks",
    "delete-cable": "DeleteScreen",
    "drop-packets": "ClearScreen",
    "edit-cable": "EditCable",
    "edit-link": "EditLink",
    "edit-namespace": "EditNamespace",
    "ended": "GoneScreen",
    "find": "FindScreen",
    "generate": "Generate",
    "help": "HelpScreen",
    "import": "MachineScreen",
    "keep": "KeepScreen",
    "labs": "LabsScreen",
    "load": "LoadScreen",
    "menu-nothing": "MenuScreen",
    "open-packets": "OpenPackets",
    "palette": "PaletteScreen",
    "quit": "QuitScreen",
    "quit-remove": "RemoveScreen",
    "repair": "RepairScreen",
    "report": "ReportScreen",
    "said": "SaidScreen",
    "same-packet": "TwinsScreen",
    "save": "SaveLab",
    "send-ping": "Send",
    "themes": "ThemeScreen",
    "watch-link": "Watch",
}
"""What is in a picture: the form, or the dialog where that has none."""


def kind(bench: Bench) -> str:
    """What is open."""
    screen = bench.app.screen
    return type(screen._form if isinstance(screen, FormDialog) else screen).__name__


def every_kind() -> Iterator[str]:
    """All that can be open: the classes that nothing else is made of."""
    for package in (tuilab.tui.forms, tuilab.tui.screens):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found = [*_below(Overlay), *_below(Form)]
    for each in found:
        shared = any(other is not each and issubclass(other, each) for other in found)
        if not shared and not issubclass(each, FormDialog):
            yield each.__name__


def _below(parent: type) -> Iterator[type]:
    for child in parent.__subclasses__():
        if child.__module__.startswith("tuilab."):
            yield child
            yield from _below(child)
