"""CSV files as people's spreadsheets write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from broker.errors import ConfigError
from broker.nearest import did_you_mean

DELIMITERS = ",;\t|"


def rows(
    path: Path, needed: Sequence[str], optional: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line's number, as it is read; ConfigError tells file and line.

    The file may begin with a byte order mark and with lines of comment (#), and be separated by
    comma, semicolon, tab or bar: whichever the line that names the columns has most of.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            number = 1
            first = file.readline()
            while first.startswith("#"):
                first = file.readline()
                number += 1
            delimiter = max(DELIMITERS, key=first.count)
            names = next(csv.reader([first], delimiter=delimiter), [])
            columns = [name.strip().lower() for name in names]
            _check(f"{path}:{number}", columns, needed, optional)
            reader = csv.reader(file, delimiter=delimiter)
            for cells in reader:
                if not any(cells):
                    continue
                line = number + reader.line_num
                if len(cells) != len(columns):
                    raise ConfigError(
                        f"{path}:{line}: {len(cells)} values for {len(columns)} columns"
                    )
                yield line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8 text", hint="Save it as CSV UTF-8") from error
    except (OSError, csv.Error) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error


def _check(where: str, columns: list[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    known = (*needed, *optional)
    if len(columns) == 1 and columns[0] not in known:
        raise ConfigError(
            f'{where}: "{columns[0]}" names no columns',
            hint=f"Separate them by one of {' '.join(DELIMITERS[:2])} tab {DELIMITERS[-1]}",
        )
    for name in columns:
        if columns.count(name) > 1:
            raise ConfigError(f'{where}: two columns are called "{name}"')
        if name not in known:
            raise ConfigError(f'{where}: unknown column "{name}"', hint=did_you_mean(name, known))
    if missing := [name for name in needed if name not in columns]:
        raise ConfigError(
            f"{where}: no column {', '.join(missing)}",
            hint=f"The first line names the columns: {','.join(known)}",
        )
