"""What sending packets came to, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tuilab.packets.results import Hop, Result, Statistics
from tuilab.tui.glyphs import Glyphs, sparkline
from tuilab.tui.text import Line, line


@dataclass(slots=True)
class Run:
    """One sending, from its start to its end.

    Attributes:
        title: What was sent, such as ``ping 10.0.0.2 from red``.
        results: What came of it so far.
        running: Whether more is to come.
        problem: Why it ended before its time, or empty.
        told: What it comes to, in words; empty where that is counted from results.
    """

    title: str
    results: list[Result | str] = field(default_factory=list)
    running: bool = True
    problem: str = ""
    told: str = ""


def result_lines(run: Run, glyphs: Glyphs) -> list[Line]:
    """A line a result, then the sum."""
    lines = []
    for result in run.results:
        if isinstance(result, str):
            lines.append(line(f"  {result}"))
            continue
        mark = (f"{glyphs.good} ", "good") if result.ok else (f"{glyphs.bad} ", "bad")
        lines.append(line(mark, str(result)))  # type: ignore[arg-type]
    return [*lines, *summary_lines(run, glyphs)]


def summary_lines(run: Run, glyphs: Glyphs) -> list[Line]:
    """Counts, loss, round-trip times and their sparkline."""
    if run.problem:
        return [line((f"{glyphs.bad} {run.problem}", "bad"))]
    if run.told:
        return [line((run.told, "title"))]
    if not run.results:
        return [line(("waiting for the first reply", "dim"))] if run.running else []
    results = [result for result in run.results if not isinstance(result, str)]
    if not results:
        return [line(("answers until it is stopped", "dim"))] if run.running else []
    if isinstance(results[-1], Hop):
        return [line((_way(results[-1], running=run.running), "title"))]
    sums = Statistics()
    for result in results:
        sums.add(result)
    bars = sparkline(sums.rtts, glyphs)
    return [line((sums.summary(), "title"), (f"  {bars}", "dim"))]


def _way(hop: Hop, *, running: bool) -> str:
    """How far a traceroute has come."""
    hops = f"{hop.ttl} hop" + ("" if hop.ttl == 1 else "s")
    if running:
        return f"{hops} so far"
    return f"there after {hops}" if hop.last else f"not there after {hops}"


def run_lines(runs: Sequence[Run], glyphs: Glyphs, send: str = "s") -> list[Line]:
    """All sendings, the newest last.

    Args:
        runs: What was sent.
        glyphs: Signs to use.
        send: The key that sends something.
    """
    lines: list[Line] = []
    for run in runs:
        lines.append(line((run.title, "key")))
        lines += [(line("  ") + spans) for spans in result_lines(run, glyphs)]
    return lines or [line((f"Nothing has been sent yet: {send} sends a ping.", "dim"))]
