"""What planning adds, and where everything came from."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _link(name: str, target: str, *, table: str, nullable: bool = True) -> sa.Column[int]:
    constraint = sa.ForeignKey(
        f"{target}.id", name=f"fk_{table}_{name}", deferrable=True, initially="DEFERRED"
    )
    return sa.Column(name, sa.BigInteger(), constraint, nullable=nullable)


def upgrade() -> None:
    _change_windows()
    _changes()
    _constraints()
    _flows()
    _last_identifiers()
    _maintenance_contracts()
    _observations()
    _overrides()
    _runs()
    _source_records()
    _special_needs()
    _strategy_overrides()
    _workspace_meta()
    _applications()
    _application_members()


def _change_windows() -> None:
    op.create_table(
        "change_windows",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("start_minute", sa.BigInteger(), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_change_windows"),
    )
    op.create_index("ix_change_windows_object_kind_object_id", "change_windows", ["object_kind", "object_id"])


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_object_kind_object_id", "changes", ["object_kind", "object_id"])
    op.create_index("ix_changes_revision", "changes", ["revision"])


def _constraints() -> None:
    op.create_table(
        "constraints",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("scope", sa.Text()),
        sa.Column("value", sa.Text()),
        sa.Column("start", sa.DateTime(timezone=True)),
        sa.Column("end", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_constraints"),
    )


def _flows() -> None:
    op.create_table(
        "flows",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("rate_mbps", sa.Float()),
        sa.Column("latency_ms", sa.Float()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_flows"),
    )
    op.create_index("ix_flows_source_kind_source_id", "flows", ["source_kind", "source_id"])
    op.create_index("ix_flows_target_kind_target_id", "flows", ["target_kind", "target_id"])


def _last_identifiers() -> None:
    op.create_table(
        "last_identifiers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_last_identifiers"),
    )


def _maintenance_contracts() -> None:
    op.create_table(
        "maintenance_contracts",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_contracts"),
    )
    op.create_index(
        "ix_maintenance_contracts_object_kind_object_id",
        "maintenance_contracts",
        ["object_kind", "object_id"],
    )


def _observations() -> None:
    op.create_table(
        "observations",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("statistic", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True)),
        sa.Column("interval_start", sa.DateTime(timezone=True)),
        sa.Column("interval_end", sa.DateTime(timezone=True)),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_observations"),
    )
    op.create_index("ix_observations_object_kind_object_id", "observations", ["object_kind", "object_id"])


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_overrides"),
        sa.UniqueConstraint(
            "object_kind", "object_id", "field", name="uq_overrides_object_kind_object_id_field"
        ),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.Text(), nullable=False),
        sa.Column("wave", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("content_hash", name="uq_runs_content_hash"),
    )


def _source_records() -> None:
    op.create_table(
        "source_records",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True)),
        sa.Column("gone_since", sa.DateTime(timezone=True)),
        sa.Column("base_values", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_records"),
        sa.UniqueConstraint(
            "source", "object_kind", "external_id", name="uq_source_records_source_object_kind_external_id"
        ),
    )
    op.create_index("ix_source_records_object_kind_object_id", "source_records", ["object_kind", "object_id"])


def _special_needs() -> None:
    op.create_table(
        "special_needs",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_special_needs"),
    )
    op.create_index("ix_special_needs_object_kind_object_id", "special_needs", ["object_kind", "object_id"])


def _strategy_overrides() -> None:
    op.create_table(
        "strategy_overrides",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_strategy_overrides"),
    )
    op.create_index(
        "ix_strategy_overrides_object_kind_object_id", "strategy_overrides", ["object_kind", "object_id"]
    )


def _workspace_meta() -> None:
    op.create_table(
        "workspace_meta",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspace_meta"),
    )
    now = datetime.now(UTC)
    op.bulk_insert(
        sa.table(
            "workspace_meta",
            sa.column("id", sa.BigInteger()),
            sa.column("revision", sa.BigInteger()),
            sa.column("created_at", sa.DateTime(timezone=True)),
            sa.column("changed_at", sa.DateTime(timezone=True)),
        ),
        [{"id": 1, "revision": 0, "created_at": now, "changed_at": now}],
    )


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        _link("tenant_id", "tenants", table="applications"),
        sa.Column("criticality", sa.BigInteger()),
        sa.Column("rpo_minutes", sa.BigInteger()),
        sa.Column("rto_minutes", sa.BigInteger()),
        sa.Column("downtime_budget_minutes", sa.BigInteger()),
        sa.Column("is_shared_service", sa.Boolean(), nullable=False),
        sa.Column("platform_target", sa.Text()),
        sa.Column("owner", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
    )
    op.create_index("ix_applications_tenant_id", "applications", ["tenant_id"])


def _application_members() -> None:
    op.create_table(
        "application_members",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("application_id", "applications", table="application_members", nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_application_members"),
    )
    op.create_index("ix_application_members_application_id", "application_members", ["application_id"])
    op.create_index(
        "ix_application_members_object_kind_object_id", "application_members", ["object_kind", "object_id"]
    )


def downgrade() -> None:
    op.drop_table("application_members")
    op.drop_table("applications")
    op.drop_table("workspace_meta")
    op.drop_table("strategy_overrides")
    op.drop_table("special_needs")
    op.drop_table("source_records")
    op.drop_table("runs")
    op.drop_table("overrides")
    op.drop_table("observations")
    op.drop_table("maintenance_contracts")
    op.drop_table("last_identifiers")
    op.drop_table("flows")
    op.drop_table("constraints")
    op.drop_table("changes")
    op.drop_table("change_windows")
