"""The one declaration of the workbook: its sheets, their columns, types, limits, allowed values, notes and
examples.

The template is written from it, the reader follows it, and the Read me sheet prints it. What a column's kind
means is in `spreadsheet_columns`. Statuses and the like are NetBox's own values.
"""

from __future__ import annotations

# ruff: noqa: E501 - one column, one line: read down the file as along the header of a sheet
from inventory.sources import spreadsheet_columns as c
from inventory.sources.spreadsheet_columns import Column, Sheet

ASSET_STATUS = ("active", "planned", "staged", "failed", "offline", "decommissioning")
PLACE_STATUS = ("active", "planned", "staging", "decommissioning", "retired")
AIRFLOWS = (
    "front-to-rear", "rear-to-front", "left-to-right", "right-to-left", "side-to-rear", "rear-to-side",
    "bottom-to-top", "top-to-bottom", "passive", "mixed",
)  # fmt: skip
ROLES = (
    "Server", "Storage", "Switch", "Router", "Firewall", "Load balancer", "PDU", "UPS", "Patch panel", "Console server",
    "Tape library", "Chassis", "Camera encoder", "Access control", "Telephone exchange", "Distribution frame",
    "IRISnet termination",
)  # fmt: skip
METRICS = {  # metric -> its unit and the largest value that is believable for one object
    "power_w": ("W", 100_000.0),
    "weight_kg": ("kg", 3_000.0),
    "vcpus": ("vCPU", 10_000.0),
    "memory_mb": ("MB", 1e9),
    "disk_mb": ("MB", 1e12),
    "change_rate_mbps": ("Mbit/s", 1e6),
    "cpu_pct": ("%", 100.0),
}
TOGETHER_SCOPES = ("rack", "host", "group", "feed")


def _name(what: str, example: str, *aliases: str, max_length: int = 100) -> Column:
    note = f"Name of {what}. As text: a number may lose leading zeros."
    return Column(
        "Name", "name", "identifier", note, example, True, ("naam", "nom", *aliases), max_length=max_length
    )


def _slug(what: str, example: str) -> Column:
    note = f"Short key of {what}: lower-case letters, digits, hyphens. Made from the name when empty; it keeps the object the same when you rename it."
    return Column("Slug", "slug", "slug", note, example, aliases=("key", "sleutel", "clé"), max_length=100)


def _status(*choices: str) -> Column:
    return Column(
        "Status", "status", "choice", "NetBox's status; active when empty.", choices[0], aliases=("état", "toestand"),
        choices=choices, synonyms=c.STATUS_WORDS,
    )  # fmt: skip


def _tenant() -> Column:
    return Column(
        "Tenant", "tenant_id", "reference", "Name or slug of the tenant that owns it (sheet Tenants).", "STIB",
        aliases=("owner body", "huurder", "locataire", "eigenaar", "propriétaire"), refers_to=("Tenants",),
    )  # fmt: skip


def _site(*, required: bool = True) -> Column:
    return Column(
        "Site", "site_id", "reference", "Name or slug of the building (sheet Sites).", "Brussels City Hall", required,
        ("gebouw", "bâtiment", "building", "locatie"), refers_to=("Sites",),
    )  # fmt: skip


def _room() -> Column:
    return Column(
        "Room", "location_id", "reference", "Name or slug of the room, in the site of this row (sheet Rooms).", "B1",
        aliases=("lokaal", "salle", "local", "server room", "serverruimte", "location"), refers_to=("Rooms",),
    )  # fmt: skip


def _naming(
    header: str, field: str, makes: str, note: str, example: str, *aliases: str, required: bool = False
) -> Column:
    return Column(header, field, "naming", note, example, required, aliases, makes=makes, max_length=100)


def _role() -> Column:
    return Column(
        "Role", "role_id", "naming", "What it does. Choose one, or write your own.", "Server", True,
        ("rol", "rôle", "functie", "fonction"), makes="device_roles", suggestions=ROLES, max_length=100,
    )  # fmt: skip


def _platform() -> Column:
    return _naming(
        "Platform", "platform_id", "platforms", "Operating system.", "Debian 12", "os", "besturingssysteem"
    )


def _text(
    header: str, field: str, note: str, example: str, *aliases: str, max_length: int = 200, kind: str = "text"
) -> Column:
    return Column(header, field, kind, note, example, aliases=aliases, max_length=max_length)


