"""A report as one HTML page that needs nothing else: no server, no network, no installation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import nsmallest
from html import escape
from importlib.resources import files
from itertools import islice
from string import Template

from pydantic import JsonValue

from broker.catalog.values import RESERVED, Confidence
from broker.cost.bill import Sum
from broker.cost.report import MONTHS, Column, Report

MACHINES_SHOWN = 20
"""More bars than fit on a page tell nobody anything; the CSV has all."""

BLOCKED_SHOWN = 50


def as_html(report: Report, title: str = "What it costs, and what it would cost") -> str:
    """Return the page. Figures in its tables are exact; its plots are drawn from them."""
    template = Template((files("broker.cost") / "page.html").read_text("utf-8"))
    providers, dearest = report.by_provider(), _dearest(report)
    told = _data(report, providers, dearest)
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    return template.substitute(
        title=escape(title),
        made_on=str(report.made_on),
        currency=report.currency,
        machines=f"{len(report.fleet):,}",
        verdict=_verdict(report),
        trust=_trust(report),
        totals=_totals(report),
        by_provider=_by_provider(report, providers),
        by_machine=_by_machine(report, dearest),
        blocked=_blocked(report),
        not_offered=_not_offered(report),
        unpriced=_unpriced(report),
        sources=_sources(report),
        data=data,
        months=str(MONTHS),
    )


def _verdict(report: Report) -> str:
    """Say in one sentence what the figures allow to be said, and no more."""
    possible = [each for each in report.targets if not (each.cannot or each.overfull)]
    now = report.now.monthly
    if not possible:
        return f"All machines together cost {_html(now)} a month where they are."
    best = min(possible, key=lambda column: column.monthly.amount)
    head = f"Now {_html(now)} a month; the least elsewhere is {_html(best.monthly)} at "
    head += f"<b>{escape(best.name)}</b>."
    if not (now.exact and best.monthly.exact):
        head += " Some items have no price, so which is cheaper cannot be said for certain."
        return head + _certain(report, possible)
    if (months := report.break_even(best)) is not None:
        return head + f" Moving there has paid for itself after {months:.1f} months."
    if best.monthly.amount < now.amount:
        return head + " What moving costs is known only in part."
    return head + " Nothing asked about is cheaper."


def _certain(report: Report, possible: Iterable[Column]) -> str:
    """Say where moving is sure to pay off, though it may be that elsewhere it does sooner."""
    sure = [each for each in possible if report.break_even(each) is not None]
    if not sure:
        return ""
    best = min(sure, key=lambda column: column.monthly.amount)
    at = f"<b>{escape(best.name)}</b> ({_html(best.monthly)})"
    return f" Certain is that moving to {at} has paid for itself after {report.pays_off(best)}."


def _trust(report: Report) -> str:
    """Say how far the figures can be trusted, where people look first."""
    used = report.prices()
    if not used:
        return "None of this has a price."
    unsure = sum(price.confidence is Confidence.LOW for price in used)
    told = f"{len(used)} prices were used, the oldest of {min(price.as_of for price in used)}"
    if not unsure:
        return f"{told}."
    share = "all" if unsure == len(used) else f"{unsure}"
    return f"{told}; {share} of them are of low confidence: see where they are from, below."


def _totals(report: Report) -> str:
    rows = []
    for column in report.columns:
        rows.append(
            (
                escape(column.name),
                _html(column.monthly),
                _html(column.one_off) if column is not report.now else "",
                _html(column.after(MONTHS)),
                report.pays_off(column),
                _cannot_go(column),
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
    return _table(head, rows, words=1)


def _cannot_go(column: Column) -> str:
    count = len(column.blocked)
    machines = f"{count} {'machine' if count == 1 else 'machines'}" if count else ""
    hosts = "more hosts needed" if column.overfull else ""
    return ", ".join(filter(None, (machines, hosts)))


def _by_provider(report: Report, providers: Mapping[str, Sequence[Sum]]) -> str:
    rows = [
        (escape(name), *(_html(total) for total in totals)) for name, totals in providers.items()
    ]
    head = ("Machines of", *(escape(column.name) for column in report.columns))
    return _table(head, rows, words=1)


def _by_machine(report: Report, dearest: Iterable[int]) -> str:
    rows = []
    for index in dearest:
        machine = report.fleet[index]
        cells = [escape(machine.name), escape(str(machine.place))]
        for column in report.columns:
            bill = column.bills[index]
            if bill.offer is None:
                cells.append("cannot go")
                continue
            size = escape(bill.offer.id)
            cells.append(f"{_html(bill.total(report.currency))}<small>{size}</small>")
        rows.append(tuple(cells))
    head = ("Machine", "Is at", *(escape(column.name) for column in report.columns))
    return _table(head, rows, words=2)


def _blocked(report: Report) -> str:
    rows = [
        (escape(column.name), "all together", escape(column.overfull))
        for column in report.targets
        if column.overfull
    ]
    blocked = ((column.name, bill) for column in report.targets for bill in column.blocked)
    rows += [
        (escape(place), escape(bill.machine.name), escape(bill.blocked))
        for place, bill in islice(blocked, BLOCKED_SHOWN)
    ]
    if not rows:
        return "<p>Everything can go everywhere that was asked about.</p>"
    more = sum(len(column.blocked) for column in report.targets) - BLOCKED_SHOWN
    told = f'<p class="hint">and {more} more: the CSV has all</p>' if more > 0 else ""
    return _table(("Where", "Machine", "Why not"), rows) + told


def _not_offered(report: Report) -> str:
    """Return what machines are said to be where their size is not offered; mostly nothing."""
    if not report.not_offered:
        return ""
    told = "".join(f"<li>{escape(each)}</li>" for each in report.not_offered[:BLOCKED_SHOWN])
    more = len(report.not_offered) - BLOCKED_SHOWN
    if more > 0:
        told += f"<li>and {more} more: the CSV has all</li>"
    return (
        f"<section><h2>Sizes that are not offered where machines are</h2><ul>{told}</ul></section>"
    )


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
    rows = [
        (
            escape(place),
            escape(source),
            f'<span class="date">{as_of}</span>',
            confidence,
            str(count),
        )
        for (place, source, as_of, confidence), count in sorted(groups.items())
    ]
    return _table(("Place", "Source", "As of", "Confidence", "Prices"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int | None = None) -> str:
    """Return a table; the columns behind the first ``words`` hold figures."""
    figures = "" if words is None else f' class="figures words-{words}"'
    titles = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table{figures}><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _html(found: Sum) -> str:
    if found.exact:
        return f'<span class="amount">{escape(found.short())}</span>'
    return f'<span class="bound" title="{escape(str(found))}">{escape(found.short())}</span>'


def _dearest(report: Report) -> list[int]:
    amounts = [bill.total(report.currency).amount for bill in report.now.by_kind]
    kind_of = report.fleet.kind_of
    return nsmallest(
        MACHINES_SHOWN, range(len(kind_of)), key=lambda index: (-amounts[kind_of[index]], index)
    )


def _data(
    report: Report, providers: Mapping[str, Sequence[Sum]], dearest: Iterable[int]
) -> JsonValue:
    """Return what the plots are drawn from. Parts are apart because the sliders move them apart."""
    return {
        "currency": report.currency,
        "columns": [_parts(column) for column in report.columns],
        "machines": [
            _bars(
                report.fleet[index].name,
                [
                    None if bill.blocked else bill.total(report.currency)
                    for bill in (column.bills[index] for column in report.columns)
                ],
            )
            for index in dearest
        ],
        "providers": [_bars(name, totals) for name, totals in providers.items()],
    }


def _bars(name: str, totals: Sequence[Sum | None]) -> JsonValue:
    """Return a group of bars; None has none. A bound is drawn as one."""
    return {
        "name": name,
        "monthly": [None if total is None else float(total.amount) for total in totals],
        "bound": [total is not None and not total.exact for total in totals],
    }


def _parts(column: Column) -> JsonValue:
    parts = {"compute": Decimal(0), "egress": Decimal(0), "rest": Decimal(0)}
    own = False
    for bill, count in column.counted():
        reserved = bill.machine.plan in RESERVED
        for line in bill.lines:
            name = line.what if line.what in parts else "rest"
            if name == "compute" and reserved:
                name = "rest"  # paid for, whether it runs or not
            if line.item.startswith("compute:") and line.item.endswith((":vcpu", ":gib")):
                own, name = True, "rest"  # hosts of one's own cost the same while guests are off
            parts[name] += (line.amount or 0) * count
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
