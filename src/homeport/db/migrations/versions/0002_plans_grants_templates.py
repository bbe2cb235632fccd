"""Plans, the grants of teams and services, templates of teams, profiles."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widen_services()
    _create_plans()
    _create_team_grants()
    _create_team_templates()


def _widen_services() -> None:
    op.add_column("services", sa.Column("profiles", sa.JSON(), nullable=True))
    op.add_column(
        "services", sa.Column("dialect", sa.String(length=16), nullable=False, server_default="template")
    )
    op.add_column("services", sa.Column("grants", sa.JSON(), nullable=True))
    op.execute("UPDATE services SET dialect = 'compose' WHERE service_type IS NULL")


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("service_uuid", sa.String(length=36), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_plans_team_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
        sa.UniqueConstraint("uuid", name="uq_plans_uuid"),
    )
    op.create_index("ix_plans_team_id", "plans", ["team_id"], unique=False)
    op.create_index("ix_plans_expires_at", "plans", ["expires_at"], unique=False)


def _create_team_grants() -> None:
    op.create_table(
        "team_grants",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("grant", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_grants_team_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_team_grants"),
        sa.UniqueConstraint("team_id", "grant", name="uq_team_grants_team_id_grant"),
    )


def _create_team_templates() -> None:
    op.create_table(
        "team_templates",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("compose", sa.Text(), nullable=False),
        sa.Column("dialect", sa.String(length=16), nullable=False),
        sa.Column("slogan", sa.Text(), nullable=True),
        sa.Column("documentation", sa.Text(), nullable=True),
        sa.Column("category", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("service_uuid", sa.String(length=36), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name="fk_team_templates_team_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_team_templates"),
        sa.UniqueConstraint("uuid", name="uq_team_templates_uuid"),
        sa.UniqueConstraint("team_id", "key", name="uq_team_templates_team_id_key"),
    )
