"""The index of the lists: every class that has instances, by the groups of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext

from territoires.results import Literal, NamedNode, rows
from territoires.vocabulary import shorten
from territoires.web.dimensions import expand, superclasses
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import Value, namer
from territoires.web.service import service


@dataclass(frozen=True)
class Group:
    """A group of classes: those that it names, and those below them that no other group names."""

    title: object
    about: object
    roots: tuple[str, ...]


Counted = tuple[Value, int, str]
"""A class, the number of its instances, the address of its list."""

GROUPS = (
    Group(lazy_gettext("Territories"), lazy_gettext("Pays, parks, and the administrative areas around them"), ("tdp:Territory",)),
    Group(
        lazy_gettext("Clusters and enterprises"),
        lazy_gettext("Who groups enterprises, and how a territory relates to a cluster"),
        ("tdp:Cluster", "tdp:ClusterRelation", "tdp:ClusterManagementBody", "tdp:BusinessNetwork", "tdp:Enterprise"),
    ),
    Group(
        lazy_gettext("Funding"),
        lazy_gettext("Who paid what, through which programme and which fund, and what was only planned"),
        ("tdp:FundingFlow", "tdp:FundingProgramme", "tdp:Fund", "tdp:Involvement", "tdp:ContributionRule", "tdp:Shareholding"),
    ),
    Group(
        lazy_gettext("Calls and labels"),
        lazy_gettext("Who applied for what, with which outcome; who holds a label"),
        ("tdp:CallForProjects", "tdp:Application", "tdp:LabelAward", "tdp:LabelScheme", "tdp:TerritorialBrand"),
    ),
    Group(
        lazy_gettext("Actions"),
        lazy_gettext("Projects, services, studies, events: done, under way or planned"),
        ("tdp:Action", "tdp:Effect", "tdp:ActionTypeAssignment", "tdp:ActionSheet", "tdp:SheetItem", "tdp:Plan"),
    ),
    Group(
        lazy_gettext("Territorial responsibility (RSET)"),
        lazy_gettext("Practices, and what the source says of them: present, planned or declared absent"),
        ("tdp:RSETPractice", "tdp:RSETStatement", "tdp:TerritoryWithRSETPractice"),
    ),
    Group(
        lazy_gettext("Advice, obstacles and findings"),
        lazy_gettext("What territories and experts say, and to whom"),
        ("tdp:Statement",),
    ),
    Group(
        lazy_gettext("Bodies and persons"),
        lazy_gettext("Who carries, funds, governs; legal forms over time; posts"),
        ("org:Organization", "foaf:Person", "org:Post", "org:Membership", "org:ChangeEvent", "tdp:Remit", "tdp:LegalFormPeriod",
         "tdp:CarrierPeriod"),
    ),
    Group(
        lazy_gettext("Laws and reforms"),
        lazy_gettext("Laws, their articles, effects and impacts"),
        ("tdp:Law", "tdp:LegalArticle", "tdp:LegalEffect", "tdp:ReformImpact"),
    ),
    Group(
        lazy_gettext("Figures"),
        lazy_gettext("Inhabitants, communes, firms, shares, with year and precision"),
        ("qb:Observation", "qb:DataSet", "qb:DataStructureDefinition",
         "qb:MeasureProperty", "qb:DimensionProperty", "qb:AttributeProperty"),
    ),
    Group(
        lazy_gettext("Sources"),
        lazy_gettext("Passages of the mémento, its sections, and what doesn't agree in it"),
        ("tdp:Document", "tdp:Discrepancy", "tdp:RubricSilence"),
    ),
)  # fmt: skip
OTHERS = Group(lazy_gettext("Vocabulary and technique"), lazy_gettext("Concepts, periods, rules, graphs"), ())


def grouped_classes() -> list[tuple[Group, list[Counted]]]:
    """The groups with their classes, by name; a group without any is left out."""
    return remembered(group_classes, "groups", current_language(), request.root_path)


def group_classes() -> list[tuple[Group, list[Counted]]]:
    """Puts each class into its group."""
    found: Mapping[int, list[Counted]] = {number: [] for number in range(len(GROUPS) + 1)}
    for item in counted_classes():
        found[group_of(item[0].iri)].append(item)
    return [(group, found[number]) for number, group in enumerate((*GROUPS, OTHERS)) if found[number]]


def group_of(cls: str) -> int:
    """The number of the group that names a class, else of the first that names a wider one, else of the others."""
    lineage = superclasses().get(cls, frozenset())
    roots = [{expand(name) for name in group.roots} for group in GROUPS]
    named = [number for number, names in enumerate(roots) if cls in names]
    below = [number for number, names in enumerate(roots) if lineage & names]
    return (*named, *below, len(GROUPS))[0]


def counted_classes() -> list[Counted]:
    """Each class with the number of its instances, those of subclasses included, and the address of its list, by name."""
    return remembered(count_classes, "classes", current_language(), request.root_path)


def count_classes() -> list[Counted]:
    """Counts them."""
    store, views = service().store, service().views
    found = [(row["class"], row["count"]) for row in rows(store.query(views.text("classes", store.base)))]
    pairs = [(cls.value, int(count.value)) for cls, count in found if isinstance(cls, NamedNode) and isinstance(count, Literal)]
    names = namer(cls for cls, _ in pairs)
    listed = [(names.named(cls), count, f"{request.root_path}/liste/{class_name(cls)}") for cls, count in pairs]
    return sorted(listed, key=lambda item: item[0].text.casefold())


def class_name(cls: str) -> str:
    """A class as it stands in the address of its list: Pays, org:Post."""
    return shorten(cls, service().store.base).removeprefix("tdp:")
