"""Where the files of a corpus sample are read: threads of this process, or the workers of a Dask cluster.

GWANMUN_DASK=tcp://scheduler:8786 gwanmun run my-programme/programme.yaml
"""

import os
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from checks.contracts.errors import InputFault

DASK_VARIABLE = "GWANMUN_DASK"


def shard_runner() -> TaskRunner[Any]:
    """Threads, or the cluster whose scheduler's address stands in GWANMUN_DASK.

    Raises InputFault where Dask is asked for and prefect-dask is not installed, and for what is no address.
    """
    address = os.environ.get(DASK_VARIABLE)
    if not address:
        return ThreadPoolTaskRunner()
    try:
        from distributed.comm.addressing import get_address_host_port
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise InputFault(
            DASK_VARIABLE, found=f"{address}, without prefect-dask", expected="pip install 'gwanmun[dask]'"
        ) from None
    try:
        get_address_host_port(address, strict=True)
    except ValueError:
        raise InputFault(DASK_VARIABLE, found=address, expected="a scheduler's address, tcp://HOST:PORT") from None
    runner: TaskRunner[Any] = DaskTaskRunner(address=address)
    return runner
