"""Maps as SVG, drawn by the server: where places are (`locate`), how a figure is spread over them (`shade`), their GeoJSON (`features`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from babel.numbers import format_decimal
from flask import request
from flask_babel import get_locale, gettext

from territoires.knowledge.geography import FRANCE, Box, Geography, Place, around, read_geography
from territoires.web.addresses import address
from territoires.web.cartography import CHARACTER, INSET, Canvas, Label, beside, extent, scale_length, short, within
from territoires.web.service import service

REGION_VIEW = 420
"""Kilometres: what is no larger is shown with its surroundings, on a sheet of its own."""
PROPORTION = 4 / 3
NAME_SIZE, GROUND_SIZE = 36, 30
"""Height that the names of places and of their surroundings have at most, in units of a sheet 1000 wide: that of narrow screens."""
OVERVIEW = 130
"""Width of the small map of France, in units."""


@dataclass(frozen=True)
class Area:
    """A place on the map; `kind` is its CSS class, `says` what stands after its name."""

    key: str
    name: str
    path: str
    kind: str = ""
    href: str = ""
    says: str = ""

    @property
    def text(self) -> str:
        """What it says in a word."""
        return f"{self.name}{gettext(': ')}{self.says}" if self.says else self.name


@dataclass(frozen=True)
class Sheet:
    """A drawing: what lies around, what it is about, names, other places, frames of what is overseas, scale (kilometres, units)."""

    width: int
    height: int
    ground: tuple[Area, ...]
    areas: tuple[Area, ...]
    labels: tuple[Label, ...] = ()
    names: tuple[Label, ...] = ()
    marks: tuple[Area, ...] = ()
    frames: tuple[tuple[int, int], ...] = ()
    scale: tuple[int, int] | None = None
    mark: tuple[int, int, int, int] | None = None

    @property
    def frame(self) -> int:
        """The side of a frame."""
        return INSET


@dataclass(frozen=True)
class Class:
    """A class of the legend: its CSS class, and its values in words."""

    kind: str
    text: str


@dataclass(frozen=True)
class Map:
    """A map for the macro `figure`: title, drawing, small overview, legend, credit, and the address of its data as GeoJSON."""

    title: str
    sheet: Sheet
    overview: Sheet | None
    credit: str
    data: str
    legend: tuple[Class, ...] = ()
    unit: str = ""

    def of(self, figure: str) -> "Map":
        """The map whose data hold that figure too."""
        return replace(self, data=f"{self.data}&figure={figure}")

    @property
    def places(self) -> tuple[Area, ...]:
        """What the map is about, by name."""
        return tuple(sorted(self.sheet.areas, key=lambda area: area.name.casefold()))


def geography() -> Geography:
    """The outlines at this release's base."""
    return read_geography(service().settings.home, service().store.base)


def locate(iris: Iterable[str], title: str = "") -> Map | None:
    """Where these territories, départements and régions are; None when none of them has an outline. No query is asked."""
    known = geography()
    wanted = frozenset(iris)
    places = known.find(wanted)
    if not places:
        return None
    sheet, overview = draw(known, tuple(place.key for place in places))
    query = "&".join(f"layer={layer}" for layer in dict.fromkeys(place.layer for place in reversed(places)))
    called = title or gettext("Where it is: %(names)s", names=", ".join(short(place.name) for place in places[:4]))
    return Map(called, linked(sheet), overview, credit(known), f"{request.root_path}/carte.geojson?{query}")


def shade(
    values: Mapping[str, float], title: str, unit: str = "", shown: Mapping[str, str] | None = None, layer: str = "", nothing: str = ""
) -> Map | None:
    """How a figure is spread: IRI (or layer/code) -> number. `shown` has each number in words; None when no place has an outline.

    The whole layer is drawn, places without a number too, of which `nothing` is said; `layer` says which, else that of the places.
    """
    known = geography()
    places = [place for place in known.places if place.key in values]
    if not places:
        return None
    layer = layer or places[-1].layer
    numbers = {place.key: values[place.key] for place in places if place.layer == layer}
    classes = classify(list(numbers.values()))
    sheet = draw_layer(known, layer)
    words, missing = shown or {}, nothing or gettext("no figure")

    def shaded(area: Area) -> Area:
        if area.key not in numbers:
            return replace(area, kind="c0", says=missing)
        number = numbers[area.key]
        return replace(area, kind=f"c{rank(number, classes)}", says=words.get(area.key, f"{number:g} {unit}".strip()))

    sheet = linked(replace(sheet, areas=tuple(shaded(area) for area in sheet.areas)))
    data = f"{request.root_path}/carte.geojson?layer={layer}"
    return Map(title, sheet, None, credit(known), data, (*legend(classes, numbers.values()), Class("c0", missing)), unit)


