"""What people do with the variables of a service. Each change renders the service anew; none deploys it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from homeport.actions.context import Context
from homeport.actions.names import new_uuid
from homeport.actions.rendering import refresh
from homeport.actions.services import refuse_deleting
from homeport.core.compose.magic import domain_name
from homeport.db.rendered import Stored
from homeport.db.services import EnvVariable
from homeport.errors import Conflict, NotFound

FLAGS = ("is_literal", "is_multiline", "is_shown_once", "is_runtime", "is_buildtime", "is_required")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVariable:
    """A variable as it was sent: `flags` has those of FLAGS that were, `given` names all fields that were."""

    key: str
    value: str | None = field(default=None, repr=False)
    comment: str | None = None
    order: int | None = None
    flags: Mapping[str, bool] = field(default_factory=dict)
    given: Collection[str] = ()


async def create_variable(ctx: Context, stored: Stored, new: NewVariable) -> EnvVariable:
    """Raises Conflict when the key exists."""
    refuse_deleting(stored)
    if _find(stored, new.key) is not None:
        raise Conflict("Environment variable already exists. Use PATCH request to update it.")
    row = _add(ctx, stored, new)
    await _finish(ctx, stored, "api.service.env_created", [row])
    return row


async def update_variable(ctx: Context, stored: Stored, new: NewVariable) -> EnvVariable:
    """Overwrite the variable with this key: its value always, comment and flags where they were sent.

    Raises NotFound.
    """
    refuse_deleting(stored)
    row = _find(stored, new.key)
    if row is None:
        raise NotFound("Environment variable not found.")
    _change(ctx, row, new)
    await _finish(ctx, stored, "api.service.env_updated", [row])
    return row


async def upsert_variables(ctx: Context, stored: Stored, items: Sequence[NewVariable]) -> list[EnvVariable]:
    """Create or overwrite each by its key: all of them or none."""
    refuse_deleting(stored)
    rows: list[EnvVariable] = []
    for new in items:
        row = _find(stored, new.key)
        if row is None:
            row = _add(ctx, stored, new)
        else:
            _change(ctx, row, new)
        rows.append(row)
    await _finish(ctx, stored, "api.service.env_bulk_upserted", rows)
    return rows


async def delete_variable(ctx: Context, stored: Stored, uuid: str) -> None:
    """A variable that the compose asks for is made again at once, a generated one with a new value.

    Raises NotFound.
    """
    refuse_deleting(stored)
    row = next((row for row in stored.variables if row.uuid == uuid), None)
    if row is None:
        raise NotFound("Environment variable not found.")
    await ctx.session.delete(row)
    stored.variables.remove(row)
    await _finish(ctx, stored, "api.service.env_deleted", [row])


def _find(stored: Stored, key: str) -> EnvVariable | None:
    return next((row for row in stored.variables if row.key == key), None)


def _add(ctx: Context, stored: Stored, new: NewVariable) -> EnvVariable:
    flags = {"is_runtime": True, "is_buildtime": True} | dict(new.flags)
    row = EnvVariable(
        uuid=new_uuid(ctx),
        service_id=stored.service.id,
        key=new.key,
        value=new.value,
        origin="user",
        source=None,
        comment=new.comment,
        order=new.order,
        created_at=ctx.now,
        updated_at=ctx.now,
        **{name: flags.get(name, False) for name in FLAGS},
    )
    ctx.session.add(row)
    stored.variables.append(row)
    return row


def _change(ctx: Context, row: EnvVariable, new: NewVariable) -> None:
    """A domain's variable keeps the value that its component's domains give it; `urls` changes those. One whose
    name does not say so (`MINIO_SERVER_URL`) is how clients of upstream change them."""
    if row.origin != "domain" or domain_name(row.key) is None:
        row.value = new.value
        row.origin = "user"
    if "comment" in new.given:
        row.comment = new.comment
    if "order" in new.given:
        row.order = new.order
    for name, value in new.flags.items():
        setattr(row, name, value)
    row.updated_at = ctx.now


async def _finish(ctx: Context, stored: Stored, event: str, rows: Sequence[EnvVariable]) -> None:
    """Flush, so that a deleted row is gone before the render makes it anew; then render."""
    await ctx.session.flush()
    await refresh(ctx, stored)
    ctx.audit(event, service_uuid=stored.service.uuid, keys=[row.key for row in rows])
