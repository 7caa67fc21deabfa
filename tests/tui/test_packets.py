"""The list of packets: filters, marks, going places, looks. Packets out of files."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.tui.bench import opened
from tests.tui.labs import two_hosts
from tests.tui.packets import START, many_store, ping_store
from tuilab.errors import UsageError
from tuilab.model.topology import Endpoint
from tuilab.packets.conversation import Chunk
from tuilab.packets.dissect import Row
from tuilab.packets.send import Sender
from tuilab.packets.store import Store
from tuilab.tui.app import Surroundings
from tuilab.tui.copied import copied_text
from tuilab.tui.packet_looks import Looks, read_looks, write_looks
from tuilab.tui.screens.packet_more import said_lines
from tuilab.tui.text import plain
from tuilab.tui.widgets.packet_hex import hex_lines
from tuilab.tui.widgets.packet_rows import Rows
from tuilab.tui.widgets.packet_text import Grid, rule_of


@asynccontextmanager
async def listed(path, store=None, size=(120, 36), **options):
    """The app with the packets of a file in its list, which has the keys."""
    (store or ping_store(path)).close()
    async with opened(two_hosts(), size=size, **options) as bench:
        await bench.app.watching.open(path)
        await bench.press("1")
        await bench.until(lambda: bench.main.packets.line_count())
        yield bench


def numbers(bench):
    """The packets in the list, by number."""
    packets = bench.main.packets
    return [packets.shown[place] + 1 for place in range(packets.line_count())]


def current(bench):
    return bench.main.packets.index + 1


async def filtered(bench, text):
    await bench.press("slash")
    await bench.fill("bar-input", text)
    await bench.press("enter")
    await bench.until(lambda: bench.main.packets.shown.done)


async def test_a_filter_is_checked_applied_kept_and_taken_away(tmp_path):
    async with listed(tmp_path / "p.pcapng") as bench:
        assert current(bench) == 1
        await bench.press(*["down"] * 5, "slash")
        await bench.until(lambda: "Up: arp, icmp" in bench.text)
        await bench.fill("bar-input", "icmp[0] == 8 and")
        await bench.until(lambda: "looked for as text" in bench.text)
        await bench.fill("bar-input", "icmp[0] == 8")
        await bench.until(lambda: "✓ valid" in bench.text)
        assert numbers(bench) == [1, 2, 3, 4, 5, 6, 7, 8]
        await bench.press("enter")
        await bench.until(lambda: bench.main.packets.shown.done)
        assert numbers(bench) == [1, 3, 5, 7]
        assert current(bench) == 7  # the first one from where the cursor was, 6
        assert "4 of 8 pkt" in bench.text
        assert "/icmp[0] == 8" in bench.text
        await filtered(bench, "reply")
        assert numbers(bench) == [2, 4, 6, 8]
        assert '/"reply"  FILE' in bench.text  # it is no filter
        await bench.press("slash")
        await bench.fill("bar-input", "")
        await bench.press("up", "up")
        assert bench.main.desk.bar.field.value == "icmp[0] == 8"
        await bench.press("down")
        assert bench.main.desk.bar.field.value == "reply"
        await bench.press("escape")
        assert numbers(bench) == [2, 4, 6, 8]
        await bench.press("escape")
        assert numbers(bench) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert current(bench) == 8
        assert bench.app.focused is bench.main.packets
        await bench.press("escape")
        assert bench.app.focused is bench.main.canvas


async def test_text_beside_a_bad_filter_is_refused_and_can_be_mended(tmp_path):
    async with listed(tmp_path / "p.pcapng") as bench:
        await filtered(bench, 'icmp or or "reply"')
        assert bench.main.desk.bar.asking
        assert "✗ " in bench.text
        assert 'filters have no word "or"' in bench.text or "after" in bench.text
        await filtered(bench, 'icmp and "reply"')
        assert '/icmp and "reply"  FILE' in bench.text
        assert numbers(bench) == [2, 4, 6, 8]


async def test_the_footer_has_the_keys_of_the_list_while_it_has_the_keys(tmp_path):
    async with listed(tmp_path / "p.pcapng", size=(80, 24)) as bench:
        footer = bench.text.splitlines()[-1]
        assert footer.startswith(" Space follow  / filter  f stream  x hex  m mark")
        assert footer.endswith(": cmd  ? keys")
        await bench.press("escape")
        assert bench.app.focused is bench.main.canvas
        assert "filter" not in bench.text.splitlines()[-1]


async def test_marks_and_the_way_back(tmp_path):
    async with listed(tmp_path / "p.pcapng") as bench:
        await bench.press("home", "down", "m")
        assert "mark it with a letter" in bench.text
        await bench.press("a", "end", "m", "b")
        assert "b      8" in bench.text
        await bench.press("apostrophe")
        assert "go to mark: a b" in bench.text
        await bench.press("a")
        assert current(bench) == 2
        assert not bench.main.packets.following
        await bench.press("apostrophe", "apostrophe")
        assert current(bench) == 8
        await bench.press("apostrophe", "apostrophe")
        assert current(bench) == 2
        # Letters are no keys while they name marks; one is cleared as it was set.
        assert not bench.in_dialog
        await bench.press("m", "a", "apostrophe", "a")
        assert "a      2" not in bench.text
        assert current(bench) == 2
        await bench.press("m", "escape", "apostrophe", "escape")
        assert bench.app.focused is bench.main.packets


async def test_going_to_a_number_or_time(tmp_path):
    async with listed(tmp_path / "p.pcapng") as bench:
        for typed, number in (("3", 3), ("0.9", 5), ("0.5s", 3), ("77.0", 8)):
            await bench.press("number_sign")
            await bench.fill("bar-input", typed)
            assert f"packet {number}" in bench.text
            await bench.press("enter")
            assert current(bench) == number
        clock = time.strftime("%H:%M:%S", time.localtime(START / 1e6 + 1))
        await bench.press("number_sign")
        await bench.fill("bar-input", clock)
        await bench.press("enter")
        assert current(bench) == 5
        await bench.press("number_sign")
        await bench.fill("bar-input", "99")
        assert "there are packets 1 to 8" in bench.text
        await bench.press("enter", "escape")
        assert current(bench) == 5
        for typed in ("x", "25:00:77:1", "1e999", "nan", "24:00", "12:60", "12:00:60"):
            with pytest.raises(UsageError):
                bench.main.desk.place(typed)


async def test_only_one_of_several_links_is_shown(tmp_path):
    path = tmp_path / "p.pcapng"
    async with listed(path, many_store(path, 10), size=(160, 48)) as bench:
        assert "Link" in bench.text
        await bench.press("right_square_bracket")
        await bench.until(lambda: bench.main.packets.shown.done)
        assert numbers(bench) == [1, 3, 5, 7, 9]
        assert "5 of 10 pkt" in bench.text
        await bench.press("right_square_bracket")
        await bench.until(lambda: bench.main.packets.shown.done)
        assert numbers(bench) == [2, 4, 6, 8, 10]
        await filtered(bench, "reply")
        assert bench.main.packets.shown.endpoint == Endpoint("blue", "eth0")
        assert numbers(bench) == [4, 8]
        await bench.press("right_square_bracket")
        await bench.until(lambda: bench.main.packets.shown.done)
        assert bench.main.packets.shown.endpoint is None
        await bench.press("left_square_bracket")
        await bench.until(lambda: bench.main.packets.shown.done)
        assert bench.main.packets.shown.endpoint == Endpoint("blue", "eth0")


async def test_columns_times_and_colours_are_chosen_and_kept(tmp_path):
    kept = tmp_path / "config" / "packets.yaml"
    around = Surroundings(reports=tmp_path, looks_file=kept)
    async with listed(tmp_path / "p.pcapng", surroundings=around) as bench:
        assert "0.500081" in bench.text
        await bench.press("t")
        stamp = time.strftime("%H:%M:%S.500081", time.localtime(START / 1e6))
        assert stamp in bench.text
        await bench.press("t", "home")
        assert read_looks(kept).time == "delta"
        assert "0.499919" in bench.text
        await bench.press("c", "space", "enter")
        assert not bench.in_dialog
        assert "number" not in read_looks(kept).columns
        assert "No " not in plain(bench.main.packets.head())
    around = replace(around, looks=read_looks(kept))
    async with listed(tmp_path / "p.pcapng", surroundings=around) as bench:
        assert bench.main.packets.looks == read_looks(kept)
        assert "0.499919" in bench.text


@pytest.mark.parametrize("said", ["", "a: [", "- x", "time: never\ncolumns: x", "\0"])
def test_a_broken_file_of_looks_is_as_if_there_was_none(tmp_path, said):
    path = tmp_path / "packets.yaml"
    path.write_text(said)
    assert read_looks(path) == Looks()


def test_looks_are_read_as_they_were_written(tmp_path):
    looks = Looks(("time", "info"), "delta", (), hex=False)
    write_looks(tmp_path / "new" / "packets.yaml", looks)
    assert read_looks(tmp_path / "new" / "packets.yaml") == looks
    assert read_looks(tmp_path / "none.yaml") == Looks()
    with pytest.raises(UsageError):
        write_looks(tmp_path / "new" / "packets.yaml" / "x.yaml", looks)


@pytest.mark.parametrize(
    ("protocol", "info", "rule"),
    [
        ("ICMP", "host 10.0.0.9 unreachable", "errors"),
        ("ICMP", "echo request id=1 seq=1", "icmp"),
        ("TCP", "1 > 2 [R.] seq=0 ack=1 win=0 len=0", "resets"),
        ("TCP", "1 > 2 [S] seq=0 win=1 len=0", "syn"),
        ("TCP", "1 > 2 [P.] seq=0 ack=1 win=1 len=9", ""),
        ("HTTP", "[RS] unreachable", ""),
        ("TCP", "1 > 2 [cut short]", "errors"),
        ("ARP", "who-has 10.0.0.1 tell 10.0.0.2", "arp"),
        ("ICMPv6", "neighbor solicitation, who has fe80::1", "arp"),
        ("DNS", "1+ A? example.org.", "dns"),
    ],
)
def test_what_rows_are_coloured_by(protocol, info, rule):
    assert rule_of(Row("a", "b", protocol, info)) == rule


async def test_packets_are_dropped_only_when_that_is_agreed_to(tmp_path):
    async with listed(tmp_path / "p.pcapng") as bench:
        await bench.press("C")
        assert "8 packets of p.pcapng are dropped" in bench.text
        await bench.press("escape")
        assert numbers(bench) == [1, 2, 3, 4, 5, 6, 7, 8]
        await bench.press("C", "enter")
        assert bench.main.packets.line_count() == 0
        assert "Nothing is being watched" in bench.text
        assert (tmp_path / "p.pcapng").exists()  # it is a person's own
        await bench.press("C")
        assert "no packet has been captured yet" in bench.toasts[-1]


async def test_a_file_is_opened_and_what_is_none_is_refused(tmp_path):
    ping_store(tmp_path / "p.pcapng").close()
    (tmp_path / "bad.pcapng").write_text(json.dumps("no packets"))
    around = Surroundings(reports=tmp_path, folders=(tmp_path,))
    async with opened(two_hosts(), size=(120, 36), surroundings=around) as bench:
        await bench.press("1", "O")
        await bench.fill("path", str(tmp_path / "none.pcapng"))
        assert "there is no" in bench.problem("path")
        await bench.fill("path", str(tmp_path / "bad.pcapng"))
        await bench.press("enter")
        assert "neither a pcapng nor a pcap file" in bench.problem("")
        await bench.fill("path", str(tmp_path / "p.pcapng"))
        await bench.press("enter")
        await bench.until(lambda: bench.main.packets.line_count() == 8)
        assert "p.pcapng  FILE  8 pkt" in bench.text


async def test_a_file_that_shrinks_leaves_the_list_alive(tmp_path):
    async with listed(tmp_path / "p.pcapng") as bench:
        with (tmp_path / "p.pcapng").open("r+b") as file:
            file.truncate(200)
        await bench.press("home", "t")
        assert "is no longer in the file" in bench.text
        await filtered_until_told(bench)


async def filtered_until_told(bench):
    await bench.press("slash")
    await bench.fill("bar-input", "icmp")
    await bench.press("enter")
    await bench.until(lambda: any("no longer" in said for said in bench.toasts))


def test_rows_of_one_link_are_found_piece_by_piece(tmp_path):
    store = many_store(tmp_path / "p.pcapng", 5000)
    rows = Rows(store, "icmp", Endpoint("red", "eth0"))
    assert len(rows) == 0
    assert rows.searched == 0
    rounds = 0
    while not rows.advance(0):
        rounds += 1
    assert rounds > 1
    assert len(rows) == 2500
    assert rows[1] == 2
    assert rows.place(3) == 2
    assert rows.searched == 1
    store.close()


# -- one packet ------------------------------------------------------------------------


@asynccontextmanager
async def detailed(path, size=(120, 36)):
    """The list of `many_store`, with a sender that can take packets apart."""
    async with Sender() as sender:
        around = Surroundings(sender=sender, reports=path.parent)
        store = many_store(path, 40)
        async with listed(path, store, size=size, surroundings=around) as bench:
            yield bench


async def opened_up(bench):
    await bench.press("enter")
    detail = bench.main.bottom.detail
    await bench.until(lambda: detail.packet == bench.main.packets.packet)
    await bench.until(lambda: detail.headers.has_focus)
    return detail


async def test_headers_and_bytes_light_each_other(tmp_path):
    async with detailed(tmp_path / "p.pcapng") as bench:
        detail = await opened_up(bench)
        names = [plain(detail.headers.line(at)) for at in range(4)]
        assert [name.split()[1] for name in names] == ["Ethernet", "IP", "ICMP", "Raw"]
        await bench.press("down", "right", *["down"] * 8)
        assert plain(detail.headers.line(detail.headers.cursor)).split() == [
            "ttl",
            "64",
        ]
        assert "40 00[40]01" in bench.text
        bench.main.set_focus(detail.dump)
        await bench.press("right")
        assert detail.headers.branch.field.name == "proto"
        await bench.press("down")
        assert detail.headers.branch.layer.name == "ICMP"
        await bench.press("left", "left", "left", "left", "left", "left", "left")
        assert detail.headers.branch.field.name == "dst"
        # What was opened stays open for the next packet.
        await bench.press("escape", "up")
        assert bench.app.focused is bench.main.packets
        await opened_up(bench)
        assert detail.headers.branch.field.name == "dst"
        await bench.press("x")
        assert not detail.dump.display
        await bench.press("left", "left")
        assert "proto  icmp" not in bench.text


async def test_the_detail_stands_beside_the_list_where_there_is_room(tmp_path):
    async with detailed(tmp_path / "p.pcapng", size=(160, 48)) as bench:
        detail = bench.main.bottom.detail
        await bench.until(lambda: detail.packet == bench.main.packets.packet)
        assert "▸ IP  " in bench.text
        first = detail.packet
        await bench.press("end")
        await bench.until(lambda: detail.packet == bench.main.packets.packet)
        assert detail.packet != first
        bench.main.set_focus(detail.dump)
        await bench.press("y")
        assert "0000  02 00 00 00 00 01 02 00 00 00 00 02" in copied_text(bench.main)


async def test_a_conversation_and_the_same_packet_elsewhere(tmp_path):
    async with detailed(tmp_path / "p.pcapng") as bench:
        await bench.press("home", "f")
        await bench.until(lambda: bench.main.packets.shown.done)
        assert bench.main.packets.shown.text == "flow icmp 10.0.0.1 10.0.0.2"
        assert len(numbers(bench)) == 40
        await bench.press("f")
        assert "What was said" in bench.text
        await bench.press("escape", "equals_sign")
        assert "blue:eth0  packet 2, +0.010 ms" in bench.text
        assert "nothing differs" in bench.text
        await bench.press("enter")
        assert current(bench) == 2


async def test_a_worker_that_dies_leaves_the_app_alive(tmp_path):
    async with detailed(tmp_path / "p.pcapng") as bench:
        detail = await opened_up(bench)
        worker = bench.app.around.sender._worker
        worker._process.kill()
        await worker._process.wait()
        await bench.press("escape", "up")
        await opened_up(bench)
        await bench.until(lambda: "IP" in plain(detail.headers.line(1)))


def test_bytes_that_stand_out_are_in_brackets():
    lines = [plain(it) for it in hex_lines(bytes(range(64, 96)), 80, (14, 18))]
    assert lines == [
        "0000  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d[4e 4f] @ABCDEFGHIJKLMNO",
        "0010 [50 51]52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f  PQRSTUVWXYZ[\\]^_",
    ]
    assert plain(hex_lines(b"abc", 40)[0]) == "0000  61 62 63                 abc"
    assert hex_lines(b"") == []


def test_what_was_said_is_text_of_one_cell_a_character():
    chunks = [
        Chunk(True, b"GET / HTTP/1.1\r\n\x1b[2J", 0, 1),
        Chunk(False, b"ok", 5, 2),
    ]
    said = [plain(it) for it in said_lines(chunks, 60)]
    assert said == [
        "> GET / HTTP/1.1",
        "> \\033[2J",
        "  5 bytes are missing",
        "< ok",
    ]
    assert "no payload" in plain(said_lines([], 60)[0])


async def test_a_classic_file_that_was_cut_off_is_shown_and_says_so(tmp_path):
    path, cut = tmp_path / "old.pcap", tmp_path / "cut.pcap"
    store = ping_store(tmp_path / "p.pcapng")
    store.save(path)
    store.close()
    cut.write_bytes(path.read_bytes()[:-10])
    async with opened(two_hosts(), size=(120, 36), directory=tmp_path) as bench:
        await bench.press("1", "O")
        await bench.fill("path", str(cut))
        await bench.press("enter")
        assert not bench.in_dialog
        assert bench.main.packets.line_count() == 7
        told = bench.main.bottom.border_subtitle
        assert "FILE  7 pkt  ! cut off or damaged after packet 7" in told
        assert "echo request" in bench.text
        await bench.press("slash")
        await bench.type("icmp[0] = 8")
        await bench.press("enter")
        await bench.until(lambda: "/icmp[0] = 8  FILE" in bench.text)
        await bench.press("escape")
        await bench.press("S")
        await bench.fill("path", str(tmp_path / "new.pcapng"))
        await bench.press("enter")
        await bench.until((tmp_path / "new.pcapng").exists)
    store = Store.open(tmp_path / "new.pcapng")
    assert len(store) == 7
    store.close()


@pytest.mark.parametrize(
    ("cells", "links", "columns"),
    [
        (78, 0, ("number", "time", "source", "destination", "protocol")),
        (78, 11, ("number", "time", "link", "source", "destination", "protocol")),
        (158, 11, ("number", "time", "link", "source", "destination", "protocol")),
    ],
)
def test_what_a_packet_says_has_room(cells, links, columns):
    grid = Grid(cells=cells, links=links, addresses=99, numbers=2)
    grid = replace(grid, addresses=grid.most)
    assert grid.columns[: len(columns)] == columns
    assert grid.columns[-1] == "info"
    assert cells - 2 - sum(grid.width(it) + 1 for it in grid.columns) >= 16
    assert replace(grid, numbers=7).width("number") == 7
