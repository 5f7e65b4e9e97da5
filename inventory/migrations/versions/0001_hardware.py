"""What exists: organisation, hardware and virtual machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _link(name: str, target: str, *, table: str, nullable: bool = True) -> sa.Column[int]:
    constraint = sa.ForeignKey(
        f"{target}.id", name=f"fk_{table}_{name}", deferrable=True, initially="DEFERRED"
    )
    return sa.Column(name, sa.BigInteger(), constraint, nullable=nullable)


def upgrade() -> None:
    _device_roles()
    _manufacturers()
    _regions()
    _tags()
    _tenant_groups()
    _device_types()
    _platforms()
    _tag_assignments()
    _tenants()
    _clusters()
    _front_port_templates()
    _power_port_templates()
    _sites()
    _locations()
    _racks()
    _devices()
    _rack_reservations()
    _virtual_machines()
    _virtual_disks()


def _device_roles() -> None:
    op.create_table(
        "device_roles",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_roles"),
    )


def _manufacturers() -> None:
    op.create_table(
        "manufacturers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_manufacturers"),
    )


def _regions() -> None:
    op.create_table(
        "regions",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        _link("parent_id", "regions", table="regions"),
        sa.PrimaryKeyConstraint("id", name="pk_regions"),
    )
    op.create_index("ix_regions_parent_id", "regions", ["parent_id"])


def _tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
    )


def _tenant_groups() -> None:
    op.create_table(
        "tenant_groups",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        _link("parent_id", "tenant_groups", table="tenant_groups"),
        sa.PrimaryKeyConstraint("id", name="pk_tenant_groups"),
    )
    op.create_index("ix_tenant_groups_parent_id", "tenant_groups", ["parent_id"])


def _device_types() -> None:
    op.create_table(
        "device_types",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("manufacturer_id", "manufacturers", table="device_types", nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("height_u", sa.Float(), nullable=False),
        sa.Column("is_full_depth", sa.Boolean(), nullable=False),
        sa.Column("airflow", sa.Text()),
        sa.Column("weight_kg", sa.Float()),
        sa.Column("subdevice_role", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_device_types"),
    )
    op.create_index("ix_device_types_manufacturer_id", "device_types", ["manufacturer_id"])


def _platforms() -> None:
    op.create_table(
        "platforms",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        _link("manufacturer_id", "manufacturers", table="platforms"),
        sa.PrimaryKeyConstraint("id", name="pk_platforms"),
    )
    op.create_index("ix_platforms_manufacturer_id", "platforms", ["manufacturer_id"])


def _tag_assignments() -> None:
    op.create_table(
        "tag_assignments",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("tag_id", "tags", table="tag_assignments", nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tag_assignments"),
    )
    op.create_index(
        "ix_tag_assignments_object_kind_object_id", "tag_assignments", ["object_kind", "object_id"]
    )
    op.create_index("ix_tag_assignments_tag_id", "tag_assignments", ["tag_id"])


def _tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        _link("group_id", "tenant_groups", table="tenants"),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
    )
    op.create_index("ix_tenants_group_id", "tenants", ["group_id"])


def _clusters() -> None:
    op.create_table(
        "clusters",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("group", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        _link("tenant_id", "tenants", table="clusters"),
        sa.Column("scope_kind", sa.Text()),
        sa.Column("scope_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_clusters"),
    )
    op.create_index("ix_clusters_scope_kind_scope_id", "clusters", ["scope_kind", "scope_id"])
    op.create_index("ix_clusters_tenant_id", "clusters", ["tenant_id"])


def _front_port_templates() -> None:
    op.create_table(
        "front_port_templates",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_type_id", "device_types", table="front_port_templates", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_front_port_templates"),
    )
    op.create_index("ix_front_port_templates_device_type_id", "front_port_templates", ["device_type_id"])


def _power_port_templates() -> None:
    op.create_table(
        "power_port_templates",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("device_type_id", "device_types", table="power_port_templates", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text()),
        sa.Column("maximum_draw_w", sa.BigInteger()),
        sa.Column("allocated_draw_w", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_power_port_templates"),
    )
    op.create_index("ix_power_port_templates_device_type_id", "power_port_templates", ["device_type_id"])


def _sites() -> None:
    op.create_table(
        "sites",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _link("region_id", "regions", table="sites"),
        _link("tenant_id", "tenants", table="sites"),
        sa.Column("physical_address", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.Column("time_zone", sa.Text()),
        sa.Column("landlord", sa.Text()),
        sa.Column("lease_end", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
    )
    op.create_index("ix_sites_region_id", "sites", ["region_id"])
    op.create_index("ix_sites_tenant_id", "sites", ["tenant_id"])


def _locations() -> None:
    op.create_table(
        "locations",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        _link("site_id", "sites", table="locations", nullable=False),
        _link("parent_id", "locations", table="locations"),
        sa.Column("status", sa.Text(), nullable=False),
        _link("tenant_id", "tenants", table="locations"),
        sa.Column("area_m2", sa.Float()),
        sa.Column("cooling_w", sa.Float()),
        sa.Column("floor_limit_kg_m2", sa.Float()),
        sa.Column("has_plan", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_locations"),
    )
    op.create_index("ix_locations_parent_id", "locations", ["parent_id"])
    op.create_index("ix_locations_site_id", "locations", ["site_id"])
    op.create_index("ix_locations_tenant_id", "locations", ["tenant_id"])


def _racks() -> None:
    op.create_table(
        "racks",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _link("site_id", "sites", table="racks", nullable=False),
        _link("location_id", "locations", table="racks"),
        _link("tenant_id", "tenants", table="racks"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("height_u", sa.BigInteger(), nullable=False),
        sa.Column("starting_unit", sa.BigInteger(), nullable=False),
        sa.Column("desc_units", sa.Boolean(), nullable=False),
        sa.Column("outer_width_mm", sa.BigInteger()),
        sa.Column("outer_depth_mm", sa.BigInteger()),
        sa.Column("weight_kg", sa.Float()),
        sa.Column("max_weight_kg", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_racks"),
    )
    op.create_index("ix_racks_location_id", "racks", ["location_id"])
    op.create_index("ix_racks_site_id", "racks", ["site_id"])
    op.create_index("ix_racks_tenant_id", "racks", ["tenant_id"])


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text()),
        _link("device_type_id", "device_types", table="devices", nullable=False),
        _link("role_id", "device_roles", table="devices", nullable=False),
        _link("site_id", "sites", table="devices", nullable=False),
        _link("platform_id", "platforms", table="devices"),
        _link("tenant_id", "tenants", table="devices"),
        _link("location_id", "locations", table="devices"),
        _link("rack_id", "racks", table="devices"),
        sa.Column("position", sa.Float()),
        sa.Column("face", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("asset_tag", sa.Text()),
        sa.Column("airflow", sa.Text()),
        _link("parent_device_id", "devices", table="devices"),
        sa.Column("parent_bay", sa.Text()),
        _link("cluster_id", "clusters", table="devices"),
        sa.Column("supply_redundancy", sa.Text()),
        sa.Column("primary_ip", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
    )
    op.create_index("ix_devices_cluster_id", "devices", ["cluster_id"])
    op.create_index("ix_devices_device_type_id", "devices", ["device_type_id"])
    op.create_index("ix_devices_location_id", "devices", ["location_id"])
    op.create_index("ix_devices_parent_device_id", "devices", ["parent_device_id"])
    op.create_index("ix_devices_platform_id", "devices", ["platform_id"])
    op.create_index("ix_devices_rack_id", "devices", ["rack_id"])
    op.create_index("ix_devices_role_id", "devices", ["role_id"])
    op.create_index("ix_devices_site_id", "devices", ["site_id"])
    op.create_index("ix_devices_tenant_id", "devices", ["tenant_id"])


def _rack_reservations() -> None:
    op.create_table(
        "rack_reservations",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("rack_id", "racks", table="rack_reservations", nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        _link("tenant_id", "tenants", table="rack_reservations"),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rack_reservations"),
    )
    op.create_index("ix_rack_reservations_rack_id", "rack_reservations", ["rack_id"])
    op.create_index("ix_rack_reservations_tenant_id", "rack_reservations", ["tenant_id"])


def _virtual_machines() -> None:
    op.create_table(
        "virtual_machines",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _link("cluster_id", "clusters", table="virtual_machines"),
        _link("site_id", "sites", table="virtual_machines"),
        _link("device_id", "devices", table="virtual_machines"),
        _link("role_id", "device_roles", table="virtual_machines"),
        _link("platform_id", "platforms", table="virtual_machines"),
        _link("tenant_id", "tenants", table="virtual_machines"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("vcpus", sa.Float()),
        sa.Column("memory_mb", sa.BigInteger()),
        sa.Column("disk_mb", sa.BigInteger()),
        sa.Column("primary_ip", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_virtual_machines"),
    )
    op.create_index("ix_virtual_machines_cluster_id", "virtual_machines", ["cluster_id"])
    op.create_index("ix_virtual_machines_device_id", "virtual_machines", ["device_id"])
    op.create_index("ix_virtual_machines_platform_id", "virtual_machines", ["platform_id"])
    op.create_index("ix_virtual_machines_role_id", "virtual_machines", ["role_id"])
    op.create_index("ix_virtual_machines_site_id", "virtual_machines", ["site_id"])
    op.create_index("ix_virtual_machines_tenant_id", "virtual_machines", ["tenant_id"])


def _virtual_disks() -> None:
    op.create_table(
        "virtual_disks",
        sa.Column("id", IDENTIFIER, nullable=False),
        _link("virtual_machine_id", "virtual_machines", table="virtual_disks", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_mb", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_virtual_disks"),
    )
    op.create_index("ix_virtual_disks_virtual_machine_id", "virtual_disks", ["virtual_machine_id"])


def downgrade() -> None:
    op.drop_table("virtual_disks")
    op.drop_table("virtual_machines")
    op.drop_table("rack_reservations")
    op.drop_table("devices")
    op.drop_table("racks")
    op.drop_table("locations")
    op.drop_table("sites")
    op.drop_table("power_port_templates")
    op.drop_table("front_port_templates")
    op.drop_table("clusters")
    op.drop_table("tenants")
    op.drop_table("tag_assignments")
    op.drop_table("platforms")
    op.drop_table("device_types")
    op.drop_table("tenant_groups")
    op.drop_table("tags")
    op.drop_table("regions")
    op.drop_table("manufacturers")
    op.drop_table("device_roles")
