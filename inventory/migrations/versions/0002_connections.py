"""What connects it: power and network."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _link(name: str, target: str, *, table: str, nullable: bool = True) -> sa.Column[int]:
    constraint = sa.ForeignKey(
        f"{target}.id", name=f"fk_{table}_{name}", deferrable=True, initially="DEFERRED"
    )
    return sa.Column(name, sa.BigInteger(), constraint, nullable=nullable)


def upgrade() -> None:
    _cables()
    _providers()
    _circuits()
    _ip_addresses()
    _prefixes()
    _power_panels()
    _power_feeds()
    _interfaces()
    _power_ports()
    _rear_ports()
    _front_ports()
    _power_outlets()


def _cables() -> None:
    op.create_table(
        "cables",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("type", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("a_terminations", sa.JSON(), nullable=False),
        sa.Column("b_terminations", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cables"),
    )


def _providers() -> None:
    op.create_table(
        "providers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_providers"),
    )


def _circuits() -> None:
    op.create_table(
        "circuits",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("cid", sa.Text(), nullable=False),
        _link("provider_id", "providers", table="circuits", nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _link("tenant_id", "tenants", table="circuits"),
        sa.Column("rate_mbps", sa.Float()),
        sa.Column("site_ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_circuits"),
    )
    op.create_index("ix_circuits_provider_id", "circuits", ["provider_id"])
    op.create_index("ix_circuits_tenant_id", "circuits", ["tenant_id"])


def _ip_addresses() -> None:
    op.create_table(
        "ip_addresses",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _link("tenant_id", "tenants", table="ip_addresses"),
        sa.Column("dns_name", sa.Text(), nullable=False),
        sa.Column("assigned_object_kind", sa.Text()),
        sa.Column("assigned_object_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_ip_addresses"),
    )
    op.create_index(
        "ix_ip_addresses_assigned_object_kind_assigned_object_id",
        "ip_addresses",
        ["assigned_object_kind", "assigned_object_id"],
    )
    op.create_index("ix_ip_addresses_tenant_id", "ip_addresses", ["tenant_id"])


def _prefixes() -> None:
    op.create_table(
        "prefixes",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _link("tenant_id", "tenants", table="prefixes"),
        sa.Column("scope_kind", sa.Text()),
        sa.Column("scope_id", sa.BigInteger()),
        sa.Column("vlan_vid", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_prefixes"),
    )
    op.create_index("ix_prefixes_scope_kind_scope_id", "prefixes", ["scope_kind", "scope_id"])
    op.create_index("ix_prefixes_tenant_id", "prefixes", ["tenant_id"])


def _power_panels() -> None:
    op.create_table(
        "power_panels",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _link("site_id", "sites", table="power_panels", nullable=False),
        _link("location_id", "locations", table="power_panels"),
        sa.PrimaryKeyConstraint("id", name="pk_power_panels"),
    )
    op.create_index("ix_power_panels_location_id", "power_panels", ["location_id"])
    op.create_index("ix_power_panels_site_id", "power_panels", ["site_id"])


def _power_feeds() -> None:
    op.create_table(
        "power_feeds",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _link("power_panel_id", "power_panels", table="power_feeds", nullable=False),
        _link("rack_id", "racks", table="power_feeds"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("supply", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("voltage_v", sa.BigInteger()),
        sa.Column("amperage_a", sa.BigInteger()),
        sa.Column("max_utilization_pct", sa.BigInteger()),
        _link("cable_id", "cables", table="power_feeds"),
        sa.PrimaryKeyConstraint("id", name="pk_power_feeds"),
    )
    op.create_index("ix_power_feeds_cable_id", "power_feeds", ["cable_id"])
    op.create_index("ix_power_feeds_power_panel_id", "power_feeds", ["power_panel_id"])
    op.create_index("ix_power_feeds_rack_id", "power_feeds", ["rack_id"])


def _interfaces() -> None:
    op.create_table(
        "interfaces",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_id", "devices", table="interfaces", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("mgmt_only", sa.Boolean(), nullable=False),
        sa.Column("speed_kbps", sa.BigInteger()),
        sa.Column("mac_address", sa.Text()),
        _link("cable_id", "cables", table="interfaces"),
        sa.PrimaryKeyConstraint("id", name="pk_interfaces"),
    )
    op.create_index("ix_interfaces_cable_id", "interfaces", ["cable_id"])
    op.create_index("ix_interfaces_device_id", "interfaces", ["device_id"])


def _power_ports() -> None:
    op.create_table(
        "power_ports",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_id", "devices", table="power_ports", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text()),
        sa.Column("maximum_draw_w", sa.BigInteger()),
        sa.Column("allocated_draw_w", sa.BigInteger()),
        _link("cable_id", "cables", table="power_ports"),
        sa.PrimaryKeyConstraint("id", name="pk_power_ports"),
    )
    op.create_index("ix_power_ports_cable_id", "power_ports", ["cable_id"])
    op.create_index("ix_power_ports_device_id", "power_ports", ["device_id"])


def _rear_ports() -> None:
    op.create_table(
        "rear_ports",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_id", "devices", table="rear_ports", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("positions", sa.BigInteger(), nullable=False),
        _link("cable_id", "cables", table="rear_ports"),
        sa.PrimaryKeyConstraint("id", name="pk_rear_ports"),
    )
    op.create_index("ix_rear_ports_cable_id", "rear_ports", ["cable_id"])
    op.create_index("ix_rear_ports_device_id", "rear_ports", ["device_id"])


def _front_ports() -> None:
    op.create_table(
        "front_ports",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_id", "devices", table="front_ports", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        _link("rear_port_id", "rear_ports", table="front_ports"),
        _link("cable_id", "cables", table="front_ports"),
        sa.PrimaryKeyConstraint("id", name="pk_front_ports"),
    )
    op.create_index("ix_front_ports_cable_id", "front_ports", ["cable_id"])
    op.create_index("ix_front_ports_device_id", "front_ports", ["device_id"])
    op.create_index("ix_front_ports_rear_port_id", "front_ports", ["rear_port_id"])


def _power_outlets() -> None:
    op.create_table(
        "power_outlets",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_id", "devices", table="power_outlets", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text()),
        _link("power_port_id", "power_ports", table="power_outlets"),
        sa.Column("feed_leg", sa.Text()),
        _link("cable_id", "cables", table="power_outlets"),
        sa.PrimaryKeyConstraint("id", name="pk_power_outlets"),
    )
    op.create_index("ix_power_outlets_cable_id", "power_outlets", ["cable_id"])
    op.create_index("ix_power_outlets_device_id", "power_outlets", ["device_id"])
    op.create_index("ix_power_outlets_power_port_id", "power_outlets", ["power_port_id"])


def downgrade() -> None:
    op.drop_table("power_outlets")
    op.drop_table("front_ports")
    op.drop_table("rear_ports")
    op.drop_table("power_ports")
    op.drop_table("interfaces")
    op.drop_table("power_feeds")
    op.drop_table("power_panels")
    op.drop_table("prefixes")
    op.drop_table("ip_addresses")
    op.drop_table("circuits")
    op.drop_table("providers")
    op.drop_table("cables")
