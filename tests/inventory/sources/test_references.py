"""References that lead nowhere are left out, said, and never called complete."""

from __future__ import annotations

from typing import Any

from inventory.sources.contract import SourceObject, SourceRef
from inventory.sources.references import settle

SITE = SourceObject("sites", "1", {"name": "A", "slug": "a", "tenant_id": None})


def a_rack(**fields: Any) -> SourceObject:
    return SourceObject("racks", "7", {"name": "R", "site_id": SourceRef("sites", "1"), **fields})


def test_whole_objects_pass_unchanged() -> None:
    settled = settle([SITE, a_rack()])
    assert settled.objects == (SITE, a_rack())
    assert (settled.incomplete, settled.warnings) == (frozenset(), ())


def test_an_optional_reference_that_leads_nowhere_is_not_known() -> None:
    settled = settle([SITE, a_rack(tenant_id=SourceRef("tenants", "9"))])
    assert settled.objects == (SITE, a_rack())
    assert settled.incomplete == {"tenants"}
    assert settled.warnings == (
        "tenant_id of 1 racks not read: it names an object of tenants that the source doesn't show",
    )


def test_an_object_that_cannot_do_without_is_left_out_with_all_that_hangs_on_it() -> None:
    reservation = SourceObject(
        "rack_reservations", "3", {"rack_id": SourceRef("racks", "7"), "units": (1.0,)}
    )
    settled = settle([a_rack(), reservation])
    assert settled.objects == ()
    assert settled.incomplete == {"sites", "racks", "rack_reservations"}
    assert len(settled.warnings) == 2


def test_a_tuple_with_one_lost_part_is_not_known_as_a_whole() -> None:
    circuit = SourceObject(
        "circuits",
        "5",
        {
            "cid": "c",
            "provider_id": SourceRef("providers", "1"),
            "site_ids": (SourceRef("sites", "1"), SourceRef("sites", "2")),
        },
    )
    provider = SourceObject("providers", "1", {"name": "P", "slug": "p"})
    settled = settle([SITE, provider, circuit])
    assert "site_ids" not in settled.objects[2].fields
    assert settled.incomplete == {"sites"}


def test_a_reference_to_a_list_the_estate_lacks_is_kept() -> None:
    cable = SourceObject("cables", "1", {"a_terminations": (SourceRef("console_ports", "4"),)})
    assert settle([cable]).objects == (cable,)
