"""Asks a question of one's own; needs SPARQLWrapper (pip install sparqlwrapper)."""

from SPARQLWrapper import JSON, SPARQLWrapper

endpoint = SPARQLWrapper("http://127.0.0.1:8000/sparql", returnFormat=JSON)
endpoint.setQuery("""
PREFIX tdp: <https://w3id.org/territoires-de-projet/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?cluster ?territory WHERE {
  ?relation a tdp:ClusterRelation ;
    tdp:relatedCluster/skos:prefLabel ?cluster ;
    tdp:relatedTerritory/skos:prefLabel ?territory .
} ORDER BY ?cluster""")
found = endpoint.queryAndConvert()
assert isinstance(found, dict)
for row in found["results"]["bindings"]:
    print(row["cluster"]["value"], "—", row["territory"]["value"])
