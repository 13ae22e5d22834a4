"""A PlanView as terminal lines, as JSON data and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from rolecall.domain.plan import GuardrailVerdict, Undo
from rolecall.kit.visible import visible
from rolecall.plan.view import Group, Line, PlanView

# A comment on GitHub holds 65,536 characters; guardrails and sums need some of them.
_CHANGED, _REPORTED = 40_000, 15_000
_STYLES = {"+": "green", "-": "red", "~": "yellow", "!": "magenta", "=": "dim"}


class Span(NamedTuple):
    """A piece of a terminal line; `style` is a plain word the command line turns into colour."""

    text: str
    style: str = ""


TextLine = tuple[Span, ...]


def as_text(seen: PlanView) -> list[TextLine]:
    """Lines for a terminal; readable without any style."""
    lines: list[TextLine] = [(Span(seen.title, "bold"), Span(f"  {seen.portal}", "dim"))]
    lines.append((Span(seen.summary),))
    for group in seen.groups:
        lines.extend(_group_lines(group))
    if seen.reported:
        lines += [(), (Span("Only reported, not changed (see manage: in access.yaml)", "bold"),)]
        for group in seen.reported:
            lines.extend(_group_lines(group))
    lines.append(())
    lines.extend(_verdict_line(verdict) for verdict in seen.guardrails)
    lines.extend(_hint_lines(seen.guardrails))
    lines += [
        (Span("seats: ", "dim"), Span(seen.cost)),
        (Span("effort: ", "dim"), Span(seen.effort)),
    ]
    if seen.cannot_undo:
        ids = ", ".join(line.id for line in seen.cannot_undo)
        lines.append((Span("cannot be undone: ", "red"), Span(ids)))
    lines.append((Span("plan ", "dim"), Span(seen.id), Span(f"  digest {seen.digest[:12]}", "dim")))
    return lines


def as_plain(seen: PlanView) -> str:
    """The terminal lines without styles."""
    return "\n".join("".join(span.text for span in line).rstrip() for line in as_text(seen)) + "\n"


def as_data(seen: PlanView) -> dict[str, Any]:
    """Plain data for --json and the API; keys are the fields of PlanView."""
    return asdict(seen)


def as_markdown(seen: PlanView) -> str:
    """A comment for a pull request: summary, guardrails, and a table per kind of subject."""
    state = "can be applied" if seen.applyable else "**is stopped by a guardrail**"
    parts = [f"### {_safe(seen.title)}", "", f"{seen.summary}; the plan {state}.", ""]
    parts += [_markdown_verdict(verdict) for verdict in seen.guardrails]
    parts += ["", *_table(seen.groups, _CHANGED)] if seen.groups else []
    if seen.reported:
        parts += ["", "<details><summary>Only reported, not changed</summary>", ""]
        parts += [*_table(seen.reported, _REPORTED), "", "</details>"]
    parts += ["", f"Seats: {_safe(seen.cost)}. Effort: {seen.effort}.", ""]
    if seen.cannot_undo:
        parts += [f"Cannot be undone: {', '.join(line.id for line in seen.cannot_undo)}.", ""]
    return "\n".join([*parts, f"`{seen.id}` `{seen.digest}`"]) + "\n"


def _group_lines(group: Group) -> Iterator[TextLine]:
    yield ()
    yield (Span(group.subject, "bold"), Span(f"  {group.kind}", "dim"))
    for line in group.lines:
        yield from _line_lines(line)


def _line_lines(line: Line) -> Iterator[TextLine]:
    style = _STYLES[line.sign]
    change = _arrow(line)
    yield (
        Span(f"  {line.sign} ", style),
        Span(f"{line.what}: " if change else line.what),
        Span(change, style),
        Span(f"  ({line.reason})", "dim"),
        Span(f"  [{line.id}]", "dim"),
    )
    if line.why:
        yield (Span(f"      because {line.why}", "dim"),)
    elif line.undo is not Undo.EXACT and line.undo_note:
        yield (Span(f"      undo {line.undo.value}: {line.undo_note}", "dim"),)
    for warning in line.warnings:
        yield (Span(f"      warning: {warning}", "yellow"),)


def _arrow(line: Line) -> str:
    if line.before and line.after:
        return f"{line.before} -> {line.after}"
    return line.after or line.before


def _verdict_line(verdict: GuardrailVerdict) -> TextLine:
    word, style = ("stops", "red") if verdict.stops else ("passes", "green")
    return (Span(f"{word} {verdict.guardrail}: ", style), Span(verdict.message))


def _hint_lines(verdicts: tuple[GuardrailVerdict, ...]) -> list[TextLine]:
    return [
        (Span("hint: ", "bold"), Span(verdict.hint))
        for verdict in verdicts
        if verdict.stops and verdict.hint
    ]


def _markdown_verdict(verdict: GuardrailVerdict) -> str:
    mark = "stops" if verdict.stops else "passes"
    hint = f" Hint: {_safe(verdict.hint)}" if verdict.hint else ""
    return f"- **{mark}** `{verdict.guardrail}`: {_safe(verdict.message)}.{hint}"


def _table(groups: tuple[Group, ...], room: int) -> list[str]:
    rows = ["| | who | what | before | after | why |", "|---|---|---|---|---|---|"]
    lines = [(group, line) for group in groups for line in group.lines]
    for at, (group, line) in enumerate(lines):
        cells = (line.sign, group.subject, line.what, line.before, line.after, line.reason)
        row = "| " + " | ".join(_safe(cell) for cell in cells) + " |"
        room -= len(row) + 1
        if room < 0:
            return [*rows, f"\n{len(lines) - at} more lines are in the plan itself."]
        rows.append(row)
    return rows


def _safe(text: str) -> str:
    """Names cannot break the table, ping anybody or bring markup of their own."""
    text = visible(text)
    for char in "\\|<>`*_[]#~":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.replace("@", "@\u200b").split())