def _number(  # noqa: PLR0913 - a column's limits, each by name
    header: str, field: str, note: str, example: str, units: tuple[str, ...], *aliases: str,
    kind: str = "number", low: float | None = None, high: float | None = None, above: float | None = None,
    step: float | None = None, required: bool = False,
) -> Column:  # fmt: skip
    return Column(
        header,
        field,
        kind,
        note,
        example,
        required,
        aliases,
        units,
        low=low,
        high=high,
        above=above,
        step=step,
    )


def _object_kind(
    *kinds: str, header: str = "Kind", field: str = "object_kind", required: bool = False
) -> Column:
    note = "What the object is." + ("" if required else " Empty: it is looked up among all of these.")
    return Column(
        header, field, "choice", note, kinds[0], required, ("soort", "genre", "object kind", "type"), choices=kinds,
        synonyms=c.KIND_WORDS,
    )  # fmt: skip


def _object(
    *kinds: str, header: str = "Object", field: str = "object", kind_field: str = "object_kind"
) -> Column:
    note = f"Name of the {', '.join(kinds)}. When several have that name: site / name (a machine: cluster / name)."
    return Column(
        header, field, "object", note, "srv-hr-01", True, ("voorwerp", "objet"), kind_field=kind_field,
        refers_to=tuple(c.KIND_SHEETS[kind] for kind in kinds),
    )  # fmt: skip


def _ip() -> Column:
    note = "IPv4 or IPv6 address, with or without prefix length."
    return Column(
        "Primary IP",
        "primary_ip",
        "address",
        note,
        "10.2.0.14/24",
        aliases=("ip", "ip address", "ip adres", "adresse ip"),
    )


def _date(header: str, field: str, note: str, example: str, *aliases: str, kind: str = "date") -> Column:
    return Column(header, field, kind, note, example, aliases=aliases)


SITES = Sheet("Sites", "sites", "Buildings with one or more server rooms.", (
    _name("the building", "Brussels City Hall", "site", "gebouw", "bâtiment", "building"),
    _slug("the building", "brussels-city-hall"),
    _status(*PLACE_STATUS),
    _naming("Region", "region_id", "regions", "Municipality or region.", "Brussels", "gemeente", "commune", "municipality"),
    _tenant(),
    _text("Address", "physical_address", "Street, number, postal code, town.", "Grote Markt 1, 1000 Brussels", "adres", "adresse", kind="long"),
    _number("Latitude", "latitude", "Degrees north, WGS 84.", "50.8466", c.DEGREES, "lat", "breedtegraad", low=-90, high=90),
    _number("Longitude", "longitude", "Degrees east, WGS 84.", "4.3525", c.DEGREES, "lon", "lng", "lengtegraad", low=-180, high=180),
    _text("Landlord", "landlord", "Who lets the building, when rented.", "Regie der Gebouwen", "verhuurder", "bailleur"),
    _date("Lease end", "lease_end", "Last day of the lease, YYYY-MM-DD.", "2028-12-31", "einde huur", "fin de bail"),
), ("site", "gebouwen", "bâtiments", "buildings"), ("regions",))  # fmt: skip

ROOMS = Sheet("Rooms", "locations", "Server rooms. A part of a room names its parent room.", (
    _site(),
    _name("the room, unique in its site", "B1", "room", "lokaal", "salle", "server room", "serverruimte"),
    _slug("the room", "b1"),
    Column("Parent room", "parent_id", "reference", "The room this is a part of, in the same site.", "", refers_to=("Rooms",), aliases=("parent", "deel van", "fait partie de")),
    _status(*PLACE_STATUS),
    _tenant(),
    _number("Area (m²)", "area_m2", "Floor area.", "24", c.M2, "oppervlakte", "surface", "superficie", above=0, high=10_000),
    _number("Cooling (W)", "cooling_w", "Cooling the room can give.", "12000", c.W, "koeling", "refroidissement", low=0, high=10_000_000),
    _number("Floor limit (kg/m²)", "floor_limit_kg_m2", "What the floor carries.", "500", c.KG_M2, "vloerbelasting", "charge au sol", above=0, high=10_000),
    Column("Has plan", "has_plan", "boolean", "Whether a drawing of the room exists: yes or no.", "yes", aliases=("plan",), choices=("yes", "no")),
), ("room", "lokalen", "serverruimten", "salles", "locaux", "locations", "server rooms"))  # fmt: skip

