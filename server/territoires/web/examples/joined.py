"""Joins places with the identifiers of others in a data frame; needs SPARQLWrapper and pandas (pip install sparqlwrapper pandas)."""

from io import BytesIO

import pandas
from SPARQLWrapper import CSV, SPARQLWrapper

endpoint = SPARQLWrapper("http://127.0.0.1:8000/sparql", returnFormat=CSV)
endpoint.setQuery("""
PREFIX tdp: <https://w3id.org/territoires-de-projet/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX igeo: <http://rdf.insee.fr/def/geo#>
SELECT ?code ?name ?theirs WHERE {
  ?place a tdp:Departement ; igeo:codeINSEE ?code ; skos:prefLabel ?name ; skos:exactMatch ?theirs .
}""")
links = pandas.read_csv(BytesIO(endpoint.queryAndConvert()), dtype=str)
links["target"] = links["theirs"].str.extract(r"//(?:www\.)?([^/]+)/")
table = links.pivot(index=["code", "name"], columns="target", values="theirs").reset_index()
mine = pandas.DataFrame({"code": ["02", "52"], "visitors": [120, 340]})  # a table of your own, with INSEE codes as text
print(mine.merge(table, on="code")[["code", "name", "visitors", "wikidata.org", "data.europa.eu"]].to_string(index=False))
