"""Start and restart: observe, plan, execute, observe. Finished means seen running, with the proxy switched."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from homeport.core.commands import Command, HostFile, Output
from homeport.core.commands import compose as compose_commands
from homeport.core.commands.compose import COMPOSE_FILE, ENV_FILE, Project, project_on
from homeport.core.compose.model import File
from homeport.core.deploy import Plan, missing_images, plan, progress, to_restart
from homeport.core.links import stale_writers
from homeport.core.observed import LABEL_MANAGED, LABEL_SERVICE, Observed
from homeport.core.revision import Action, Snapshot
from homeport.errors import DeploymentFailed, HomeportError
from homeport.remote.images import STABLE_TAG, ensure_proxy_image
from homeport.worker import proxy
from homeport.worker.grants import refuse_ungranted
from homeport.worker.runs import Run
from homeport.worker.settle import SETTLE, Bulletin, await_ready, report

_SECRET_MODE: Final = 0o600
_FILE_MODE: Final = 0o644
_PROGRAM_MODE: Final = 0o755
_LAST_WORDS: Final = 3
_TRIES: Final = 5


async def bring_up(run: Run) -> None:
    snapshot, action = run.wanted, _action(run)
    await refuse_ungranted(run)
    before, images = await asyncio.gather(run.observe(), _find_images(run, snapshot))
    if STABLE_TAG in missing_images(snapshot, images):
        await ensure_proxy_image(run.host.engine)
        images = await _find_images(run, snapshot)
    decided = plan(
        snapshot,
        before,
        action,
        images=images,
        is_pull_wanted=bool(run.work.options.get("pull")),
        has_proxy=proxy.is_used_on(run.work.server),
    )
    project = project_on(run.host, snapshot.folder, snapshot.service_uuid)
    await asyncio.gather(
        *(run.host.engine.stop_container(item.name) for item in stale_writers(snapshot, before))
    )
    async with Bulletin(run.host.engine, snapshot.service_uuid) as bulletin:
        await asyncio.gather(run.store_plan(decided), _prepare(run, decided))
        async with _beside(proxy.prepare(run) if decided.find("proxy") else None) as preparing:
            await _pull(run, decided, project)
            expected = await _up(run, decided, project)
            seen = await _restart(run, decided, project, before)
            await _connect(run, decided)
            run.begin(decided, "wait")
            seen = await await_ready(run, expected, bulletin, settle=timedelta(), seen=seen)
            is_switched = run.begin(decided, "proxy") is not None
            if is_switched:
                await preparing
                await proxy.switch(run, snapshot, seen)
            await _stay(run, expected, bulletin, is_switched=is_switched)


async def _stay(run: Run, expected: Sequence[str], bulletin: Bulletin, *, is_switched: bool) -> None:
    """Look once more when all is done: what runs then is what counts. The proxy's turn is time well used."""
    try:
        await await_ready(run, expected, bulletin, settle=SETTLE)
    except DeploymentFailed as error:
        if is_switched:
            await proxy.switch_back(run)
        raise DeploymentFailed(error.message, step="wait") from error


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None] | None) -> AsyncIterator[asyncio.Future[None]]:
    """Do the work meanwhile; it is given up when the block fails."""
    task = asyncio.ensure_future(work if work is not None else asyncio.sleep(0))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _action(run: Run) -> Action:
    return "restart" if run.work.action == "restart" else "start"


async def _find_images(run: Run, snapshot: Snapshot) -> dict[str, str]:
    """The images of the components that are on the server, by reference."""
    references = list(dict.fromkeys(item.image for item in snapshot.components if item.image))
    found = await asyncio.gather(*(run.host.engine.find_image(reference) for reference in references))
    return {
        reference: str(image.get("Id", ""))
        for reference, image in zip(references, found, strict=True)
        if image is not None
    }


async def _prepare(run: Run, decided: Plan) -> None:
    """Write the files and make the networks; neither needs the other."""
    snapshot = run.wanted
    work: list[Awaitable[None]] = []
    if run.begin(decided, "files"):
        work.append(_write_files(run, snapshot))
    if run.begin(decided, "networks"):
        labels = {LABEL_MANAGED: "true", LABEL_SERVICE: snapshot.service_uuid}
        work += [run.host.engine.ensure_network(name, labels=labels) for name in snapshot.networks]
    if snapshot.destination_network:
        labels = {LABEL_MANAGED: "true"}
        work.append(run.host.engine.ensure_network(snapshot.destination_network, labels=labels))
    await asyncio.gather(*work)


async def _write_files(run: Run, snapshot: Snapshot) -> None:
    """The networks are made meanwhile, so that the step that runs is not the one that failed."""
    try:
        await run.host.write_files(snapshot.folder, files_of(snapshot))
    except HomeportError as error:
        raise DeploymentFailed(error.message, step="files") from error


