"""A deployment that is going on: what its steps get to work with, and what they say back."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from homeport.core import observed as observations
from homeport.core.commands import Host
from homeport.core.deploy import Plan, Step, StepName
from homeport.core.observed import LABEL_SERVICE, Observed
from homeport.core.revision import Snapshot
from homeport.db.deployments import Work, set_status
from homeport.errors import DeploymentFailed
from homeport.worker.context import Context
from homeport.worker.lines import Lines


@dataclass(slots=True, kw_only=True)
class Run:
    """A deployment that is going on. `snapshot` is the wanted revision (for stop and delete the last deployed
    one, or None when nothing was ever deployed)."""

    context: Context
    work: Work
    snapshot: Snapshot | None
    host: Host
    lines: Lines
    is_cancelled: bool = False
    is_resumed: bool = False
    observed: Observed | None = None
    at_end: list[Callable[[AsyncSession], Awaitable[None]]] = field(default_factory=list)
    """What else is written in the transaction that ends the deployment well."""
    until_ended: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What is held until the outcome is written."""

    @property
    def wanted(self) -> Snapshot:
        if self.snapshot is None:
            raise DeploymentFailed(
                "The revision of this deployment does not exist any more.", step=self.lines.step
            )
        return self.snapshot

    def begin(self, plan: Plan, name: StepName) -> Step | None:
        """Note that the step begins, if the plan has it."""
        step = plan.find(name)
        if step is not None:
            self.lines.begin(step.name, step.sentence)
        return step

    def fail(self, message: str) -> DeploymentFailed:
        return DeploymentFailed(message, step=self.lines.step)

    async def observe(self) -> Observed:
        """What the engine shows of the service now."""
        documents = await self.host.engine.containers({LABEL_SERVICE: self.work.service_uuid})
        self.observed = observations.read(documents)
        return self.observed

    async def store_plan(self, plan: Plan) -> None:
        async with self.context.database.write() as session:
            await set_status(session, self.work.id, now=self.context.now(), plan=str(plan))
            await self.lines.store(session)
