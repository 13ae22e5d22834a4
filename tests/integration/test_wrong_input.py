"""Typing something wrong: every command says what, where and the way out, and exits with 1."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rolecall.cli import rolecall, run
from scripts.reference_pages import walked
from tests.support.command_line import Home, served

ENDLESS = ("rolecall demo", "rolecall serve", "rolecall worker")
HUGE, NO_DAY = "9" * 30, "2026-13-45"
Captured = pytest.CaptureFixture[str]

# A line somebody types, what is told about it, and the way out.
LINES = (
    ("user list acme --seat Cor", "No seat is called Cor", "did you mean"),
    ("user list acme --team Nobody", "No team is called Nobody", "there are: "),
    ("user list acme --set Nobody", "No permission set is called Nobody", "there are: "),
    ("user list acme --inactive-days many", "'many' is not a valid number", "--help"),
    ("user compare acme nobody@x.test", "is no user of this portal", "user list PORTAL"),
    ("user owner acme ben@tiny.test somebody", "is not an e-mail address", "such as"),
    ("user show acme {bytes}", "is no UTF-8 text", "UTF-8"),
    ("user offboard acme nobody@x.test", "is not in the portal", "user list PORTAL"),
    ("finding list acme --rule orfan", "no rule is called orfan", "findings.md"),
    ("finding list acme --rule user.dormnt", "no rule is called user.dormnt", "'user.dormant'"),
    ("plan override 0 x --reason y --hours -1", "from 0 to 168 hours, not -1", "usual"),
    ("pack init a/b", "'a/b' is no short name", "--help"),
    ("pack app acme 8x8 salesforce", "'salesforce' is not a valid number", "--help"),
    ("pack list --from {binary}", "is not UTF-8 text", "save it as UTF-8"),
    ("pack show {nul}", "a character YAML does not allow", "save the file as UTF-8"),
    ("user seats acme --renews-on 2026-02-30", "'2026-02-30' is no day", "2026-06-30"),
    ("serve --host 203.0.113.1 --port 0", "Cannot listen on 203.0.113.1:0", "another --host"),
    ("people import {empty}", "the file is empty", "CSV"),
    ("people link acme ben@tiny.test x@y.test", "nobody on the people list", "people list"),
    ("export attest acme {binary}", "is not UTF-8 text", "save the file as UTF-8"),
    ("export attest acme {nul}", "a character YAML does not allow", "save the file as UTF-8"),
    ("export import acme {empty} --mapping {day}", "is not YAML", "Header: sets"),
    ("audit verify {binary}", "neither a pack nor a trail", "audit export"),
    ("review schedule acme --title Q --every quarterly --user ben", "'ben' is not", "such as"),
    ("token create ci --scope read --days {huge}", "is not in the range", "--help"),
    ("scim replay 0", "no line 0 in the log", "scim log"),
    ("import-source remove {huge}", "is not in the range", "--help"),
    (
        "import-source add --app-id 1 --secret-file {empty} --public-url https://x.test",
        "is empty",
        "client secret",
    ),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files no command wants, and values that are none, by name."""
    place = tmp_path_factory.mktemp("files")
    bytes_of = {
        "empty": b"",
        "binary": bytes(range(128, 256)),
        "nul": b"a: b\0c",
        "day": b"x: 2026-13-45",
    }
    for name, data in bytes_of.items():
        (place / name).write_bytes(data)
    return {name: str(place / name) for name in bytes_of} | {"huge": HUGE, "bytes": "\udcff"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A connected portal, read once."""
    one = Home(tmp_path_factory.mktemp("home"))
    with served("tiny") as portal:
        one.connect(portal)
        one.run("sync", "acme")
        yield one.path


@pytest.fixture(autouse=True)
def _here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLECALL_HOME", str(home))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("line", "words", "way_out"), LINES, ids=[one[0] for one in LINES])
def test_the_mistake_and_the_way_out(
    files: dict[str, str], capsys: Captured, line: str, words: str, way_out: str
) -> None:
    """Both on stderr, nothing on stdout."""
    left = run([word.format(**files) for word in line.split()])
    out, err = capsys.readouterr()

    assert (1, "") == (left, out)
    assert words in err
    assert way_out in err[err.index(words) :]


def test_an_empty_trail_proves_nothing(files: dict[str, str], capsys: Captured) -> None:
    """A file without a line is no intact trail."""
    assert 1 == run(["audit", "verify", files["empty"]])
    assert "holds no line" in capsys.readouterr().out


def test_a_demo_whose_port_is_taken(tmp_path: Path) -> None:
    """The emulator's own words, then ours, and another port as the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = Home(tmp_path).run("demo", "--once", "--port", port, code=1).stderr

    assert "Address already in use" in told
    assert "error: The emulator did not start" in told
    assert "try another --port" in told


def _commands() -> dict[str, click.Command]:
    tree = walked(rolecall, click.Context(rolecall, info_name="rolecall"))
    return {
        path: one
        for path, one, _ in tree
        if not isinstance(one, click.Group) and path not in ENDLESS
    }


@pytest.mark.parametrize("path", _commands())
def test_no_value_is_taken_for_a_bug(path: str, files: dict[str, str], capsys: Captured) -> None:
    """A huge number, a day that is none and a binary file, for one parameter at a time."""
    found = []
    for bad in (HUGE, NO_DAY, files["binary"]):
        for line in _lines(path, _commands()[path], bad):
            left = run(line)
            told = capsys.readouterr().err
            if left not in (0, 1, 2) or "unexpected" in told:
                found.append((line, told))

    assert [] == found


def _lines(path: str, command: click.Command, bad: str) -> Iterator[list[str]]:
    """The command with one parameter wrong and the others as they might be."""
    valued = [one for one in command.params if not getattr(one, "is_flag", False)]
    for wrong in valued:
        line, places = path.split()[1:], []
        for one in valued:
            value = bad if one is wrong else _plausible(one)
            if isinstance(one, click.Argument):
                places += [value] if one.required or one is wrong else []
            elif one.required or one is wrong:
                line += [one.opts[0], value]
        yield [*line, "--", *places]


def _plausible(one: click.Parameter) -> str:
    if isinstance(one.type, click.Choice):
        return str(next(iter(one.type.choices)))
    if isinstance(one.type, click.types.IntParamType | click.types.FloatParamType):
        return "1"
    return {"name": "acme", "wanted": "8x8"}.get(one.name or "", "ben@tiny.test")
