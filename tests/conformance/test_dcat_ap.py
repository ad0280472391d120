"""The catalogue against the shapes of DCAT-AP 3, where TERRITOIRES_DCAT_AP names a folder that holds them; else nothing is collected.

The folder is releases/3.0.1/html/shacl of https://github.com/SEMICeu/DCAT-AP.
"""

import os
from pathlib import Path

import pyshacl
import rdflib
from flask import Flask
from rdflib import SH, URIRef

FILES = ("shapes.ttl", "range.ttl", "mdr-vocabularies.shape.ttl", "deprecateduris.ttl")
ALGORITHM = URIRef("http://spdx.org/rdf/terms#algorithm")
"""mdr-vocabularies.shape.ttl wants an address that begins with https:, of a class whose IRI begins with http:. SPDX's begin with http:."""

if SHAPES := os.environ.get("TERRITOIRES_DCAT_AP"):

    def test_no_violation(app: Flask) -> None:
        """No violation of properties, classes, code lists or withdrawn addresses; the one that SPDX's own IRI breaks must break."""
        catalogue = rdflib.Graph().parse(data=app.test_client().get("/catalog.ttl").data, format="turtle")
        expected = 0
        for name in FILES:
            shapes = rdflib.Graph().parse(Path(SHAPES) / name, format="turtle")
            _, report, text = pyshacl.validate(catalogue, shacl_graph=shapes, advanced=True)
            found = [each for each in report.objects(None, SH.result) if report.value(each, SH.resultSeverity) == SH.Violation]
            known = [each for each in found if report.value(each, SH.resultPath) == ALGORITHM and name.startswith("mdr")]
            expected += len(known)
            assert len(found) == len(known), f"{name}\n{text}"
        assert expected == len(list(catalogue.subjects(rdflib.RDF.type, rdflib.DCAT.Distribution)))