RACKS = Sheet("Racks", "racks", "Racks and cabinets.", (
    _site(),
    _room(),
    _name("the rack, unique in its room", "R07", "rack", "kast", "baie", "armoire"),
    _tenant(),
    _status("active", "planned", "available", "reserved", "deprecated"),
    _number("Height (U)", "height_u", "Usable height in whole units.", "42", c.U, "hoogte", "hauteur", kind="integer", above=0, high=60, required=True),
    _number("Starting unit", "starting_unit", "Number of the lowest-numbered unit; 1 when empty.", "1", c.U, "first unit", "eerste eenheid", "première unité", kind="integer", low=1, high=60),
    Column("Descending units", "desc_units", "boolean", "Whether units are numbered from the top: yes or no (no when empty).", "no", aliases=("descending", "aflopend", "descendant", "desc units"), choices=("yes", "no")),
    _number("Outer width (mm)", "outer_width_mm", "Outside width.", "600", c.MM, "width", "breedte", "largeur", kind="integer", above=0, high=3000),
    _number("Outer depth (mm)", "outer_depth_mm", "Outside depth.", "1000", c.MM, "depth", "diepte", "profondeur", kind="integer", above=0, high=3000),
    _number("Weight (kg)", "weight_kg", "Weight of the empty rack.", "120", c.KG, "tare", "gewicht", "poids", "tarra", above=0, high=3000),
    _number("Maximum weight (kg)", "max_weight_kg", "What the rack may hold, without its own weight.", "1000", c.KG, "max weight", "max gewicht", "maximaal gewicht", "poids max", "poids maximal", above=0, high=5000),
), ("rack", "kasten", "baies", "armoires", "cabinets"))  # fmt: skip

DEVICE_TYPES = Sheet("Device types", "device_types", "Models of hardware, with what the maker publishes.", (
    _naming("Manufacturer", "manufacturer_id", "manufacturers", "Maker.", "Dell", "fabrikant", "fabricant", "brand", "merk", "marque", required=True),
    Column("Model", "model", "identifier", "Model, unique per manufacturer.", "PowerEdge R640", True, ("modèle", "device type", "type"), max_length=100),
    _slug("the model", "dell-poweredge-r640"),
    Column("Part number", "part_number", "identifier", "The maker's number.", "R640-8SFF", aliases=("onderdeelnummer", "référence"), max_length=50),
    _number("Height (U)", "height_u", "In half units; 0 for what takes none (a PDU in the side).", "1", c.U, "hoogte", "hauteur", "u height", low=0, high=60, step=0.5, required=True),
    Column("Full depth", "is_full_depth", "boolean", "Whether it takes both faces of its units: yes or no (yes when empty).", "yes", aliases=("volle diepte", "pleine profondeur", "full depth"), choices=("yes", "no")),
    Column("Airflow", "airflow", "choice", "Where the air goes.", "front-to-rear", aliases=("luchtstroom", "flux d'air"), choices=AIRFLOWS),
    _number("Weight (kg)", "weight_kg", "Weight as published.", "21.9", c.KG, "gewicht", "poids", above=0, high=3000),
    Column("Subdevice role", "subdevice_role", "choice", "parent: a chassis with bays; child: sits in a bay.", "parent", aliases=("chassis role",), choices=("parent", "child")),
    _number("Power supplies", "power_supplies", "Number of power ports.", "2", (), "supplies", "psu", "psus", "voedingen", "alimentations", "power ports", kind="integer", low=0, high=32),
    _number("Draw per supply (W)", "maximum_draw_w", "Largest draw of one supply (NetBox: maximum draw, per port).", "750", c.W, "maximum draw", "max draw", "verbruik", "consommation", "draw", kind="integer", above=0, high=50_000),
    _text("Plug type", "power_port_type", "Inlet, as NetBox writes it.", "iec-60320-c14", "stekker", "prise", max_length=50),
    _number("Front ports", "front_ports", "Number of front ports of a patch panel.", "24", (), "ports avant", "frontpoorten", kind="integer", low=0, high=1000),
), ("device type", "types", "toesteltypes", "types d'équipement", "models", "modellen", "modèles"), ("manufacturers", "power_port_templates", "front_port_templates"))  # fmt: skip

