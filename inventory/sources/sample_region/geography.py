"""Where the region's server rooms are: the 19 municipalities of Brussels and buildings of its public bodies.

Names are the bodies' own, in both languages; coordinates are approximate (WGS 84). That such a building holds a server
room, and what is in it, is invented. How many rooms a region of a given size has is for `places`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Municipality:
    """`latitude` and `longitude` of its centre."""

    slug: str
    name_fr: str
    name_nl: str
    postcode: int
    latitude: float
    longitude: float

    @property
    def name(self) -> str:
        return self.name_fr if self.name_fr == self.name_nl else f"{self.name_fr} / {self.name_nl}"


MUNICIPALITIES = (
    Municipality("anderlecht", "Anderlecht", "Anderlecht", 1070, 50.8366, 4.3095),
    Municipality("auderghem", "Auderghem", "Oudergem", 1160, 50.8157, 4.4331),
    Municipality("berchem", "Berchem-Sainte-Agathe", "Sint-Agatha-Berchem", 1082, 50.8644, 4.2939),
    Municipality("bruxelles", "Bruxelles", "Brussel", 1000, 50.8467, 4.3525),
    Municipality("etterbeek", "Etterbeek", "Etterbeek", 1040, 50.8361, 4.3886),
    Municipality("evere", "Evere", "Evere", 1140, 50.8722, 4.4033),
    Municipality("forest", "Forest", "Vorst", 1190, 50.8108, 4.3242),
    Municipality("ganshoren", "Ganshoren", "Ganshoren", 1083, 50.8714, 4.3083),
    Municipality("ixelles", "Ixelles", "Elsene", 1050, 50.8333, 4.3667),
    Municipality("jette", "Jette", "Jette", 1090, 50.8778, 4.3261),
    Municipality("koekelberg", "Koekelberg", "Koekelberg", 1081, 50.8622, 4.3258),
    Municipality("molenbeek", "Molenbeek-Saint-Jean", "Sint-Jans-Molenbeek", 1080, 50.8550, 4.3289),
    Municipality("saint-gilles", "Saint-Gilles", "Sint-Gillis", 1060, 50.8289, 4.3458),
    Municipality("saint-josse", "Saint-Josse-ten-Noode", "Sint-Joost-ten-Node", 1210, 50.8540, 4.3689),
    Municipality("schaerbeek", "Schaerbeek", "Schaarbeek", 1030, 50.8676, 4.3737),
    Municipality("uccle", "Uccle", "Ukkel", 1180, 50.8022, 4.3389),
    Municipality("watermael", "Watermael-Boitsfort", "Watermaal-Bosvoorde", 1170, 50.7990, 4.4147),
    Municipality("woluwe-lambert", "Woluwe-Saint-Lambert", "Sint-Lambrechts-Woluwe", 1200, 50.8433, 4.4283),
    Municipality("woluwe-pierre", "Woluwe-Saint-Pierre", "Sint-Pieters-Woluwe", 1150, 50.8360, 4.4530),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of building: how many servers a room of it has next to others, and the rate of its IRISnet line."""

    server_weight: float
    rate_mbps: int
    area_m2: tuple[int, int]


KINDS = {
    "data-room": Kind(60, 10_000, (60, 180)),
    "hub": Kind(14, 10_000, (20, 40)),
    "headquarters": Kind(36, 10_000, (40, 120)),
    "control-centre": Kind(40, 2_000, (40, 90)),
    "agency": Kind(16, 1_000, (15, 45)),
    "town-hall": Kind(14, 500, (10, 35)),
    "welfare": Kind(8, 200, (8, 20)),
    "police": Kind(18, 500, (12, 40)),
    "fire": Kind(10, 500, (10, 25)),
    "school-service": Kind(7, 200, (8, 20)),
    "archive": Kind(5, 20, (15, 30)),
    "depot": Kind(14, 200, (12, 30)),
    "station": Kind(7, 100, (6, 15)),
    "substation": Kind(13, 100, (10, 25)),
    "branch": Kind(5, 100, (6, 15)),
}


