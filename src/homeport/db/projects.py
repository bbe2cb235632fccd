"""Projects and their environments."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.types import Row, Stamped


class Project(Row, Stamped):
    __tablename__ = "projects"
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)


class Environment(Row, Stamped):
    """`name` is stored lower-case and trimmed, with "-" for "/"."""

    __tablename__ = "environments"
    __table_args__ = (UniqueConstraint("project_id", "name"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
