# A table, a thing in Turtle, a query of one's own, and the whole graph.
curl --fail --output territories.csv http://127.0.0.1:8000/queries/territories-by-inhabitants.csv
curl --fail --location --header 'Accept: text/turtle' --output langres.ttl http://127.0.0.1:8000/id/territoire/pays-de-langres
curl --fail --header 'Accept: text/csv' --output kinds.csv http://127.0.0.1:8000/sparql \
  --data-urlencode 'query=SELECT ?kind (COUNT(*) AS ?count) WHERE { ?thing a ?kind } GROUP BY ?kind ORDER BY DESC(?count)'
curl --fail --output territoires.nq.gz http://127.0.0.1:8000/dumps/territoires.nq.gz