DEVICES = Sheet("Devices", "devices", "Servers, switches, PDUs: everything with a body.", (
    _name("the device, unique in its site", "srv-hr-01", "device", "hostname", "host", "toestel", "équipement", "server", "serveur", max_length=64),
    _site(),
    _room(),
    Column("Rack", "rack_id", "reference", "Name of the rack, in the site (and room) of this row.", "R07", aliases=("kast", "baie", "armoire"), refers_to=("Racks",)),
    Column("Device type", "device_type_id", "reference", "Model (when two makers have it: manufacturer / model).", "PowerEdge R640", True, ("model", "modèle", "toesteltype", "type"), refers_to=("Device types",)),
    _role(),
    _platform(),
    _tenant(),
    _number("Position (U)", "position", "Lowest unit it takes, in half units.", "12", c.U, "u", "unit", "eenheid", "unité", "positie", step=0.5, low=0.5, high=120),
    Column("Face", "face", "choice", "Side of the rack it is mounted on.", "front", aliases=("zijde", "face avant/arrière"), choices=("front", "rear"), synonyms={"voor": "front", "voorkant": "front", "avant": "front", "achter": "rear", "achterkant": "rear", "arrière": "rear", "back": "rear"}),
    _status(*ASSET_STATUS, "inventory"),
    Column("Serial", "serial", "identifier", "Serial number, as text.", "007X1E5", aliases=("serial number", "serienummer", "numéro de série", "s/n"), max_length=50),
    Column("Asset tag", "asset_tag", "identifier", "Your own tag, unique, as text.", "BXL-00412", aliases=("tag", "inventarisnummer", "numéro d'inventaire"), max_length=50),
    Column("Airflow", "airflow", "choice", "Where the air goes, when other than its type's.", "front-to-rear", aliases=("luchtstroom", "flux d'air"), choices=AIRFLOWS),
    Column("Parent device", "parent_device_id", "reference", "The chassis it sits in, in the same site.", "", aliases=("chassis", "parent"), refers_to=("Devices",)),
    _text("Parent bay", "parent_bay", "The bay of the chassis.", "", "bay", "slot", max_length=64),
    Column("Cluster", "cluster_id", "reference", "The cluster it is a host of.", "", refers_to=("Clusters",)),
    Column("Supply redundancy", "supply_redundancy", "redundancy", "k+m: k supplies carry the load, m may be lost.", "1+1", aliases=("redundancy", "redundantie", "redondance")),
    _ip(),
), ("device", "servers", "hardware", "toestellen", "équipements", "serveurs"), ("device_roles", "platforms"))  # fmt: skip

POWER = Sheet("Power", "power_feeds", "Power panels and their feeds. A row without a feed makes the panel alone.", (
    _site(),
    _room(),
    Column("Panel", "panel", "identifier", "Name of the panel, unique in its site.", "DB-1", True, ("power panel", "bord", "verdeelbord", "tableau"), max_length=100),
    Column("Feed", "name", "identifier", "Name of the feed, unique in its panel.", "DB-1/A", aliases=("power feed", "name", "voeding", "circuit", "alimentation"), max_length=100),
    Column("Rack", "rack_id", "reference", "The rack it feeds, in the site of this row.", "R07", aliases=("kast", "baie", "armoire"), refers_to=("Racks",)),
    _status("active", "planned", "offline", "failed"),
    Column("Type", "type", "choice", "Normal or backup path; primary when empty.", "primary", aliases=("soort",), choices=("primary", "redundant")),
    Column("Supply", "supply", "choice", "Current; ac when empty.", "ac", aliases=("stroom", "courant"), choices=("ac", "dc")),
    Column("Phase", "phase", "choice", "single-phase when empty.", "single-phase", aliases=("fase", "phases"), choices=("single-phase", "three-phase"), synonyms={"1": "single-phase", "3": "three-phase", "1p": "single-phase", "3p": "three-phase", "monophasé": "single-phase", "triphasé": "three-phase", "eenfasig": "single-phase", "driefasig": "three-phase"}),
    _number("Voltage (V)", "voltage_v", "Line-to-line when three-phase; 12 to 1000.", "230", c.VOLT, "spanning", "tension", kind="integer", low=12, high=1000),
    _number("Amperage (A)", "amperage_a", "Of the breaker; 1 to 4000.", "32", c.AMPERE, "stroomsterkte", "ampérage", "current", kind="integer", low=1, high=4000),
    _number("Maximum utilisation (%)", "max_utilization_pct", "Share of the rating that may be used; 1 to 100.", "80", c.PERCENT, "max utilization", "max utilisation", "maximum utilization", kind="integer", low=1, high=100),
), ("power feeds", "voedingen", "alimentations", "power panels"), ("power_panels",))  # fmt: skip

