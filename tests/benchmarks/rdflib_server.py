"""rdflib-endpoint over one file, run by the Python of its own environment: `python rdflib_server.py FILE PORT`.

The graph is loaded once. Each process that serves is a fork, and is followed by another when it is killed: a query that doesn't end
can be got rid of without loading the graph again.
"""

import gc
import os
import sys

import rdflib
import uvicorn
from rdflib_endpoint import SparqlEndpoint


def main() -> None:
    """Loads, then serves until the process that holds the graph is ended."""
    graph = rdflib.Graph()
    graph.parse(sys.argv[1], format="nt")
    gc.freeze()
    while True:
        child = os.fork()
        if child == 0:
            uvicorn.run(SparqlEndpoint(graph=graph), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):  # it wasn't killed: it can't serve
            sys.exit(1)


if __name__ == "__main__":
    main()