def files_of(snapshot: Snapshot) -> list[HostFile]:
    """Everything that lies in the service's folder. The two files that Compose reads hold secrets. What is known
    to be a file or a folder comes before what is guessed."""
    start = f"{snapshot.folder}/"
    return [
        HostFile(path=COMPOSE_FILE, content=snapshot.compose.encode(), mode=_SECRET_MODE),
        HostFile(path=ENV_FILE, content=snapshot.dotenv.encode(), mode=_SECRET_MODE),
        *(
            HostFile(
                path=file.path.removeprefix(start),
                content=None if file.content is None else file.content.encode(),
                mode=_PROGRAM_MODE if _is_program(file) else _FILE_MODE,
                is_directory=file.is_directory,
                is_guessed=file.is_guessed,
                is_brought=not file.is_managed,
            )
            for file in sorted(snapshot.files, key=lambda file: file.is_guessed)
            if file.path.startswith(start)
        ),
    ]


def _is_program(file: File) -> bool:
    """Whether a file must be executable: containers start scripts that their template brings."""
    return file.content is not None and (file.content.startswith("#!") or file.path.endswith(".sh"))


async def _pull(run: Run, decided: Plan, project: Project) -> None:
    """Pull what the plan says. What cannot be pulled but is on the server is a warning, what is not a failure."""
    step = run.begin(decided, "pull")
    if step is None:
        return
    is_wanted = bool(run.work.options.get("pull"))
    output = await _run(
        run, compose_commands.pull(project, step.names, policy="always" if is_wanted else "missing")
    )
    images = await _find_images(run, run.wanted)
    missing = missing_images(run.wanted, images)
    if missing:
        raise run.fail(f"{_images(missing)} cannot be pulled and {_is_are(missing)} not on the server.")
    failed = [name for name in step.names if not output.is_ok or _has_failed(output, name)]
    if failed:
        run.lines.add(
            "err", f"Warning: {', '.join(failed)} could not be pulled; the image on the server is used."
        )


def _has_failed(output: Output, component: str) -> bool:
    """Compose says ` web Error …` or ` web Warning …` of an image, and ends well all the same."""
    words = (line.split() for line in f"{output.stderr}\n{output.stdout}".splitlines())
    return any(component in line[:2] and {"Error", "Warning"} & set(line[:3]) for line in words)


def _images(references: Sequence[str]) -> str:
    return f"The image{'s' if len(references) > 1 else ''} {', '.join(references)}"


def _is_are(references: Sequence[str]) -> str:
    return "are" if len(references) > 1 else "is"


async def _up(run: Run, decided: Plan, project: Project) -> tuple[str, ...]:
    """Bring the containers up; the components that must run now."""
    run.begin(decided, "up")
    output = await _run(run, compose_commands.up(project))
    for _ in range(_TRIES if run.is_resumed else 0):
        if output.is_ok or not _is_crossed(output):
            break
        await asyncio.sleep(1)
        output = await _run(run, compose_commands.up(project))
    if not output.is_ok:
        await _explain(run, decided, output)
    seen = await run.observe()
    if not set(decided.expected) - set(seen.components):
        return decided.expected
    # A component without a container: of a profile that is not active, or of no replicas.
    hashes = compose_commands.read_hashes((await run.host.run(compose_commands.hashes(project))).stdout)
    return tuple(name for name in decided.expected if name in hashes or name in seen.components)


def _is_crossed(output: Output) -> bool:
    """Whether another Compose, one that a crash of Homeport left behind, made the container at the same time."""
    return "is already in use by container" in output.stderr or "Conflict" in output.stderr


async def _explain(run: Run, decided: Plan, output: Output) -> None:
    """Raise the reason why `up` failed: a component that did not come up says more than Compose's last words."""
    seen = await run.observe()
    state = progress(decided.expected, run.wanted.components, seen, now=run.context.now(), settle=SETTLE)
    if state.failed:
        await report(run, seen, state)
        reasons = "; ".join(f"{name} {why}" for name, why in state.failed.items())
        raise run.fail(f"{reasons}.")
    if output.exit_code is None:
        raise run.fail("`docker compose up` did not end in time.")
    said = [line.strip() for line in f"{output.stdout}\n{output.stderr}".splitlines() if line.strip()]
    words = " ".join(said[-_LAST_WORDS:]) or "it said nothing"
    raise run.fail(f"`docker compose up` failed with code {output.exit_code}: {words}")


async def _restart(run: Run, decided: Plan, project: Project, before: Observed) -> Observed | None:
    """Restart what `up` left as it was; what was seen last, if that still holds.

    A job that is resumed after a crash finds those restarted that it restarted before: they started after
    it was asked for.
    """
    if run.begin(decided, "restart") is None:
        return run.observed
    after = run.observed or Observed()
    asked_at = run.work.created_at
    fresh = {
        item.component
        for item in after.containers
        if item.started_at is not None and item.started_at > asked_at
    }
    names = [name for name in to_restart(before, after) if name not in fresh]
    if names:
        output = await _run(run, compose_commands.restart(project, names))
        if not output.is_ok:
            raise run.fail(f"Restarting {', '.join(names)} failed: {output.stderr.strip()[-500:]}")
    return None


async def _connect(run: Run, decided: Plan) -> None:
    """Join the destination's network under the containers' own names."""
    network = run.wanted.destination_network
    if network is None or run.begin(decided, "connect") is None:
        return
    seen = run.observed or Observed()
    await asyncio.gather(
        *(
            run.host.engine.connect_network(network, item.name, [item.name])
            for item in seen.containers
            if item.is_running and network not in item.networks
        )
    )


async def _run(run: Run, command: Command) -> Output:
    return await run.host.run(command, on_line=run.lines.take)