CLUSTERS = Sheet("Clusters", "clusters", "Hypervisor clusters.", (
    _name("the cluster", "vmw-stib-1", "cluster"),
    _text("Type", "type", "Product.", "VMware vSphere", "soort", max_length=100),
    _text("Group", "group", "Cluster group.", "STIB", "groep", "groupe", max_length=100),
    _status("active", "planned", "staging", "decommissioning", "offline"),
    _tenant(),
    _site(required=False),
    _room(),
), ("cluster",))  # fmt: skip

VIRTUAL_MACHINES = Sheet("Virtual machines", "virtual_machines", "Virtual machines, each in a cluster or at a site.", (
    _name("the machine, unique in its cluster", "vm-hr-web-01", "vm", "virtual machine", "hostname", max_length=64),
    Column("Cluster", "cluster_id", "reference", "The cluster it runs in.", "vmw-stib-1", refers_to=("Clusters",)),
    _site(required=False),
    Column("Host device", "device_id", "reference", "The host it is tied to, when it is.", "", aliases=("host", "device"), refers_to=("Devices",)),
    Column("Role", "role_id", "naming", "What it does.", "Web server", aliases=("rol", "rôle", "functie", "fonction"), makes="device_roles", max_length=100),
    _platform(),
    _tenant(),
    _status("active", "planned", "staged", "failed", "offline", "decommissioning", "paused"),
    _number("vCPUs", "vcpus", "Virtual processors.", "4", ("vCPU", "vCPUs"), "cpu", "cpus", "vcpu", "cores", above=0, high=10_000),
    _number("Memory (MB)", "memory_mb", "In MB: 8 GB is 8192; below 64 is taken for GB and refused.", "8192", c.MB, "memory", "ram", "geheugen", "mémoire", kind="integer", above=0, high=1e9),
    _number("Disk (MB)", "disk_mb", "In MB: 100 GB is 100000.", "100000", c.MB, "disk", "schijf", "disque", "storage", kind="integer", low=0, high=1e12),
    _ip(),
), ("vms", "vm", "virtual machine", "virtuele machines", "machines virtuelles"), ("device_roles", "platforms"))  # fmt: skip

TENANTS = Sheet("Tenants", "tenants", "Bodies that own hardware, machines or buildings, and the partner each belongs to.", (
    _name("the body", "STIB", "tenant", "huurder", "locataire", "instelling", "organisme"),
    _slug("the body", "stib"),
    _naming("Partner", "group_id", "tenant_groups", "Partner of the programme: entitlements and reports go by it.", "STIB/MIVB", "tenant group", "partenaire", "groep", "groupe"),
), ("tenant", "huurders", "locataires", "organisations", "bodies"), ("tenant_groups",))  # fmt: skip

APPLICATIONS = Sheet("Applications", "applications", "What people use; its members are on the sheet Members.", (
    _name("the application", "HR portal", "application", "toepassing", "applicatie"),
    _slug("the application", "hr-portal"),
    _tenant(),
    _number("Criticality", "criticality", "1 (the public notices at once) to 4.", "2", (), "kritikaliteit", "criticité", "criticiteit", kind="integer", low=1, high=4),
    _number("RPO (minutes)", "rpo_minutes", "Data that may be lost.", "60", c.MINUTES, "rpo", kind="integer", low=0, high=525_600),
    _number("RTO (minutes)", "rto_minutes", "Time to be back.", "240", c.MINUTES, "rto", kind="integer", low=0, high=525_600),
    _number("Downtime budget (minutes)", "downtime_budget_minutes", "Longest stop a move may cause.", "120", c.MINUTES, "downtime", "stilstand", "arrêt", kind="integer", low=0, high=525_600),
    Column("Shared service", "is_shared_service", "boolean", "Whether many others depend on it (directory, DNS): yes or no (no when empty).", "no", aliases=("shared", "gedeeld", "partagé"), choices=("yes", "no")),
    _text("Platform target", "platform_target", "Platform it should move to, when decided.", "", "doelplatform", "plateforme cible", max_length=100),
    _text("Owner", "owner", "Person or team that answers for it.", "HR IT", "eigenaar", "responsable"),
), ("application", "toepassingen", "applicaties", "apps"))  # fmt: skip

