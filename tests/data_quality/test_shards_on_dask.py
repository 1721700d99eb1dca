"""A corpus sample of many files, read by two workers of a Dask cluster through the same flow as ever."""

import json
import sys
from pathlib import Path

import pytest
import zstandard

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme, load_submission
from checks.records.quality import Measurement
from flows.shard_runner import DASK_VARIABLE, shard_runner
from tasks.data_quality.sample import measure_sample
from tasks.data_quality.sample_scan import scan_sample
from tests.cli.command import gwanmun
from tests.data_quality.honest_run import HonestRun
from tests.warehouse.programmes import write
from warehouse.reader import load_quality, run_states
from warehouse.run_keys import plan
from warehouse.store import Warehouse

SHARDS = 4


def in_shards(run: HonestRun) -> None:
    """The sample as a folder of files, one document in three twice."""
    evidence = run.folder / "evidence"
    text = (
        zstandard.ZstdDecompressor().decompressobj().decompress((evidence / "sample.jsonl.zst").read_bytes()).decode()
    )
    lines = text.splitlines(keepends=True)
    lines += [json.dumps(json.loads(line) | {"id": f"again-{n}"}) + "\n" for n, line in enumerate(lines[::3])]
    (evidence / "sample").mkdir()
    for shard in range(SHARDS):
        (evidence / f"sample/{shard}.jsonl").write_text("".join(lines[shard::SHARDS]), encoding="utf-8")
    run.change_manifest(lambda data: data["evidence"]["corpus"].update(sample="evidence/sample/"))
    run.change_manifest(lambda data: [data["evidence"].pop(name) for name in ("validation", "segments")] and None)


def programme_of(run: HonestRun) -> Path:
    """A round that audits one team and scores it by an imported table."""
    folder = run.folder
    (folder / "agency.csv").write_text("team,value\nhonest,9\n", encoding="utf-8")
    round_ = {
        "id": "round-1",
        "title": {"ko": "1차", "en": "First"},
        "rules_version": "2026-01-15",
        "places": 1,
        "teams": [{"id": "honest", "name": {"ko": "가팀", "en": "Team A"}, "submission": "submission.yaml"}],
        "score": {"id": "agency", "points": 10, "from": {"imported": "agency.csv", "max": 10}},
        "select": {"eliminate_bottom": 0, "scope": "all", "quota": "additive"},
    }
    whole = {
        "version": 1,
        "programme": "shards",
        "title": {"ko": "여러 파일", "en": "Many files"},
        "warehouse": "warehouse/",
        "rounds": [round_],
    }
    return write(folder / "programme.yaml", whole)


def of_sample(rows: list[Measurement]) -> list[Measurement]:
    """The sample's measurements."""
    return [row for row in rows if row.suite == "sample"]


@pytest.mark.parametrize(("address", "said"), [("tcp://10.0.0.1:8786", r"gwanmun\[dask\]"), ("nonsense", "HOST:PORT")])
def test_a_cluster_that_cannot_be_asked_is_one_message(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is not installed; what stands in the variable is no address."""
    monkeypatch.setenv(DASK_VARIABLE, address)
    if address != "nonsense":
        monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(InputFault, match=said) as fault:
        shard_runner()
    assert fault.value.message.startswith(DASK_VARIABLE)


@pytest.mark.slow
def test_two_workers_come_to_what_one_process_comes_to(copied: HonestRun, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    in_shards(copied)
    path = programme_of(copied)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        monkeypatch.setenv("GWANMUN_DASK", cluster.scheduler_address)
        answer = gwanmun("run", path, "--stage", "data-quality")
        assert answer.code == 0, answer
        read = [worker.state.executed_count for worker in cluster.workers.values()]
    assert sum(read) == SHARDS and min(read) > 0, "both workers read files"
    loaded = load_programme(path)
    (planned,) = plan(loaded, loaded.round())
    warehouse = Warehouse(loaded.warehouse)
    state = run_states(warehouse, [planned.key])[planned.key]
    found = of_sample(load_quality(warehouse, state.run_id).measurements)
    submission = load_submission(copied.manifest)
    sample = submission.evidence_file("evidence/sample", "evidence.corpus.sample")
    alone, _, _ = measure_sample(scan_sample(sample, []), None, [])
    by_check = {row.check: row for row in found}
    for row in alone:
        if row.check not in ("sources-known", "korean-sources"):  # which need the inventory
            assert by_check[row.check] == row
    assert by_check["duplicates"].bad == 100 and len(by_check["duplicates"].examples) == 20
