"""The page of the reconciliation for people: what it is, how OpenRefine takes it, and one name to try, without any script."""

import time

from flask import Response, render_template, request

from territoires.formats import HTML
from territoires.knowledge.kinds import TYPES
from territoires.knowledge.reconciliation import Found, Question
from territoires.web.answering import client
from territoires.web.batches import BATCH
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.manifest import FEATURES
from territoires.web.naming import namer
from territoires.web.reconciling import charged_work, missing, properties, reconciler, root
from territoires.web.service import service

EXAMPLES = (
    ("Chaumont", "Commune", ""),
    ("Chaumont", "Commune", "Haute-Marne"),
    ("St Gervais sous Meymont", "", ""),
    ("52269", "", ""),
    ("Pays de Langres", "", ""),
)
"""Names to try: text, type, département."""


def page(question: Question | None) -> Response:
    """The page, with the answer to what its form asks."""
    found: list[Found] = []
    spent, why = 0.0, missing()
    if question and not why:
        with charged_work() as work:
            found = reconciler().answer(question)
            spent = time.monotonic() - work.began
    language = current_language()
    names = namer([])
    body = render_template(
        "reconcile/reconcile.html",
        endpoint=root(),
        asked=question,
        found=[(each, names.named(each.iri).href) for each in found],
        milliseconds=round(spent * 1000),
        why=why,
        given={name: request.args.get(name, "") for name in ("query", "type", "departement", "region")},
        types=[(each.name, each.title(language)) for each in TYPES.values()],
        properties=[(each.name, each.title(language), each.description(language)) for each in properties().all()],
        features=FEATURES,
        examples=EXAMPLES,
        batch=BATCH,
        canonical="/reconcile",
    )
    response = Response(body, content_type=HTML.content_type)
    if question:
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers.update(service().budgets.headers(client()))
    return cached(response, HTML.name, why)
