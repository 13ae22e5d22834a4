"""Write docs/findings.md from the rules."""

from __future__ import annotations

from pathlib import Path

from rolecall.insights.page import findings_page

if __name__ == "__main__":
    page = Path(__file__).resolve().parents[1] / "docs" / "findings.md"
    page.write_text(findings_page(), encoding="utf-8")
    print(page)
