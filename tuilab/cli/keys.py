"""The keys of the screen: what holds, and a file to change it."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli.options import Json
from tuilab.cli.output import put, put_json, say, table
from tuilab.errors import EXIT_OK, EXIT_USAGE


def keys(
    json: Json = False,
    write: Annotated[
        bool,
        typer.Option("--write", help="Make keys.yaml with all usual keys as comments."),
    ] = False,
) -> int:
    """List the keys of the screen, with those that your keys.yaml changes."""
    from tuilab.tui.keyfile import keys_file, read_keys, told, write_keys

    path = keys_file()
    if write:
        write_keys(path)
        say(f'made "{path}": take the # away from what you want otherwise')
        return EXIT_OK
    keymap, problems = read_keys(path)
    for problem in problems:
        say(problem)
    rows = [(name, keymap.shown(name), *told(name)) for name in keymap.by_id]
    if json:
        put_json(
            [
                {
                    "id": name,
                    "keys": list(keymap.keys(name)),
                    "shown": shown,
                    "group": group,
                    "about": about,
                    "changed": name in keymap.changed,
                }
                for name, shown, group, about in rows
            ]
        )
    else:
        cells = [
            (group, shown or "none", f"{about}{' *' * (name in keymap.changed)}", name)
            for name, shown, group, about in rows
        ]
        for line in table(("WHERE", "KEYS", "WHAT", "ID"), cells):
            put(line)
        if keymap.changed:
            say(f'* as "{path}" has it')
        elif not problems:
            say(f'to change some: tuilab keys --write makes "{path}"')
    return EXIT_USAGE if problems else EXIT_OK
