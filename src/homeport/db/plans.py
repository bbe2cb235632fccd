"""Plans: what a request would do, kept for a quarter of an hour so that exactly that can be done."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.types import Encrypted, Instant, Row


class StoredPlan(Row):
    """A request that was planned. `seed` is where its randomness came from, `digest` of what it would do.

    Applying it makes the request again with the same randomness and time: the same digest says that nothing
    it was based on has changed. `action` is "create" or "change"; `service_uuid` is also known for a create.
    """

    __tablename__ = "plans"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column()
    action: Mapped[str] = mapped_column(String(16))
    service_uuid: Mapped[str] = mapped_column(String(36))
    request: Mapped[str] = mapped_column(Encrypted("plans.request"))
    seed: Mapped[str] = mapped_column(Encrypted("plans.seed"))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