def features(iris: Iterable[str]) -> dict[str, object]:
    """These places as a GeoJSON FeatureCollection in WGS84 (RFC 7946), each with its IRI, INSEE code and name."""
    return collection(geography(), geography().find(iris))


def collection(known: Geography, places: Iterable[Place], said: Mapping[str, Mapping[str, object]] | None = None) -> dict[str, object]:
    """Places as GeoJSON; `said` adds properties to those of a place, by its key."""
    found = []
    for place in places:
        own = {"iri": place.iri, "code": place.code, "name": place.name, "layer": place.layer}
        more = (said or {}).get(place.key, {})
        found.append({"type": "Feature", "properties": {k: v for k, v in own.items() if v} | dict(more), "geometry": place.geometry})
    return {"type": "FeatureCollection", "source": known.source, "licence": known.licence, "features": found}


def credit(known: Geography) -> str:
    """Whose outlines they are."""
    return str(gettext("Outlines: IGN Admin Express, INSEE; %(licence)s.", licence=known.licence))


def linked(sheet: Sheet) -> Sheet:
    """A drawing whose places lead to their pages on this host."""
    base = service().store.base

    def link(area: Area) -> Area:
        return replace(area, href=address(area.key, base, request.root_path)) if area.key.startswith(base) else area

    return replace(sheet, marks=tuple(link(area) for area in sheet.marks), areas=tuple(link(area) for area in sheet.areas))


@lru_cache(maxsize=256)
def draw(known: Geography, keys: tuple[str, ...]) -> tuple[Sheet, Sheet | None]:
    """The drawing of some places, and the overview where it doesn't show all of France."""
    places = [place for place in known.places if place.key in keys]
    home = [place for place in places if not place.overseas]
    if not home or len(home) < len(places) or max(around(home).width, around(home).height) > REGION_VIEW:
        canvas = Canvas(FRANCE, coarse=True)
        names = tuple(beside([place for place in home if place.layer == "territoires"], canvas, NAME_SIZE))
        return overseas(known, Sheet(1000, canvas.height, ground(known, canvas, "regions", places), areas(places, canvas), (), names)), None
    canvas = Canvas(frame(around(home)))
    return draw_near(known, canvas, places), overview(known, canvas.box)


def draw_near(known: Geography, canvas: Canvas, places: list[Place]) -> Sheet:
    """Some places with their surroundings: départements, other territories, names, a scale."""
    others = [place for place in known.layer("territoires") if place not in places and place.box.meets(canvas.box)]
    lands = [place for place in known.layer("departements") if place.box.meets(canvas.box)]
    marks = tuple(Area(place.key, place.name, canvas.path(place), "other") for place in others)
    territories = [place for place in (*places, *others) if place.layer == "territoires"]
    roomy = [place for place in territories if fits(place, canvas)]
    names = [Label(short(place.name), *canvas.middle(place), "middle") for place in roomy]
    kept = [(0.78 * canvas.width, 0.7 * canvas.height, 1e4, 1e4), (0, canvas.height - 70, 30 + canvas.width / 4, 1e4)]  # overview, scale
    names += beside([place for place in territories if place not in roomy and visible(place, canvas)], canvas, NAME_SIZE, kept)
    length = scale_length(canvas)
    labels = within(lands, canvas, territories, [*kept, *(extent(name, NAME_SIZE) for name in names)], GROUND_SIZE)
    lying = ground(known, canvas, "departements", places)
    return Sheet(
        1000, canvas.height, lying, areas(places, canvas), tuple(labels), tuple(names), marks, scale=(length, round(length / canvas.unit))
    )


def fits(place: Place, canvas: Canvas) -> bool:
    """Whether the name of a place has room on it."""
    half = CHARACTER / 2 * NAME_SIZE * len(short(place.name))
    x, y = canvas.middle(place)
    on_sheet = half < x < canvas.width - half and 20 < y < canvas.height - 20
    return on_sheet and place.box.width / canvas.unit > 2 * half


def visible(place: Place, canvas: Canvas) -> bool:
    """Whether the middle of a place is on the sheet."""
    x, y = canvas.middle(place)
    return 0 < x < canvas.width and 0 < y < canvas.height


