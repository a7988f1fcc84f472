"""Tables S1 and S2 as a reader of the supplement finds them, in their units."""

from dataclasses import astuple

import numpy as np
import pytest

from lctem_core.cell import tables


def test_tables_are_those_of_the_supplement():
    table = tables.columns()
    assert table["window"].tolist() == [20, 20, 20, 50, 50, 50]
    assert table["spacer"].tolist() == [0.05, 0.15, 0.5, 0.15, 0.5, 5.0]
    assert table["actual"].tolist() == [36, 38, 34, 66, 68, 64]
    assert table["a"].tolist() == [3.7, 3.6, 4.3, 2.2, 2.3, 2.1]
    assert table["b"].tolist() == [4.1, 4.9, 4.9, 7.0, 7.5, 10.1]
    assert table["g_upper"].tolist() == [7.5, 6.9, 6.8, 2.7, 3.4, 2.8]
    assert table["g_lower"].tolist() == [2.8, 2.0, 2.9, 1.9, 1.5, 1.1]
    assert table["h_upper"].tolist() == [1.5, 0.97, 1.4, 2.5, 3.1, 2.0]
    assert table["h_lower"].tolist() == [0.6, 0.3, 0.4, 1.3, 1.6, 0.81]


def test_coefficients_are_those_of_the_text():
    assert astuple(tables.PRINTED) == (0.20, 0.11, 0.038, 0.018, 2.5)
    assert round(tables.PRINTED.a_mean, 2) == 0.15
    assert tables.PRINTED.b_sum == pytest.approx(0.056)


def test_equation_s1_holds_where_it_was_fitted():
    assert tables.WINDOWS == (34, 68)
    assert tables.SPACERS == (0.05, 5.0)


def test_drawn_tables_print_as_the_supplement():
    rng = np.random.default_rng(1)
    printed = tables.columns()
    drawn = [tables.columns(tables.within_rounding(rng)) for _ in range(50)]
    for name, digits in {"actual": 0, "a": 1, "b": 1, "g_upper": 1, "g_lower": 1}.items():
        values = np.array([one[name] for one in drawn])
        np.testing.assert_array_equal(values.round(digits), np.tile(printed[name], (50, 1)))
        assert np.ptp(values, axis=0).min() > 0.8 * 10.0**-digits
    for name in ("window", "spacer"):
        np.testing.assert_array_equal(drawn[0][name], printed[name])
    for name in ("h_upper", "h_lower"):  # two digits are printed of each, but of one
        values = np.array([one[name] for one in drawn])
        digits = np.where((printed[name] >= 1) | (printed[name] == 0.6), 1, 2)
        for column, number, known in zip(values.T, digits, printed[name], strict=True):
            np.testing.assert_array_equal(column.round(number), known)
