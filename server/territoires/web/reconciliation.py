"""What is written on the routes of the reconciliation service."""

from collections.abc import Mapping

from flask_babel import lazy_gettext

from territoires.web import reconcile
from territoires.web.operation import PAGE, Operation

RECONCILED = ("Cache-Control", "RateLimit", "RateLimit-Policy")
OPERATIONS: Mapping[str, Operation] = {
    "reconcile.show": Operation(
        "reconciliation",
        lazy_gettext("The manifest of the reconciliation service, its answers, and its page"),
        ("application/json", "text/html"),
        reconcile.OFFERED,
        (400, 406, 413, 414, 429, 504),
        ("queries", "extend", "query@table", "type@table", "limit", "departement", "region"),
        lazy_gettext("Reconciliation Service API 0.2. /fr/reconcile and /en/reconcile are the same in one language. 503: no gazetteer."),
        headers=("Cache-Control", "ETag", "RateLimit", "RateLimit-Policy"),
    ),
    "reconcile.receive": Operation(
        "reconciliation",
        lazy_gettext("Answers a batch of reconciliation queries, or a data extension query"),
        ("application/json",),
        statuses=(400, 413, 415, 429, 504),
        body="reconciliation",
        headers=RECONCILED,
    ),
    "reconcile.show_draft": Operation(
        "reconciliation", lazy_gettext("The manifest of the reconciliation service in the draft of version 1.0"), ("application/json",)
    ),
    "reconcile.match": Operation(
        "reconciliation",
        lazy_gettext("Answers a batch of reconciliation queries (draft of version 1.0)"),
        ("application/json",),
        statuses=(400, 413, 415, 429, 504),
        body="match",
        headers=RECONCILED,
    ),
    "reconcile.extend": Operation(
        "reconciliation",
        lazy_gettext("The values of properties for entities (draft of version 1.0)"),
        ("application/json",),
        statuses=(400, 413, 415, 429, 504),
        body="extension",
        headers=RECONCILED,
    ),
    "reconcile.propose": Operation(
        "reconciliation",
        lazy_gettext("The properties of a type"),
        ("application/json",),
        parameters=("type@table", "limit"),
        headers=("Cache-Control", "ETag", "RateLimit"),
    ),
    "reconcile.suggest": Operation(
        "reconciliation",
        lazy_gettext("Entities, types or properties whose name or code begins so"),
        ("application/json",),
        statuses=(429,),
        parameters=("prefix", "type@table", "cursor", "limit"),
        headers=("Cache-Control", "ETag", "RateLimit"),
    ),
    "reconcile.flyout": Operation(
        "reconciliation",
        lazy_gettext("A small preview of a suggestion, in JSON"),
        ("application/json",),
        statuses=(429,),
        parameters=("id",),
        headers=("Cache-Control", "ETag", "RateLimit"),
    ),
    "reconcile.preview": Operation(
        "reconciliation",
        lazy_gettext("A small page on an entity, which may stand in a frame of another page"),
        PAGE,
        statuses=(404, 429),
        parameters=("id",),
    ),
    "reconcile.view": Operation(
        "reconciliation", lazy_gettext("Sends on to the page of an entity"), statuses=(303, 404), parameters=("id",), headers=()
    ),
}
"""Endpoint -> what is written on it."""
