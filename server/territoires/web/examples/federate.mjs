// One query over this endpoint and another one; needs Node.js and npm install @comunica/query-sparql@5.4.1
import { QueryEngine } from "@comunica/query-sparql";

const HERE = "http://127.0.0.1:8000/sparql";
const THERE = "https://query.wikidata.org/sparql";
const QUERY = `
PREFIX tdp: <https://w3id.org/territoires-de-projet/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
SELECT ?name ?population WHERE {
  ?place a tdp:Departement ; skos:prefLabel ?name ; skos:exactMatch ?item .
  FILTER(STRSTARTS(STR(?item), "http://www.wikidata.org/entity/"))
  ?item wdt:P1082 ?population .
} ORDER BY DESC(?population)`;

const sources = [HERE, THERE].map((value) => ({ type: "sparql", value }));
const rows = await new QueryEngine().queryBindings(QUERY, { sources });
for (const row of await rows.toArray()) console.log(row.get("name").value, row.get("population").value);
