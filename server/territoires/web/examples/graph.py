"""Loads what is known of one territory as a graph; needs RDFLib (pip install rdflib)."""

from rdflib import RDFS, Graph
from rdflib.namespace import SKOS

graph = Graph().parse("http://127.0.0.1:8000/doc/territoire/pays-de-langres.ttl", format="turtle")
print(len(graph), "triples")
for thing, name in graph.subject_objects(SKOS.prefLabel | RDFS.label):
    print(thing, name)
