"""Standard errors and intervals against arithmetic done by hand."""

import math

import pytest

from tasks.benchmark.intervals import bootstrap_stderr, mean_stderr, score_interval


def test_standard_error_is_the_sample_deviation_over_the_root_of_n() -> None:
    # 3 of 4 right: mean 0.75, squared deviations 3 x 0.0625 + 0.5625 = 0.75, variance 0.75 / 3, error sqrt(0.25 / 4)
    assert mean_stderr([1, 1, 1, 0]) == pytest.approx(0.25)
    assert mean_stderr([1.0]) is None


def _wilson(right: int, n: int) -> tuple[float, float]:
    z = 1.959963984540054
    centre = (right + z * z / 2) / (n + z * z)
    reach = z / (n + z * z) * math.sqrt(right * (n - right) / n + z * z / 4)
    return centre - reach, centre + reach


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (10, 10), (255, 500), (1, 1)])
def test_right_and_wrong_get_wilsons_interval(right: int, n: int) -> None:
    values = [1.0] * right + [0.0] * (n - right)
    interval = score_interval(right / n, values, mean_stderr(values))
    assert interval == pytest.approx(_wilson(right, n), abs=1e-9)
    assert interval is not None and interval[0] <= right / n <= interval[1]
    assert interval[1] - interval[0] > 0, "none or all right is no certainty"


def test_other_values_get_the_normal_interval_cut_where_all_lie_between_0_and_1() -> None:
    assert score_interval(0.5, [0.25, 0.75], 0.1) == pytest.approx((0.5 - 0.1959964, 0.5 + 0.1959964))
    assert score_interval(0.95, [0.9, 1.0], 0.1) == pytest.approx((0.95 - 0.1959964, 1.0))
    assert score_interval(12.5, [10.0, 15.0], 1.0) == pytest.approx((12.5 - 1.959964, 12.5 + 1.959964))
    assert score_interval(12.5, [10.0, 15.0], None) is None


def test_the_bootstrap_of_a_mean_agrees_with_the_closed_form_and_repeats_itself() -> None:
    values = [float(index % 7) for index in range(200)]
    closed = mean_stderr(values)
    drawn = bootstrap_stderr(lambda sample: sum(sample) / len(sample), values, seed=3)
    assert closed is not None and drawn == pytest.approx(closed, rel=0.1)
    assert drawn == bootstrap_stderr(lambda sample: sum(sample) / len(sample), values, seed=3)
    assert drawn != bootstrap_stderr(lambda sample: sum(sample) / len(sample), values, seed=4)
    assert bootstrap_stderr(lambda sample: 1.0, [1.0], seed=3) is None