@dataclass(frozen=True, slots=True)
class Building:
    """One building: whose it is (`partner`, `tenant` slugs), of which kind, where, and how many rooms it has."""

    slug: str
    name: str
    kind: str
    partner: str
    tenant: str
    municipality: str
    address: str
    latitude: float
    longitude: float
    rooms: int = 1


def _at(
    partner: str, tenant: str, kind: str, rows: tuple[tuple[str, str, str, str, float, float, int], ...]
) -> tuple[Building, ...]:
    return tuple(
        Building(slug, name, kind, partner, tenant, town, street, lat, lon, rooms)
        for slug, name, town, street, lat, lon, rooms in rows
    )


CIRB = (
    *_at("cirb", "cirb", "data-room", (
        ("cirb-arts", "CIRB / CIBG, avenue des Arts", "saint-josse", "Avenue des Arts 21", 50.8485, 4.3690, 2),
        ("cirb-heliport", "CIRB / CIBG, Héliport", "bruxelles", "Chaussée d'Anvers 59", 50.8622, 4.3530, 2),
    )),
    *_at("cirb", "irisnet", "hub", (
        ("irisnet-nord", "IRISnet, Nord / Noord", "bruxelles", "Boulevard du Roi Albert II 30", 50.8620, 4.3580, 1),
        ("irisnet-midi", "IRISnet, Midi / Zuid", "saint-gilles", "Avenue Fonsny 47", 50.8345, 4.3372, 1),
    )),
    *_at("cirb", "sprb", "headquarters", (
        ("sprb-iris", "Iris Tower, SPRB / GOB", "saint-josse", "Place Saint-Lazare 2", 50.8598, 4.3612, 2),
    )),
    *_at("cirb", "environnement", "agency", (
        ("environnement-tt", "Bruxelles Environnement / Leefmilieu Brussel", "bruxelles",
         "Avenue du Port 86C", 50.8655, 4.3478, 1),
    )),
    *_at("cirb", "fiscalite", "agency", (
        ("fiscalite", "Bruxelles Fiscalité / Brussel Fiscaliteit", "bruxelles",
         "Boulevard Baudouin 30", 50.8583, 4.3508, 1),
    )),
    *_at("cirb", "perspective", "agency", (
        ("perspective", "perspective.brussels", "bruxelles", "Rue de Namur 59", 50.8398, 4.3608, 1),
    )),
)  # fmt: skip

STIB = (
    *_at("stib", "stib", "headquarters", (
        ("stib-royale", "STIB / MIVB, rue Royale", "bruxelles", "Rue Royale 76", 50.8497, 4.3640, 2),
        ("stib-atrium", "STIB / MIVB, Atrium", "etterbeek", "Avenue de la Toison d'Or 15", 50.8365, 4.3585, 1),
    )),
    *_at("stib", "stib-exploitation", "control-centre", (
        ("stib-dispatching", "STIB / MIVB, dispatching", "bruxelles", "Rue du Marais 22", 50.8512, 4.3589, 1),
    )),
    *_at("stib", "stib-exploitation", "depot", (
        ("depot-delta", "Dépôt Delta / stelplaats Delta", "auderghem", "Boulevard du Triomphe 201",
         50.8180, 4.4038, 1),
        ("depot-haren", "Dépôt Haren / stelplaats Haren", "bruxelles", "Rue du Biplan 1", 50.8893, 4.4195, 1),
        ("depot-brel", "Dépôt Jacques Brel", "anderlecht", "Boulevard Industriel 12", 50.8360, 4.3168, 1),
        ("depot-marly", "Dépôt Marly / stelplaats Marly", "bruxelles", "Rue de Ransbeek 56", 50.9050, 4.3905, 1),
        ("depot-ixelles", "Dépôt Ixelles / stelplaats Elsene", "ixelles",
         "Avenue de l'Hippodrome 104", 50.8188, 4.3762, 1),
        ("depot-molenbeek", "Dépôt Molenbeek", "molenbeek", "Rue d'Enghien 51", 50.8562, 4.3243, 1),
        ("depot-rogier", "Dépôt Schaerbeek, avenue Rogier", "schaerbeek", "Avenue Rogier 250", 50.8601, 4.3900, 1),
        ("depot-stalle", "Dépôt avenue du Roi / Koningslaan", "saint-gilles", "Avenue du Roi 163",
         50.8247, 4.3320, 1),
    )),
    *_at("stib", "stib-metro", "station", (
        ("station-arts-loi", "Station Arts-Loi / Kunst-Wet", "saint-josse", "Rue de la Loi", 50.8452, 4.3693, 1),
        ("station-centrale", "Gare Centrale / Centraal Station", "bruxelles",
         "Carrefour de l'Europe", 50.8456, 4.3571, 1),
        ("station-midi", "Gare du Midi / Zuidstation", "saint-gilles", "Rue Couverte", 50.8364, 4.3353, 1),
        ("station-louise", "Station Louise / Louiza", "ixelles", "Place Louise", 50.8373, 4.3567, 1),
        ("station-rogier", "Station Rogier", "saint-josse", "Place Rogier", 50.8559, 4.3587, 1),
        ("station-schuman", "Station Schuman", "bruxelles", "Rond-point Schuman", 50.8430, 4.3817, 1),
        ("station-simonis", "Station Simonis", "koekelberg", "Boulevard Léopold II", 50.8637, 4.3292, 1),
        ("station-elisabeth", "Station Elisabeth", "koekelberg", "Boulevard Léopold II", 50.8646, 4.3280, 1),
    )),
)  # fmt: skip

