"""Tables as one self-contained HTML page, for reading and printing; every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rolecall.evidence.tables import Table

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem;
  border-bottom: 1px solid #8888; overflow-wrap: anywhere; }
th { font-weight: 600; }
@media print { body { max-width: none; margin: 0; } thead { display: table-header-group; }
  tr { break-inside: avoid; } }
"""
# Nothing in the page may run or be fetched, whatever a name in it says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_html(title: str, facts: Mapping[str, str], tables: Sequence[Table]) -> bytes:
    """The page: facts first, then each table under its heading."""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    )
    terms = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
    )
    body = f"<main><h1>{escape(title)}</h1><dl>{terms}</dl>{''.join(map(_section, tables))}</main>"
    return f"{head}{body}</body></html>\n".encode("utf-8", "replace")


def _section(table: Table) -> str:
    if not table.rows:
        return f"<section><h2>{escape(table.title)}</h2><p>None.</p></section>"
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return (
        f"<section><h2>{escape(table.title)} ({len(table.rows)})</h2>"
        f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table></section>"
    )
