"""The first schema: every table, one function each, in the order of their foreign keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_audit_entries()
    _create_deployments()
    _create_instance()
    _create_teams()
    _create_users()
    _create_deployment_lines()
    _create_members()
    _create_private_keys()
    _create_projects()
    _create_tags()
    _create_tokens()
    _create_environments()
    _create_servers()
    _create_destinations()
    _create_services()
    _create_components()
    _create_revisions()
    _create_service_tags()
    _create_variables()
    _create_claims()
    _create_files()
    _create_volumes()


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("ua", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_email", sa.String(length=255), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("token_id", sa.Integer(), nullable=True),
        sa.Column("token_name", sa.String(length=255), nullable=True),
        sa.Column("method", sa.String(length=8), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"], unique=False)
    op.create_index("ix_audit_entries_event", "audit_entries", ["event"], unique=False)
    op.create_index("ix_audit_entries_team_id", "audit_entries", ["team_id"], unique=False)


def _create_deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("service_uuid", sa.String(length=36), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployments"),
        sa.UniqueConstraint("uuid", name="uq_deployments_uuid"),
    )
    op.create_index("ix_deployments_service_status", "deployments", ["service_id", "status"], unique=False)
    op.create_index("ix_deployments_service_uuid", "deployments", ["service_uuid"], unique=False)
    op.create_index("ix_deployments_status", "deployments", ["status"], unique=False)
    op.create_index("ix_deployments_team_id", "deployments", ["team_id"], unique=False)


def _create_instance() -> None:
    op.create_table(
        "instance",
        sa.Column("is_api_enabled", sa.Boolean(), nullable=False),
        sa.Column("allowed_ips", sa.Text(), nullable=False),
        sa.Column("fqdn", sa.String(length=255), nullable=True),
        sa.Column("public_ipv4", sa.String(length=64), nullable=True),
        sa.Column("public_ipv6", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
    )


def _create_teams() -> None:
    op.create_table(
        "teams",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("personal_team", sa.Boolean(), nullable=False),
        sa.Column("show_boarding", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
    )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )


def _create_deployment_lines() -> None:
    op.create_table(
        "deployment_lines",
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("stream", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.id"],
            name="fk_deployment_lines_deployment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deployment_lines"),
    )
    op.create_index(
        "ix_deployment_lines_deployment_id", "deployment_lines", ["deployment_id", "id"], unique=False
    )


def _create_members() -> None:
    op.create_table(
        "members",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_members_team_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_members_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("team_id", "user_id", name="uq_members_team_id_user_id"),
    )
    op.create_index("ix_members_user_id", "members", ["user_id"], unique=False)


def _create_private_keys() -> None:
    op.create_table(
        "private_keys",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("is_git_related", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_private_keys_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_private_keys"),
        sa.UniqueConstraint("uuid", name="uq_private_keys_uuid"),
    )
    op.create_index("ix_private_keys_team_id", "private_keys", ["team_id"], unique=False)


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_projects_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("uuid", name="uq_projects_uuid"),
    )
    op.create_index("ix_projects_team_id", "projects", ["team_id"], unique=False)


def _create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_tags_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("team_id", "name", name="uq_tags_team_id_name"),
        sa.UniqueConstraint("uuid", name="uq_tags_uuid"),
    )


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("abilities", sa.JSON(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_tokens_team_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_index("ix_tokens_team_id", "tokens", ["team_id"], unique=False)
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"], unique=False)


def _create_environments() -> None:
    op.create_table(
        "environments",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_environments_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_environments"),
        sa.UniqueConstraint("project_id", "name", name="uq_environments_project_id_name"),
        sa.UniqueConstraint("uuid", name="uq_environments_uuid"),
    )


def _create_servers() -> None:
    op.create_table(
        "servers",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("ip", sa.String(length=255), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("private_key_id", sa.Integer(), nullable=True),
        sa.Column("proxy_type", sa.String(length=16), nullable=False),
        sa.Column("proxy_status", sa.String(length=16), nullable=False),
        sa.Column("wildcard_domain", sa.String(length=255), nullable=True),
        sa.Column("is_reachable", sa.Boolean(), nullable=False),
        sa.Column("is_usable", sa.Boolean(), nullable=False),
        sa.Column("is_build_server", sa.Boolean(), nullable=False),
        sa.Column("force_disabled", sa.Boolean(), nullable=False),
        sa.Column("is_tls_internal", sa.Boolean(), nullable=False),
        sa.Column("docker_version", sa.String(length=64), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["private_key_id"], ["private_keys.id"], name="fk_servers_private_key_id"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_servers_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        sa.UniqueConstraint("uuid", name="uq_servers_uuid"),
    )
    op.create_index("ix_servers_team_id", "servers", ["team_id"], unique=False)


def _create_destinations() -> None:
    op.create_table(
        "destinations",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("network", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_destinations_server_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_destinations"),
        sa.UniqueConstraint("server_id", "network", name="uq_destinations_server_id_network"),
        sa.UniqueConstraint("uuid", name="uq_destinations_uuid"),
    )


def _create_services() -> None:
    op.create_table(
        "services",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("destination_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("service_type", sa.String(length=255), nullable=True),
        sa.Column("compose_raw", sa.Text(), nullable=False),
        sa.Column("compose", sa.Text(), nullable=False),
        sa.Column("connect_to_docker_network", sa.Boolean(), nullable=False),
        sa.Column("is_container_label_escape_enabled", sa.Boolean(), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=True),
        sa.Column("is_deleting", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["destination_id"], ["destinations.id"], name="fk_services_destination_id"),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name="fk_services_environment_id"),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_services_server_id"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_services_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_services"),
        sa.UniqueConstraint("uuid", name="uq_services_uuid"),
    )
    op.create_index("ix_services_destination_id", "services", ["destination_id"], unique=False)
    op.create_index("ix_services_environment_id", "services", ["environment_id"], unique=False)
    op.create_index("ix_services_server_id", "services", ["server_id"], unique=False)
    op.create_index("ix_services_team_id", "services", ["team_id"], unique=False)


def _create_components() -> None:
    op.create_table(
        "components",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("human_name", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("ports", sa.Text(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("fqdn", sa.Text(), nullable=True),
        sa.Column("has_own_domains", sa.Boolean(), nullable=False),
        sa.Column("noindex_domains", sa.JSON(), nullable=True),
        sa.Column("redirect", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("exclude_from_status", sa.Boolean(), nullable=False),
        sa.Column("is_log_drain_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_include_timestamps", sa.Boolean(), nullable=False),
        sa.Column("is_gzip_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_stripprefix_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_force_https_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_migrated", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("public_port", sa.Integer(), nullable=True),
        sa.Column("public_port_timeout", sa.Integer(), nullable=True),
        sa.Column("custom_type", sa.String(length=64), nullable=True),
        sa.Column("last_online_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_components_service_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_components"),
        sa.UniqueConstraint("service_id", "name", name="uq_components_service_id_name"),
        sa.UniqueConstraint("uuid", name="uq_components_uuid"),
    )


def _create_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_revisions_service_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
        sa.UniqueConstraint("service_id", "number", name="uq_revisions_service_id_number"),
    )


def _create_service_tags() -> None:
    op.create_table(
        "service_tags",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_service_tags_service_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_service_tags_tag_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_service_tags"),
        sa.UniqueConstraint("service_id", "tag_id", name="uq_service_tags_service_id_tag_id"),
    )
    op.create_index("ix_service_tags_tag_id", "service_tags", ["tag_id"], unique=False)


def _create_variables() -> None:
    op.create_table(
        "variables",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("comment", sa.String(length=256), nullable=True),
        sa.Column("is_literal", sa.Boolean(), nullable=False),
        sa.Column("is_multiline", sa.Boolean(), nullable=False),
        sa.Column("is_shown_once", sa.Boolean(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("is_runtime", sa.Boolean(), nullable=False),
        sa.Column("is_buildtime", sa.Boolean(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_variables_service_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_variables"),
        sa.UniqueConstraint("service_id", "key", name="uq_variables_service_id_key"),
        sa.UniqueConstraint("uuid", name="uq_variables_uuid"),
    )


def _create_claims() -> None:
    op.create_table(
        "claims",
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("is_forced", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name="fk_claims_component_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_claims_server_id"),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_claims_service_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_claims_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_claims"),
    )
    op.create_index("ix_claims_component_id", "claims", ["component_id"], unique=False)
    op.create_index("ix_claims_host_path", "claims", ["host", "path"], unique=False)
    op.create_index("ix_claims_service_id", "claims", ["service_id"], unique=False)
    op.create_index(
        "uq_claims_server_host_path",
        "claims",
        ["server_id", "host", "path"],
        unique=True,
        sqlite_where=sa.text("is_forced = 0"),
        postgresql_where=sa.text("is_forced = false"),
    )


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("is_directory", sa.Boolean(), nullable=False),
        sa.Column("is_managed", sa.Boolean(), nullable=False),
        sa.Column("is_edited", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name="fk_files_component_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_files_service_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("component_id", "target", name="uq_files_component_id_target"),
        sa.UniqueConstraint("uuid", name="uq_files_uuid"),
    )
    op.create_index("ix_files_service_id", "files", ["service_id"], unique=False)


def _create_volumes() -> None:
    op.create_table(
        "volumes",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name="fk_volumes_component_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_volumes_service_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_volumes"),
        sa.UniqueConstraint("component_id", "target", name="uq_volumes_component_id_target"),
        sa.UniqueConstraint("uuid", name="uq_volumes_uuid"),
    )
    op.create_index("ix_volumes_service_id", "volumes", ["service_id"], unique=False)