SIBELGA = (
    *_at("sibelga", "sibelga", "headquarters", (
        ("sibelga-usines", "Sibelga, quai des Usines / Werkhuizenkaai", "bruxelles",
         "Quai des Usines 16", 50.8795, 4.3720, 2),
        ("sibelga-rodenem", "Sibelga, magasins / magazijnen", "forest",
         "Chaussée de Neerstalle 140", 50.8060, 4.3165, 1),
    )),
    *_at("sibelga", "sibelga-reseaux", "control-centre", (
        ("sibelga-dispatching", "Sibelga, dispatching", "bruxelles", "Quai des Usines 18", 50.8797, 4.3725, 1),
    )),
    *_at("sibelga", "sibelga-reseaux", "substation", (
        ("poste-volta", "Poste Volta", "ixelles", "Rue Volta 10", 50.8220, 4.3830, 1),
        ("poste-heliport", "Poste Héliport", "bruxelles", "Rue de l'Héliport", 50.8650, 4.3520, 1),
        ("poste-buda", "Poste Buda", "bruxelles", "Rue de Buda", 50.9020, 4.4060, 1),
        ("poste-demets", "Poste quai Demets / Demetskaai", "anderlecht", "Quai Demets 40", 50.8350, 4.3090, 1),
        ("poste-americaine", "Poste Américaine / Amerikaanse", "ixelles", "Rue Américaine 90", 50.8260, 4.3560, 1),
        ("poste-josaphat", "Poste Josaphat", "schaerbeek", "Rue Josaphat 150", 50.8620, 4.3780, 1),
        ("poste-wiertz", "Poste Wiertz", "ixelles", "Rue Wiertz", 50.8370, 4.3740, 1),
        ("poste-pacheco", "Poste Pacheco", "bruxelles", "Boulevard Pachéco", 50.8510, 4.3610, 1),
        ("poste-elan", "Poste L'Élan / De Eland", "watermael", "Avenue de l'Élan", 50.8010, 4.4250, 1),
    )),
)  # fmt: skip