_ASSETS = ("device", "virtual machine")
MEMBERS = Sheet("Members", "application_members", "Which devices and machines an application consists of.", (
    Column("Application", "application_id", "reference", "Name or slug of the application.", "HR portal", True, ("toepassing", "applicatie"), refers_to=("Applications",)),
    _object_kind(*_ASSETS),
    _object(*_ASSETS),
), ("application members", "member", "leden", "membres"))  # fmt: skip

_ENDS = ("application", "device", "virtual machine")
FLOWS = Sheet("Flows", "flows", "Traffic between two ends, both directions together.", (
    _object_kind(*_ENDS, header="Source kind", field="source_kind"),
    _object(*_ENDS, header="Source", field="source", kind_field="source_kind"),
    _object_kind(*_ENDS, header="Target kind", field="target_kind"),
    _object(*_ENDS, header="Target", field="target", kind_field="target_kind"),
    _number("Rate (Mbit/s)", "rate_mbps", "At peak, both directions.", "40", c.MBPS, "bandwidth", "bandbreedte", "débit", low=0, high=1e6),
    _number("Latency (ms)", "latency_ms", "Longest round-trip time the flow stands; above 0.", "10", c.MS, "latentie", "latence", above=0, high=60_000),
    _text("Description", "description", "What it carries.", "LDAP queries", "omschrijving", "beschrijving"),
), ("flow", "stromen", "flux"))  # fmt: skip

_WINDOWED = ("application", "tenant", "site")
WINDOWS = Sheet("Windows", "change_windows", "When changes are allowed, each week, in Brussels time.", (
    _object_kind(*_WINDOWED),
    _object(*_WINDOWED),
    Column("Weekday", "weekday", "weekday", "Day the window opens.", "Saturday", True, ("day", "dag", "weekdag", "jour"), choices=c.WEEKDAYS),
    Column("Start", "start_minute", "clock", "Time of day it opens, HH:MM.", "22:00", True, ("start time", "begin", "beginuur", "début", "heure de début")),
    _number("Duration (minutes)", "duration_minutes", "At most a week (10080); may run past midnight.", "480", c.MINUTES, "duration", "duur", "durée", kind="integer", above=0, high=10_080, required=True),
    _date("Valid from", "valid_from", "First day it holds, YYYY-MM-DD.", "", "geldig van", "valable du"),
    _date("Valid until", "valid_until", "Last day it holds, YYYY-MM-DD.", "", "geldig tot", "valable jusqu'au"),
), ("window", "change windows", "vensters", "fenêtres"))  # fmt: skip

_BOUND = (*_ASSETS, "application", "tenant", "site")
CONSTRAINTS = Sheet("Constraints", "constraints", "What a plan must respect.", (
    _name("the constraint, unique", "hr-db-pair"),
    Column("Kind", "kind", "choice", "together, apart: in one rack, host or move group, or not. zone, tier: in the zone or on the storage tier named in Value. keep, building_bound: stays. freeze: no change from Start to End. pin: moves between Start and End.", "apart", True, ("soort", "genre"), choices=("together", "apart", "zone", "tier", "keep", "freeze", "pin", "building_bound")),
    _object_kind(*_BOUND, header="Member kind", field="member_kind"),
    Column("Members", "members", "objects", "Names, separated by ; (site / name where several have that name).", "srv-db-01; srv-db-02", True, ("member", "leden", "membres", "objects"), kind_field="member_kind", refers_to=tuple(c.KIND_SHEETS[kind] for kind in _BOUND)),
    Column("Scope", "scope", "choice", "For together and apart; feed (for apart): no loss of one feed takes two of them.", "rack", aliases=("bereik", "portée"), choices=TOGETHER_SCOPES),
    _text("Value", "value", "For zone: the security or tenancy zone; for tier: the storage tier; for apart with scope group: the split's name, rows of the same split being its sides.", "", "waarde", "valeur", "zone", max_length=100),
    _date("Start", "start", "For freeze and pin: YYYY-MM-DD HH:MM; a date alone is its midnight.", "", "begin", "van", "début", "du", kind="moment"),
    _date("End", "end", "For freeze and pin: the moment it is over; write the day after the last one.", "", "einde", "tot", "fin", "au", kind="moment"),
    _text("Reason", "reason", "Why; needed for keep and building_bound.", "quorum", "reden", "raison", kind="long"),
), ("constraint", "beperkingen", "contraintes"))  # fmt: skip

