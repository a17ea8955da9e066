"""A mixed-integer program, put together a column and a row at a time, solved by HiGHS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import highspy
import numpy as np

INFINITY = math.inf


@dataclass(frozen=True)
class Outcome:
    """What the solver found.

    ``gap`` is how much better a solution could at most be, as a share; None when it does not know.
    ``values`` is None when there is no solution, or, with ``out_of_time``, none was found in time.
    """

    values: list[float] | None
    objective: float
    gap: float | None
    out_of_time: bool


class Program:
    """Minimise the cost of columns, subject to rows. The same program gives the same solution."""

    def __init__(self) -> None:
        self._costs: list[float] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._integer: list[bool] = []
        self._row_lower: list[float] = []
        self._row_upper: list[float] = []
        self._starts: list[int] = [0]
        self._columns: list[int] = []
        self._coefficients: list[float] = []

    def column(self, cost: float, upper: float, *, integer: bool) -> int:
        """Add a column between 0 and ``upper``; return its number."""
        self._costs.append(cost)
        self._lower.append(0)
        self._upper.append(upper)
        self._integer.append(integer)
        return len(self._costs) - 1

    def at_least(self, column: int, lower: float) -> None:
        """Raise a column's lower bound."""
        self._lower[column] = lower

    def row(self, lower: float, coefficients: Mapping[int, float], upper: float) -> None:
        """Add lower <= sum of coefficient x column <= upper."""
        self._row_lower.append(lower)
        self._row_upper.append(upper)
        self._columns.extend(coefficients.keys())
        self._coefficients.extend(coefficients.values())
        self._starts.append(len(self._columns))

    def costs(self) -> dict[int, float]:
        """Return the cost of each column that has one."""
        return {column: cost for column, cost in enumerate(self._costs) if cost}

    def without_costs(self) -> None:
        """Make any solution as good as any other."""
        self._costs = [0.0] * len(self._costs)

    def divide(self) -> None:
        """Let every column be any number: what has no solution then has none at all."""
        self._integer = [False] * len(self._integer)

    def solve(self, *, gap: float, seconds: float) -> Outcome:
        """Return the best solution found, within ``gap`` of the best there is if time allows."""
        solver = highspy.Highs()
        for option, value in (
            ("output_flag", False),
            ("mip_rel_gap", gap),
            ("time_limit", seconds),
            ("threads", 1),  # more threads would find other solutions of the same cost
            ("random_seed", 0),
        ):
            solver.setOptionValue(option, value)
        solver.passModel(self._model())
        solver.run()
        status = solver.getModelStatus()
        info = solver.getInfo()
        out_of_time = status == highspy.HighsModelStatus.kTimeLimit
        feasible = info.primal_solution_status == int(
            highspy.SolutionStatus.kSolutionStatusFeasible
        )
        if status != highspy.HighsModelStatus.kOptimal and not (out_of_time and feasible):
            return Outcome(None, INFINITY, None, out_of_time)
        values = list(solver.getSolution().col_value)
        found_gap: float | None = None
        if math.isfinite(info.mip_gap):
            found_gap = max(0.0, info.mip_gap)
        elif not out_of_time:
            found_gap = 0.0  # nothing to be divided: solved to the end, and not told as a share
        return Outcome(values, info.objective_function_value, found_gap, out_of_time)

    def _model(self) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_ = len(self._costs)
        model.num_row_ = len(self._row_lower)
        model.col_cost_ = np.array(self._costs, float)
        model.col_lower_ = np.array(self._lower, float)
        model.col_upper_ = np.array(self._upper, float)
        model.row_lower_ = np.array(self._row_lower, float)
        model.row_upper_ = np.array(self._row_upper, float)
        model.integrality_ = [
            highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous
            for integer in self._integer
        ]
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self._starts, np.int32)
        model.a_matrix_.index_ = np.array(self._columns, np.int32)
        model.a_matrix_.value_ = np.array(self._coefficients, float)
        return model
