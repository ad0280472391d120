# Reads the answer to a ready-made question, then asks one's own; base R, no package.
table <- read.csv("http://127.0.0.1:8000/queries/territories-by-inhabitants.csv", encoding = "UTF-8")
barplot(table$inhabitants, names.arg = table$name, horiz = TRUE, las = 1)

query <- "
PREFIX tdp: <https://w3id.org/territoires-de-projet/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?name (COUNT(?relation) AS ?clusters) WHERE {
  ?relation a tdp:ClusterRelation ; tdp:relatedTerritory/skos:prefLabel ?name .
} GROUP BY ?name ORDER BY DESC(?clusters)"
address <- paste0("http://127.0.0.1:8000/sparql?format=csv&query=", URLencode(query, reserved = TRUE))
print(read.csv(address, encoding = "UTF-8"))