SPECIAL_NEEDS = Sheet("Special needs", "special_needs", "What keeps an asset from an ordinary rack or the cloud.", (
    _object_kind(*_ASSETS),
    _object(*_ASSETS),
    Column("Need", "need", "choice", "What it needs.", "dongle", True, ("nood", "besoin"), choices=("plug_type", "rail", "licence", "tape", "hsm", "dongle", "not_x86"), synonyms={"license": "licence"}),
    _text("Detail", "detail", "More about it.", "USB key of the licence server", "détail", kind="long"),
), ("special need", "bijzondere noden", "besoins particuliers"))  # fmt: skip

OBSERVATIONS = Sheet("Observations", "observations", "Measured or published values of an object.", (
    _object_kind(*_ASSETS),
    _object(*_ASSETS),
    Column("Metric", "metric", "choice", "What was measured, with its unit.", "power_w", True, ("meting", "mesure"), choices=tuple(METRICS)),
    _number("Value", "value", "In the metric's unit.", "312", (), "waarde", "valeur", low=0, high=1e12, required=True),
    _text("Unit", "unit", "May be empty; another than the metric's is refused.", "W", "eenheid", "unité", max_length=20),
    Column("Basis", "basis", "choice", "measured, nameplate (on the device) or type (published).", "measured", True, ("basis", "base"), choices=("measured", "nameplate", "type")),
    Column("Statistic", "statistic", "choice", "value for a single one.", "peak", True, ("statistiek", "statistique"), choices=("peak", "p95", "mean", "value")),
    _date("Observed at", "observed_at", "YYYY-MM-DD HH:MM, Brussels time.", "2026-03-01 10:00", "gemeten op", "mesuré le", kind="moment"),
    _date("Interval start", "interval_start", "Start of the measured period.", "", "begin", "début", kind="moment"),
    _date("Interval end", "interval_end", "End of the measured period.", "", "einde", "fin", kind="moment"),
    _text("Source", "source", "Where the value comes from.", "PDU readings", "bron"),
), ("observation", "metingen", "mesures", "measurements"))  # fmt: skip

CIRCUITS = Sheet("Circuits", "circuits", "Lines between buildings.", (
    Column("Circuit id", "cid", "identifier", "The provider's number, as text; unique per provider.", "IRIS-00042", True, ("cid", "circuit", "lijnnummer", "numéro de ligne"), max_length=100),
    _naming("Provider", "provider_id", "providers", "Who provides the line.", "IRISnet", "leverancier", "fournisseur", required=True),
    _text("Type", "type", "Kind of line.", "Dark fibre", "soort", max_length=100),
    _status("active", "planned", "provisioning", "offline", "deprovisioning", "decommissioned"),
    _tenant(),
    _number("Rate (Mbit/s)", "rate_mbps", "What the line really gives.", "1000", c.MBPS, "bandwidth", "bandbreedte", "débit", "speed", above=0, high=1e7),
    Column("Sites", "site_ids", "objects", "Sites it ends at, separated by ; .", "Brussels City Hall", aliases=("site", "gebouwen", "bâtiments"), refers_to=("Sites",)),
), ("circuit", "lijnen", "lignes", "lines"), ("providers",))  # fmt: skip

SHEETS: tuple[Sheet, ...] = (
    SITES, ROOMS, RACKS, DEVICE_TYPES, DEVICES, POWER, CLUSTERS, VIRTUAL_MACHINES, TENANTS, APPLICATIONS, MEMBERS, FLOWS,
    WINDOWS, CONSTRAINTS, SPECIAL_NEEDS, OBSERVATIONS, CIRCUITS,
)  # fmt: skip
SHEET_BY_NAME: dict[str, Sheet] = {sheet.name: sheet for sheet in SHEETS}
