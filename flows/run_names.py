"""What a flow run is called in Prefect's page: `benchmark · round-1 · all teams`."""


def flow_run_name() -> str:
    """The flow's name and what it is about."""
    from prefect import runtime

    about = runtime.flow_run.parameters
    return f"{runtime.flow_run.flow_name} · {about.get('round') or 'last round'} · {about.get('team') or 'all teams'}"
