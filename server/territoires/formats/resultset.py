"""A table of solutions as RDF, in the vocabulary of the W3C's SPARQL tests: rs:ResultSet, rs:solution, rs:binding."""

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Triple

from territoires.results import Answer, Term

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def result_set(answer: Answer) -> list[Triple]:
    """The triples that say what a SELECT or an ASK answered, each solution with its rank from 1."""
    if isinstance(answer, list):
        return answer
    found: list[Triple] = []
    table = BlankNode("result")

    def say(subject: BlankNode, name: str, value: Term) -> None:
        found.append(Triple(subject, NamedNode(RS + name), value))

    found.append(Triple(table, _TYPE, NamedNode(RS + "ResultSet")))
    if not isinstance(answer, QuerySolutions):
        say(table, "boolean", Literal(bool(answer)))
        return found
    names = [variable.value for variable in answer.variables]
    for name in names:
        say(table, "resultVariable", Literal(name))
    for rank, solution in enumerate(answer, 1):
        row = BlankNode(f"solution{rank}")
        say(table, "solution", row)
        say(row, "index", Literal(rank))
        for name in names:
            if (value := solution[name]) is not None:
                binding = BlankNode(f"solution{rank}-{name}")
                say(row, "binding", binding)
                say(binding, "variable", Literal(name))
                say(binding, "value", value)
    return found
