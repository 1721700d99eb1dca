"""Products on a device of torch: the same findings as NumPy's, through the same code that a GPU runs."""

from pathlib import Path

import numpy as np
import pytest

from checks.contracts.errors import InputFault
from tasks.independence import trace
from tasks.independence.device import multiplied_on, product
from tests.cli.command import in_process
from tests.independence.drawn_models import disguised, disturbed, drawn, written


def test_findings_are_the_same_on_a_device_of_torch(tmp_path: Path) -> None:
    """Of a disguised derivative and of a stranger: verdicts, relations, layers, and how many units agree."""
    references = {"parent": written(tmp_path / "parent", drawn(1)), "other": written(tmp_path / "other", drawn(2))}
    subject = written(tmp_path / "subject", disguised(disturbed(drawn(1), 0.95)))
    plain, torch = (trace(subject, references, device=each) for each in (None, "cpu"))
    for ours, theirs in zip(plain.references, torch.references, strict=True):
        for one, two in zip(ours.components, theirs.components, strict=True):
            assert (one.verdict, one.relation, one.layers) == (two.verdict, two.relation, two.layers)
            for left, right in zip(one.tests, two.tests, strict=True):
                assert (left.test, left.group, left.scope) == (right.test, right.group, right.scope)
                assert left.statistic == pytest.approx(right.statistic, abs=1e-5)
    said = {each.reference: each.components[0].verdict for each in torch.references}
    assert said == {"parent": "derived", "other": "independent"}


def test_products_are_computed_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In float32, turned matrices too, and on the device only inside."""
    import torch

    asked: list[str] = []
    moved = torch.Tensor.to

    def to(tensor: torch.Tensor, device: str) -> torch.Tensor:
        asked.append(device)
        return moved(tensor, device)

    monkeypatch.setattr(torch.Tensor, "to", to)
    left, right = np.random.default_rng(1).standard_normal((2, 5, 7), dtype=np.float32)
    with multiplied_on("cpu"):
        found = product(left, right.T)
    assert asked == ["cpu", "cpu"] and found.dtype == np.float32 and found.shape == (5, 5)
    assert np.allclose(found, left.astype(np.float64) @ right.T.astype(np.float64), atol=1e-5)
    product(left, right.T)
    assert len(asked) == 2


def test_a_device_that_is_not_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    for name in ("cuda:99", "meta", "abacus"):
        with pytest.raises(InputFault, match="--device"):
            trace(tmp_path / "nowhere", {}, device=name)
    written(tmp_path / "m", drawn(1))
    command = ("trace", tmp_path / "m", "--against", written(tmp_path / "n", drawn(2)))
    in_process(*command, "--device", "cuda:99").refused("--device", "cuda:99")
    assert in_process(*command, "--device", "cpu", "--json").document["verdict"] == "independent"
