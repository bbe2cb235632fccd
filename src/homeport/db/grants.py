"""Which powers over its servers a team was given by its owner."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.types import Instant, Row


class TeamGrant(Row):
    """One grant of a team; `user_id` gave it."""

    __tablename__ = "team_grants"
    __table_args__ = (UniqueConstraint("team_id", "grant"),)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    grant: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Instant)