_POLICE = (
    ("police-5339", "Zone 5339 Bruxelles-Capitale-Ixelles", "bruxelles",
     "Rue du Marché au Charbon 30", 50.8455, 4.3490, 2),
    ("police-5340", "Zone 5340 Bruxelles-Ouest / Brussel-West", "molenbeek", "Rue Haeck 65", 50.8610, 4.3200, 1),
    ("police-5341", "Zone 5341 Midi / Zuid", "anderlecht", "Rue Démosthène 36", 50.8370, 4.3120, 1),
    ("police-5342", "Zone 5342 Marlow", "uccle", "Square Georges Marlow 3", 50.8050, 4.3440, 1),
    ("police-5343", "Zone 5343 Montgomery", "etterbeek", "Chaussée Saint-Pierre 122", 50.8370, 4.3930, 1),
    ("police-5344", "Zone 5344 Polbruno", "schaerbeek", "Avenue Roodebeek 44", 50.8525, 4.4040, 1),
)  # fmt: skip
_AGENCIES = (
    ("mobiris", "mobilite", "agency", "Bruxelles Mobilité / Brussel Mobiliteit, Mobiris",
     "bruxelles", "Rue du Progrès 80", 50.8612, 4.3590, 1),
    ("archives", "bruxelles", "archive", "Archives de la Ville / Stadsarchief", "bruxelles",
     "Rue des Tanneurs 65", 50.8388, 4.3450, 1),
    ("siamu-heliport", "siamu", "fire", "SIAMU / DBDMH, Héliport", "bruxelles",
     "Avenue de l'Héliport 15", 50.8640, 4.3515, 1),
    ("siamu-delta", "siamu", "fire", "SIAMU / DBDMH, poste Delta", "auderghem",
     "Rue Jules Cockx 10", 50.8165, 4.4050, 1),
    ("port", "port", "agency", "Port de Bruxelles / Haven van Brussel", "bruxelles",
     "Place des Armateurs 6", 50.8700, 4.3520, 1),
    ("actiris", "actiris", "agency", "Actiris", "saint-josse", "Avenue de l'Astronomie 14", 50.8515, 4.3700, 2),
    ("cocof-enseignement", "cocof", "school-service", "COCOF, enseignement", "bruxelles",
     "Rue des Palais 42", 50.8620, 4.3640, 1),
    ("instruction-publique", "bruxelles", "school-service", "Instruction publique de la Ville",
     "bruxelles", "Boulevard d'Anvers 1", 50.8565, 4.3540, 1),
    ("onderwijs-vgc", "vgc", "school-service", "VGC, onderwijs", "bruxelles",
     "Emile Jacqmainlaan 135", 50.8560, 4.3560, 1),
    ("slrb", "slrb", "agency", "SLRB / BGHM", "saint-gilles", "Rue Jourdan 45", 50.8340, 4.3530, 1),
    ("proprete", "proprete", "agency", "Bruxelles-Propreté / Net Brussel", "bruxelles",
     "Avenue de Broqueville 12", 50.8400, 4.4060, 1),
)  # fmt: skip
# Town halls by their approximate places; the order is the order in which smaller regions take them.
_TOWN_HALLS = (
    ("bruxelles", "Grand-Place 1", 50.8465, 4.3523, 2), ("schaerbeek", "Place Colignon", 50.8676, 4.3737, 1),
    ("anderlecht", "Place du Conseil 1", 50.8412, 4.3180, 1), ("ixelles", "Chaussée d'Ixelles 168",
     50.8338, 4.3660, 1),
    ("molenbeek", "Rue du Comte de Flandre 20", 50.8548, 4.3385, 1), ("uccle", "Rue de Stalle 77",
     50.8010, 4.3300, 1),
    ("woluwe-lambert", "Avenue Paul Hymans 2", 50.8420, 4.4250, 1), ("forest", "Rue du Curé 2", 50.8100, 4.3180, 1),
    ("saint-gilles", "Place Maurice Van Meenen 39", 50.8260, 4.3440, 1), ("jette",
     "Chaussée de Wemmel 100", 50.8800, 4.3240, 1),
    ("etterbeek", "Avenue des Casernes 31", 50.8300, 4.3910, 1), ("evere",
     "Square S. Hoedemaekers 10", 50.8710, 4.4010, 1),
    ("woluwe-pierre", "Avenue Charles Thielemans 93", 50.8350, 4.4320, 1), ("auderghem",
     "Rue Émile Idiers 12", 50.8160, 4.4320, 1),
    ("saint-josse", "Avenue de l'Astronomie 12", 50.8510, 4.3705, 1), ("watermael",
     "Place Antoine Gilson 1", 50.7985, 4.4150, 1),
    ("berchem", "Avenue du Roi Albert 33", 50.8640, 4.2930, 1), ("ganshoren",
     "Avenue Charles-Quint 140", 50.8700, 4.3120, 1),
    ("koekelberg", "Place Henri Vanhuffel 6", 50.8620, 4.3260, 1),
)  # fmt: skip
_WELFARE = ("bruxelles", "schaerbeek", "anderlecht", "ixelles", "molenbeek", "uccle", "forest", "saint-gilles", "jette",
            "etterbeek", "evere", "woluwe-lambert")  # fmt: skip


