"""Revisions, and the deployments that bring servers to them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from homeport.db.types import Encrypted, Instant, Row


class Revision(Row):
    """An immutable snapshot: `body` is the JSON of `core.revision.Snapshot` (compose, variables, files, claims)."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("service_id", "number"),)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column()
    body: Mapped[str] = mapped_column(Encrypted("revisions.body"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Deployment(Row):
    """One run. `action` is start, restart, stop or delete; `status` goes queued, in_progress, then
    finished, failed, cancelled or superseded. `options` is a small JSON text (pull, docker_cleanup, delete_volumes…).

    `service_id` has no foreign key: the record of a delete outlives its service.
    """

    __tablename__ = "deployments"
    __table_args__ = (Index("ix_deployments_service_status", "service_id", "status"),)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(index=True)
    service_id: Mapped[int] = mapped_column()
    service_uuid: Mapped[str] = mapped_column(String(36), index=True)
    server_id: Mapped[int] = mapped_column()
    revision_id: Mapped[int | None] = mapped_column()
    action: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    step: Mapped[str | None] = mapped_column(String(64))
    options: Mapped[str] = mapped_column(Text, default="{}")
    plan: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Encrypted("deployments.error"))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class DeploymentLine(Row):
    """One line of output. `stream` is out, err or step."""

    __tablename__ = "deployment_lines"
    __table_args__ = (Index("ix_deployment_lines_deployment_id", "deployment_id", "id"),)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    step: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Encrypted("deployment_lines.text"))