def areas(places: Sequence[Place], canvas: Canvas) -> tuple[Area, ...]:
    """The places that a map is about; the overseas ones in their frames."""
    kinds = {"territoires": "territory"}
    return tuple(Area(place.key, place.name, canvas.path(place), kinds.get(place.layer, "land")) for place in places if not place.overseas)


def ground(known: Geography, canvas: Canvas, layer: str, places: Sequence[Place]) -> tuple[Area, ...]:
    """What lies around: a layer's places that the sheet shows."""
    found = [place for place in known.layer(layer) if place.box.meets(canvas.box) and not place.overseas]
    return tuple(Area(place.key, place.name, canvas.path(place)) for place in found if place not in places)


def overseas(known: Geography, sheet: Sheet) -> Sheet:
    """The drawing with the overseas régions in their frames."""
    canvas = Canvas(FRANCE, coarse=True)
    found = [place for place in known.layer("regions") if place.overseas]
    added = tuple(Area(place.key, place.name, canvas.inset(place, number)) for number, place in enumerate(found))
    return replace(sheet, ground=sheet.ground + added, frames=tuple(canvas.corner(number) for number in range(len(found))))


@lru_cache(maxsize=8)
def draw_layer(known: Geography, layer: str) -> Sheet:
    """All places of a layer on a map of France; territories lie on the régions."""
    canvas = Canvas(FRANCE, coarse=True)
    places = known.layer(layer)
    found = list(areas(places, canvas))
    lands = ground(known, canvas, "regions", places) if layer == "territoires" else ()
    names = tuple(beside(places, canvas, NAME_SIZE)) if layer == "territoires" else ()
    if layer == "territoires":
        return overseas(known, Sheet(1000, canvas.height, lands, tuple(found), names=names))
    away = [place for place in places if place.overseas]
    found += [Area(place.key, place.name, canvas.inset(place, number)) for number, place in enumerate(away)]
    return Sheet(1000, canvas.height, lands, tuple(found), names=names, frames=tuple(canvas.corner(n) for n in range(len(away))))


def overview(known: Geography, window: Box) -> Sheet:
    """France in small, with a frame around what the map shows."""
    canvas = Canvas(FRANCE, OVERVIEW, coarse=True)
    (left, top), (right, bottom) = canvas.point((window.west, window.north)), canvas.point((window.east, window.south))
    return Sheet(OVERVIEW, canvas.height, ground(known, canvas, "regions", ()), (), mark=(left, top, right - left, bottom - top))


def frame(box: Box) -> Box:
    """A rectangle of the usual proportion around some places, with their surroundings."""
    box = box.wider(max(14.0, 0.22 * max(box.width, box.height)))
    (x, y), width = box.centre, max(box.width, box.height * PROPORTION)
    return Box(x - width / 2, y - width / PROPORTION / 2, x + width / 2, y + width / PROPORTION / 2)


def classify(numbers: Sequence[float], most: int = 5) -> tuple[float, ...]:
    """The upper ends of the classes: each value its own where they are few, else classes of about as many places (quantiles)."""
    values = sorted(numbers)
    distinct = sorted(set(values))
    if len(distinct) <= most:
        return tuple(distinct)
    ends = [values[max(0, round(len(values) * part / most) - 1)] for part in range(1, most)]
    return tuple(sorted({*ends, distinct[-1]}))


def rank(number: float, classes: Sequence[float]) -> int:
    """The class of a number, from 1 to 5: the last is the darkest."""
    place = next(index for index, end in enumerate(classes) if number <= end)
    return 5 if len(classes) == 1 else 1 + round(place * 4 / (len(classes) - 1))


def legend(classes: Sequence[float], numbers: Iterable[float]) -> tuple[Class, ...]:
    """The classes in words, from the least to the most."""
    known = sorted(numbers)
    found, low = [], known[0]
    for end in classes:
        members = [number for number in known if low <= number <= end]
        found.append(Class(f"c{rank(end, classes)}", span(members[0], members[-1])))
        low = min((number for number in known if number > end), default=end)
    return tuple(found)


def span(low: float, high: float) -> str:
    """A class in words."""
    return decimal(low) if low == high else gettext("%(low)s to %(high)s", low=decimal(low), high=decimal(high))


def decimal(number: float) -> str:
    """A number in the reader's form."""
    return str(format_decimal(number, format="#,##0.##", locale=get_locale()))
