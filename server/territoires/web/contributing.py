"""What is written on the routes of those who write, in the description of the interface."""

from collections.abc import Mapping

from flask_babel import lazy_gettext

from territoires.formats import GRAPH
from territoires.web.differences import SHOWN
from territoires.web.history import LISTED
from territoires.web.operation import Operation, types

WRITTEN = ("application/json", "text/plain")
"""What a write is answered in."""
REFUSED = (400, 401, 403, 409, 413, 415, 422, 429, 503, 504, 507)
"""What a write may be answered otherwise."""
OPERATIONS: Mapping[str, Operation] = {
    "update.take_update": Operation(
        "sparql",
        lazy_gettext("Does a SPARQL update, for those who have a key"),
        WRITTEN,
        (),
        (204, *REFUSED),
        ("using-graph-uri", "using-named-graph-uri", "timeout", "reason"),
        lazy_gettext(
            "SPARQL 1.1 Protocol, updates only, with the header Authorization: Bearer. All operations of a request are done, or none. "
            "403: the service is read-only, or the key isn’t for that graph. 422: it would break the rules on the data; the report tells "
            "which."
        ),
        body="update",
        headers=("Cache-Control", "Territoires-Revision"),
    ),
    **dict.fromkeys(
        ("graph_store.read_graph", "graph_store.read_graph_here"),
        Operation(
            "sparql",
            lazy_gettext("The triples of a graph"),
            types(GRAPH[:4]),
            GRAPH[:4],
            (400, 404, 406, 429, 503, 504),
            ("graph", "default", "timeout"),
            lazy_gettext(
                "SPARQL 1.1 Graph Store Protocol. The entity tag names the content: send it back by If-Match with what is written."
            ),
        ),
    ),
    "history.show_history": Operation(
        "data",
        lazy_gettext("What was contributed and released, the newest first"),
        types(LISTED),
        LISTED,
        (400, 404, 406),
        ("resource", "page"),
        lazy_gettext("Of a resource each entry leads to its state then, and to what changed of it."),
    ),
    "differences.show_commit": Operation(
        "data", lazy_gettext("A contribution: who, when, why, and what it changed"), types(SHOWN), SHOWN, (404, 406)
    ),
    "differences.show_difference": Operation(
        "data",
        lazy_gettext("What differs between two revisions"),
        types(SHOWN),
        SHOWN,
        (400, 404, 406, 410, 413, 429),
        ("from", "to", "resource"),
        lazy_gettext(
            "Between two numbers it is what the commits did, whatever releases brought meanwhile. Across releases their patches are put "
            "together: persons and what stands under another licence than the whole are left out. 410: a release between isn’t kept. 413: "
            "so much differs that the patches of the releases tell it better."
        ),
    ),
    "history.undo": Operation(
        "data",
        lazy_gettext("Undoes a contribution by a new one, for those who have a key of scope undo"),
        WRITTEN,
        (),
        (204, *REFUSED),
        ("timeout", "reason"),
        headers=("Cache-Control", "Territoires-Revision"),
    ),
    **dict.fromkeys(
        ("graph_store.write_graph", "graph_store.write_graph_here"),
        Operation(
            "sparql",
            lazy_gettext("Writes to a graph, for those who have a key"),
            WRITTEN,
            (),
            (201, 204, *REFUSED, 404, 412),
            ("graph", "default", "timeout", "reason"),
            lazy_gettext(
                "SPARQL 1.1 Graph Store Protocol: PUT replaces the graph, POST adds to it or makes a new one where none is named, DELETE "
                "takes it away, PATCH does an update whose default graph it is."
            ),
            body="graph",
            headers=("Cache-Control", "Territoires-Revision"),
        ),
    ),
}
