"""Tables of the way power comes in: panels, feeds, the ports that draw and the outlets that give."""

from __future__ import annotations

from inventory.models.columns import Table, key, link, maybe_text, needed_text, text, whole


class PowerPanel(Table, table=True):
    __tablename__ = "power_panels"

    id: int | None = key()
    name: str = needed_text()
    site_id: int = link("sites", optional=False)
    location_id: int | None = link("locations")


class PowerFeed(Table, table=True):
    __tablename__ = "power_feeds"

    id: int | None = key()
    name: str = needed_text()
    power_panel_id: int = link("power_panels", optional=False)
    rack_id: int | None = link("racks")
    status: str = text("active")
    type: str = text("primary")
    supply: str = text("ac")
    phase: str = text("single-phase")
    voltage_v: int | None = whole()
    amperage_a: int | None = whole()
    max_utilization_pct: int | None = whole()
    cable_id: int | None = link("cables")


class PowerPort(Table, table=True):
    __tablename__ = "power_ports"

    id: int | None = key()
    device_id: int = link("devices", optional=False)
    name: str = needed_text()
    type: str | None = maybe_text()
    maximum_draw_w: int | None = whole()
    allocated_draw_w: int | None = whole()
    cable_id: int | None = link("cables")


class PowerOutlet(Table, table=True):
    __tablename__ = "power_outlets"

    id: int | None = key()
    device_id: int = link("devices", optional=False)
    name: str = needed_text()
    type: str | None = maybe_text()
    power_port_id: int | None = link("power_ports")
    feed_leg: str | None = maybe_text()
    cable_id: int | None = link("cables")
