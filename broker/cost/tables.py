"""A report as JSON and as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from pydantic import JsonValue

from broker.cost.bill import Bill, Line, Sum, quantity_text
from broker.cost.report import MONTHS, Column, Report

COLUMNS = (
    "scenario", "machine", "place", "size", "what", "item", "quantity", "unit", "unit_price",
    "currency", "amount", "source", "as_of", "confidence", "remark",
)  # fmt: skip


def write_json(report: Report, file: TextIO) -> None:
    """Write the whole report as JSON, a line a machine.

    Amounts are text, so that no digit is lost, and null is unknown.
    """
    file.write(f'{_text(_head(report))[:-1]}, "scenarios": [')
    for place, column in enumerate(report.columns):
        file.write(",\n" if place else "\n")
        file.write(f'{_text(_scenario(report, column))[:-1]}, "machines": [')
        for number, bill in enumerate(column.bills):
            file.write(",\n" if number else "\n")
            file.write(_text(bill_as_json(bill, report.currency)))
        file.write("]}")
    prices: JsonValue = [price.model_dump(mode="json") for price in report.prices()]
    file.write(f'],\n"prices": {_text(prices)}}}\n')


def groups_as_json(report: Report, groups: Mapping[str, Sequence[Sum]], months: int) -> JsonValue:
    """Return the totals of groups of machines in so many months, and of all, without bills."""
    return {
        **_head(report),
        "months": months,
        "scenarios": [_scenario(report, column) for column in report.columns],
        "groups": [
            {
                "name": name,
                "totals": {
                    column.name: _sum(total.times(months))
                    for column, total in zip(report.columns, totals, strict=True)
                },
            }
            for name, totals in groups.items()
        ],
    }


def _head(report: Report) -> dict[str, JsonValue]:
    return {
        "currency": report.currency,
        "made_on": str(report.made_on),
        "not_offered": list(report.not_offered),
    }


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _scenario(report: Report, column: Column) -> dict[str, JsonValue]:
    months = report.break_even(column)
    return {
        "name": column.name,
        "monthly": _sum(column.monthly),
        "one_off": _sum(column.one_off),
        "three_years": _sum(column.after(MONTHS)),
        "overfull": column.overfull or None,
        "break_even_months": None if months is None else str(months),
        "moving": [_line(line) for line in column.moves],
    }


def write_csv(report: Report, file: TextIO) -> None:
    """Write one row a line of a bill; an empty amount is one that nobody knows.

    A remark tells why the machine cannot be there, or that its size is not offered there.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for column in report.columns:
        for bill in column.bills:
            size = bill.offer.id if bill.offer else ""
            head = (column.name, bill.machine.name, str(bill.place), size)
            for line in bill.lines:
                remark = bill.blocked or bill.not_offered if line.what == "compute" else ""
                writer.writerow(_cells((*head, *_told(line, report.currency), remark)))
        for line in column.moves:
            head = (column.name, "", str(column.place), "")
            writer.writerow(_cells((*head, *_told(line, report.currency), "")))


def _cells(row: tuple[str, ...]) -> Iterator[str]:
    """Yield cells that no spreadsheet takes for a formula: names come from outside."""
    for cell in row:
        yield f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _told(line: Line, currency: str) -> tuple[str, ...]:
    price = line.price
    return (
        line.what,
        line.item,
        quantity_text(line),
        line.unit,
        f"{price.amount:f}" if price else "",
        currency,
        "" if line.amount is None else f"{line.amount:f}",
        price.source if price else "",
        str(price.as_of) if price else "",
        str(price.confidence) if price else "",
    )


def bill_as_json(bill: Bill, currency: str) -> JsonValue:
    """Return one bill, line by line."""
    return {
        "machine": bill.machine.name,
        "place": str(bill.place),
        "size": bill.offer.id if bill.offer else None,
        "why": bill.why or None,
        "blocked": bill.blocked or None,
        "not_offered": bill.not_offered or None,
        "labels": dict(bill.machine.labels),
        "monthly": _sum(bill.total(currency)),
        "three_years": _sum(bill.total(currency).times(MONTHS)),
        "lines": [_line(line) for line in bill.lines],
    }


def _line(line: Line) -> JsonValue:
    return {
        "what": line.what,
        "item": line.item,
        "quantity": quantity_text(line) or None,
        "unit": line.unit,
        "amount": None if line.amount is None else f"{line.amount:f}",
        "unit_price": f"{line.price.amount:f}" if line.price else None,
        "source": line.price.source if line.price else None,
        "as_of": str(line.price.as_of) if line.price else None,
        "confidence": str(line.price.confidence) if line.price else None,
    }


def _sum(found: Sum) -> JsonValue:
    return {
        "amount": f"{found.amount:f}",
        "currency": found.currency,
        "lower_bound": not found.exact,
        "unpriced": list(found.unpriced),
    }
