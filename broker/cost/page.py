"""A report as one HTML page that needs nothing else: no server, no network, no installation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from importlib.resources import files
from string import Template

from pydantic import JsonValue

from broker.cost.bill import Sum
from broker.cost.compare import MONTHS, Column, Report

MACHINES_SHOWN = 20
"""More bars than fit on a page tell nobody anything; the CSV has all."""


def as_html(report: Report, title: str = "What it costs, and what it would cost") -> str:
    """Return the page. Figures in its tables are exact; its plots are drawn from them."""
    template = Template((files("broker.cost") / "page.html").read_text("utf-8"))
    data = json.dumps(_data(report), ensure_ascii=False).replace("<", "\\u003c")
    return template.substitute(
        title=escape(title),
        made_on=str(report.made_on),
        currency=report.currency,
        machines=str(len(report.now.bills)),
        verdict=_verdict(report),
        totals=_totals(report),
        by_provider=_by_provider(report),
        by_machine=_by_machine(report),
        unpriced=_unpriced(report),
        sources=_sources(report),
        data=data,
        months=str(MONTHS),
    )


def _verdict(report: Report) -> str:
    """Say in one sentence what the figures allow to be said, and no more."""
    possible = [each for each in report.targets if not (each.blocked or each.overfull)]
    now = report.now.monthly
    if not possible:
        return f"All machines together cost {_html(now)} a month where they are."
    best = min(possible, key=lambda column: column.monthly.amount)
    head = f"Now {_html(now)} a month; the least elsewhere is {_html(best.monthly)} at "
    head += f"<b>{escape(best.name)}</b>."
    if not (now.exact and best.monthly.exact):
        return head + " Some items have no price, so which is cheaper cannot be said for certain."
    if (months := report.break_even(best)) is not None:
        return head + f" Moving there has paid for itself after {months:.1f} months."
    if best.monthly.amount < now.amount:
        return head + " What moving costs is known only in part."
    return head + " Nothing asked about is cheaper."


def _totals(report: Report) -> str:
    rows = []
    for column in report.columns:
        months = report.break_even(column) if column is not report.now else None
        rows.append(
            (
                escape(column.name),
                _html(column.monthly),
                _html(column.one_off) if column is not report.now else "",
                _html(column.after(MONTHS)),
                f"{months:.1f} months" if months is not None else "",
                f"{len(column.blocked) or ''} {escape(column.overfull)}".strip(),
            )
        )
    head = (
        "Where",
        "A month",
        "Moving, once",
        f"{MONTHS // 12} years",
        "Pays off after",
        "Cannot go",
    )
    return _table(head, rows)


def _by_provider(report: Report) -> str:
    rows = [
        (escape(name), *(_html(total) for total in totals))
        for name, totals in report.by_provider().items()
    ]
    return _table(("Machines of", *(escape(column.name) for column in report.columns)), rows)


def _by_machine(report: Report) -> str:
    rows = []
    for index in _dearest(report):
        machine = report.now.bills[index].machine
        cells = [escape(machine.name), escape(str(machine.place))]
        for column in report.columns:
            bill = column.bills[index]
            size = escape(bill.offer.id) if bill.offer else escape(bill.blocked)
            cells.append(f"{_html(bill.total(report.currency))}<small>{size}</small>")
        rows.append(tuple(cells))
    return _table(("Machine", "Is at", *(escape(column.name) for column in report.columns)), rows)


def _unpriced(report: Report) -> str:
    names = {
        (escape(column.name), escape(item))
        for column in report.columns
        for item in (*column.monthly.unpriced, *column.one_off.unpriced)
    }
    if not names:
        return "<p>Everything has a price.</p>"
    return _table(("Where", "No price for"), sorted(names))


def _sources(report: Report) -> str:
    groups: dict[tuple[str, str, str, str], int] = {}
    for price in report.prices():
        key = (str(price.place), price.source, str(price.as_of), str(price.confidence))
        groups[key] = groups.get(key, 0) + 1
    rows = [(*map(escape, key), str(count)) for key, count in sorted(groups.items())]
    return _table(("Place", "Source", "As of", "Confidence", "Prices"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _html(found: Sum) -> str:
    if found.exact:
        return escape(found.short())
    return f'<span class="bound" title="{escape(str(found))}">{escape(found.short())}</span>'


def _dearest(report: Report) -> list[int]:
    amounts = [bill.total(report.currency).amount for bill in report.now.bills]
    ranked = sorted(range(len(amounts)), key=lambda index: (-amounts[index], index))
    return ranked[:MACHINES_SHOWN]


def _data(report: Report) -> JsonValue:
    """Return what the plots are drawn from. Parts are apart because the sliders move them apart."""
    return {
        "currency": report.currency,
        "columns": [_parts(column) for column in report.columns],
        "machines": [
            {
                "name": report.now.bills[index].machine.name,
                "monthly": [
                    float(column.bills[index].total(report.currency).amount)
                    if not column.bills[index].blocked
                    else None
                    for column in report.columns
                ],
            }
            for index in _dearest(report)
        ],
    }


def _parts(column: Column) -> JsonValue:
    parts = {"compute": Decimal(0), "egress": Decimal(0), "rest": Decimal(0)}
    own = False
    for bill in column.bills:
        for line in bill.lines:
            name = line.what if line.what in parts else "rest"
            if line.item.startswith("compute:") and line.item.endswith((":vcpu", ":gib")):
                own, name = True, "rest"  # hosts of one's own cost the same while guests are off
            parts[name] += line.amount or 0
    return {
        "name": column.name,
        "oneOff": float(column.one_off.amount),
        "bound": not column.monthly.exact,
        "oneOffBound": not column.one_off.exact,
        "blocked": len(column.blocked),
        "overfull": bool(column.overfull),
        "own": own,
        **{name: float(amount) for name, amount in parts.items()},
    }
