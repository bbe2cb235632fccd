"""A container of an earlier revision, which may write to a folder, does not run any more when a later one mounts from
below it: between the look for links and the mount it could make one."""

from dataclasses import replace

import pytest

from homeport.core.compose.model import File
from homeport.remote.recording import RecordingHost
from homeport.worker.context import Context
from tests.support.deployments import add_revision, outcome, place, request


@pytest.mark.parametrize(("folder", "is_stopped"), [("a", True), ("ab", False)])
async def test_who_could_make_a_link_is_stopped_first(
    context: Context, host: RecordingHost, folder: str, is_stopped: bool
) -> None:
    service = await place(context.database)
    first = await request(context.database, service)
    context.wake()
    assert (await outcome(context.database, first)).status == "finished"
    name, root = service.container("web"), service.snapshot.folder
    mounts = [{"Type": "bind", "Source": f"{root}/{folder}", "RW": True}]
    host.engine.containers_by_name[name]["Mounts"] = mounts
    snapshot = replace(
        service.snapshot,
        number=2,
        files=(File(component="web", path=f"{root}/a/b", target="/b", is_directory=True),),
        marks={"web": ("other", 2)},
    )
    second = await request(
        context.database, service, revision_id=await add_revision(context.database, service.id, snapshot)
    )
    context.wake()
    assert (await outcome(context.database, second)).status == "finished"
    assert (("stop_container", name) in host.engine.calls) is is_stopped
