"""For any two states of a source: compared with itself, nothing differs; the difference applied makes the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date

from hypothesis import given
from hypothesis import strategies as st
from inventory_builders import as_told, reading, take

from inventory.documents import from_json, to_json
from inventory.fields import clean, fields_of
from inventory.records import ChangeSet
from inventory.snapshot import take_snapshot
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sync import apply, diff

NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.text(max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ORDER = (
    "regions",
    "manufacturers",
    "device_roles",
    "sites",
    "locations",
    "device_types",
    "devices",
    "cables",
    "constraints",
)


@st.composite
def states(draw):
    """Up to four objects of several kinds, every field told; an object's id follows from what names it."""
    ids = {kind: draw(st.sets(NAMES, max_size=4)) for kind in ORDER}
    needs = {
        "locations": ("sites",),
        "device_types": ("manufacturers",),
        "devices": ("sites", "device_types", "device_roles"),
    }
    objects = []
    for kind in ORDER:
        if not all(ids[needed] for needed in needs.get(kind, ())):
            ids[kind] = set()
        for external_id in sorted(ids[kind]):
            values = {name: draw(_values(field, ids)) for name, field in fields_of(kind).items()}
            objects.append(SourceObject(kind, external_id, {**values, **_names(kind, external_id)}))
    return tuple(draw(st.permutations(objects)))


def _names(kind, external_id):
    """What tells the object from others, as a source would keep it."""
    own = {name: external_id for name in ("slug", "name") if name in fields_of(kind)}
    if kind == "devices":
        own |= {"serial": f"S{external_id}", "asset_tag": None}
    if kind == "cables":
        own = {"label": external_id, "a_terminations": (SourceRef("console_ports", str(ord(external_id))),)}
        own["b_terminations"] = own["a_terminations"]
    return own


def _values(field, ids):
    def refs_to(kind):
        return st.sampled_from(sorted(ids.get(kind, ()))).map(lambda name: SourceRef(kind, name))

    anything = [refs_to(kind) for kind in ("sites", "devices") if ids.get(kind)]
    plain = {
        "text": TEXTS,
        "int": st.integers(-(2**63) + 1, 2**63 - 1),
        "float": NUMBERS,
        "bool": st.booleans(),
        "date": st.dates(min_value=date(1900, 1, 1)),
        "datetime": st.datetimes(timezones=st.just(UTC)),
        "refs": st.lists(st.one_of(anything), max_size=3).map(tuple) if anything else st.just(()),
        "ref": st.one_of(anything) if anything else st.none(),
    }
    if field.sort == "link":
        value = refs_to(field.target) if ids.get(field.target) else st.none()
    else:
        value = plain[field.sort]
    return st.one_of(st.none(), value) if field.nullable else value


def told(objects):
    return {
        (item.kind, item.external_id): {
            name: value if spec.refers else clean(spec, value)
            for name, spec in fields_of(item.kind).items()
            for value in (item.fields[name],)
        }
        for item in objects
    }


@given(state=states())
def test_a_state_compared_with_itself_shows_nothing(fresh, state):
    with fresh() as database:
        take(database, reading(*state))

        assert diff(database, reading(*state)).is_empty
        assert diff(database, reading(*reversed(state)), delete_missing=True).is_empty


@given(before=states(), after=states())
def test_applying_the_difference_to_one_state_makes_the_other(fresh, before, after):
    with fresh() as database:
        take(database, reading(*before))

        changes = diff(database, reading(*after), delete_missing=True)
        apply(database, from_json(ChangeSet, to_json(changes)), who="test")

        assert as_told(database, "netbox:test") == told(after)
        assert changes.of_kind("conflict") == ()
        assert diff(database, reading(*after), delete_missing=True).is_empty


@given(before=states(), after=states())
def test_applying_twice_the_same_reading_changes_nothing_more(fresh, before, after):
    with fresh() as database:
        take(database, reading(*before))
        take(database, reading(*after))
        once = take_snapshot(database)

        take(database, reading(*after))

        assert take_snapshot(database) == once


@given(state=states())
def test_a_source_that_renumbers_everything_changes_no_object(fresh, state):
    with fresh() as database:
        take(database, reading(*state))
        once = take_snapshot(database)

        take(database, _renumbered(reading(*state)), delete_missing=True)

        assert replace(take_snapshot(database), revision=once.revision) == once


def _renumbered(snapshot):
    def renumber(value):
        if isinstance(value, tuple):
            return tuple(renumber(part) for part in value)
        if isinstance(value, SourceRef) and value.kind != "console_ports":
            return SourceRef(value.kind, f"new-{value.external_id}")
        return value

    objects = tuple(
        SourceObject(
            item.kind,
            f"new-{item.external_id}",
            {name: renumber(value) for name, value in item.fields.items()},
        )
        for item in snapshot.objects
    )
    return SourceSnapshot(snapshot.source, objects, snapshot.complete_kinds, snapshot.read_at)