def municipality(slug: str) -> Municipality:
    return next(town for town in MUNICIPALITIES if town.slug == slug)


def _town_halls() -> tuple[Building, ...]:
    found = []
    for slug, street, lat, lon, rooms in _TOWN_HALLS:
        town = municipality(slug)
        name = f"Maison communale / gemeentehuis {town.name}"
        found.append(
            Building(f"commune-{slug}", name, "town-hall", "others", slug, slug, street, lat, lon, rooms)
        )
    return tuple(found)


def _welfare() -> tuple[Building, ...]:
    found = []
    for number, slug in enumerate(_WELFARE):
        town = municipality(slug)
        lat, lon = town.latitude + 0.002 * (number % 3 - 1), town.longitude + 0.003 * (number % 2)
        name, street = f"CPAS / OCMW {town.name}", f"CPAS de {town.name_fr}"
        found.append(
            Building(f"cpas-{slug}", name, "welfare", "others", f"cpas-{slug}", slug, street, lat, lon)
        )
    return tuple(found)


def _others() -> tuple[Building, ...]:
    halls, welfare = _town_halls(), _welfare()
    police = tuple(b for row in _POLICE for b in _at("others", row[0], "police", (row,)))
    agencies = tuple(
        Building(slug, name, kind, "others", tenant, town, street, lat, lon, rooms)
        for slug, tenant, kind, name, town, street, lat, lon, rooms in _AGENCIES
    )
    # Interleaved, so that a small region has some of each.
    return (halls[0], agencies[1], police[0], agencies[0], halls[1], welfare[0], agencies[2], police[1], *agencies[3:6],
            *halls[2:6], *police[2:], *welfare[1:5], *agencies[6:], *halls[6:], *welfare[5:])  # fmt: skip


BUILDINGS: dict[str, tuple[Building, ...]] = {
    "cirb": CIRB,
    "stib": (STIB[0], STIB[2], STIB[3], STIB[11], STIB[1], *STIB[4:11], *STIB[12:]),
    "sibelga": (SIBELGA[0], SIBELGA[2], SIBELGA[3], SIBELGA[1], *SIBELGA[4:]),
    "others": _others(),
}

PARTNERS = {
    "cirb": "CIRB / CIBG",
    "stib": "STIB / MIVB",
    "sibelga": "Sibelga",
    "others": "Other public bodies",
}

TENANTS: dict[str, tuple[str, str]] = {
    "cirb": ("CIRB / CIBG", "cirb"),
    "irisnet": ("IRISnet", "cirb"),
    "sprb": ("SPRB / GOB", "cirb"),
    "environnement": ("Bruxelles Environnement / Leefmilieu Brussel", "cirb"),
    "fiscalite": ("Bruxelles Fiscalité / Brussel Fiscaliteit", "cirb"),
    "perspective": ("perspective.brussels", "cirb"),
    "stib": ("STIB / MIVB", "stib"),
    "stib-exploitation": ("STIB / MIVB, exploitation", "stib"),
    "stib-metro": ("STIB / MIVB, métro / metro", "stib"),
    "sibelga": ("Sibelga", "sibelga"),
    "sibelga-reseaux": ("Sibelga, réseaux / netten", "sibelga"),
    "mobilite": ("Bruxelles Mobilité / Brussel Mobiliteit", "others"),
    "siamu": ("SIAMU / DBDMH", "others"),
    "port": ("Port de Bruxelles / Haven van Brussel", "others"),
    "actiris": ("Actiris", "others"),
    "cocof": ("COCOF", "others"),
    "vgc": ("VGC", "others"),
    "slrb": ("SLRB / BGHM", "others"),
    "proprete": ("Bruxelles-Propreté / Net Brussel", "others"),
    **{row[0]: (row[1], "others") for row in _POLICE},
    **{town.slug: (f"Commune / gemeente {town.name}", "others") for town in MUNICIPALITIES},
    **{f"cpas-{slug}": (f"CPAS / OCMW {municipality(slug).name}", "others") for slug in _WELFARE},
}
