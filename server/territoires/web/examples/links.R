# Asks a question of one's own and reads the answer as JSON; needs httr and jsonlite (install.packages(c("httr", "jsonlite"))).
library(httr)
library(jsonlite)

query <- "
PREFIX tdp: <https://w3id.org/territoires-de-projet/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX igeo: <http://rdf.insee.fr/def/geo#>
SELECT ?code ?name ?wikidata WHERE {
  ?place a tdp:Departement ; igeo:codeINSEE ?code ; skos:prefLabel ?name ; skos:exactMatch ?wikidata .
  FILTER(STRSTARTS(STR(?wikidata), 'http://www.wikidata.org/entity/'))
} ORDER BY ?code"
answer <- GET("http://127.0.0.1:8000/sparql", query = list(query = query), accept("application/sparql-results+json"))
stop_for_status(answer)
rows <- fromJSON(content(answer, "text", encoding = "UTF-8"))$results$bindings
print(data.frame(code = rows$code$value, name = rows$name$value, wikidata = rows$wikidata$value))
