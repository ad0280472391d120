"""The command line: each command calls the room that does the work."""

import sys
from functools import partial
from pathlib import Path

import click

from territoires import __version__, formats
from territoires.errors import TerritoiresError
from territoires.knowledge import asking, building, explanation, queries, reasoning, validation, wording
from territoires.knowledge import coverage as covering
from territoires.settings import settings_from
from territoires.store.releases import current_release
from territoires.vocabulary import prefixes_at, shorten


class Commands(click.Group):
    """Turns a domain error into a sentence on standard error and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except TerritoiresError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Territoires: linked data of the French territoires de projet."""


@main.command()
@click.option("--base-url", help="Base of every own IRI in this release, for a host of your own [canonical base].")
def build(base_url: str | None) -> None:
    """Parse, validate and publish a release; the running one stays when anything fails."""
    release = building.build(settings_from(base_url=base_url), click.echo)
    click.echo(f"Release {release.revision} is current; own IRIs start with {release.base}")


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", help="Language of the messages.")
def validate(files: tuple[Path, ...], lang: str) -> None:
    """Check ontology and data, or FILES within them, against the SHACL shapes; exit 1 on a violation."""
    report = validation.validate(settings_from().home, files)
    for found in report.findings:
        click.echo(validation.explain(found, lang))
    counts = ", ".join(f"{report.count(kind)} {kind}" for kind in ("violation", "warning", "info"))
    click.echo(f"{'Conforms' if report.conforms else 'Does not conform'}: {counts}, in {report.triples} triples.")
    sys.exit(0 if report.conforms else 1)


@main.command()
@click.option("--explain", "triple", metavar="TRIPLE", help="Tell why a triple holds or doesn't: 'id/cluster/sitcob tdp:holdsLabel ?'.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", help="Language of the explanation.")
def reason(triple: str | None, lang: str) -> None:
    """Check that ontology, data and what the rules infer are consistent under HermiT, exit 1 when they aren't; or explain a triple."""
    settings = settings_from()
    if triple is not None:
        explainer = explanation.Explainer(current_release(settings.releases).open(), settings.home)
        click.echo(wording.tell(explainer, explainer.explain(asking.read_triple(triple, explainer.base)), lang))
        return
    found = reasoning.check_consistency(settings.home)
    for iri in found.unsatisfiable:
        click.echo(f"No individual can be a member of {shorten(iri)}")
    click.echo(f"{'Consistent' if found.holds else 'Inconsistent'}: {found.triples} triples of ontology, data and inferences, by HermiT.")
    if not found.holds:  # what holds of the whole holds of its parts: only a fault needs a second look
        click.echo(f"The ontology alone is {'consistent' if reasoning.check_ontology(settings.home).holds else 'inconsistent too'}.")
    sys.exit(0 if found.holds else 1)


@main.command()
def coverage() -> None:
    """Tell which passages of the source the data of the current release cite, by part."""
    settings = settings_from()
    store = current_release(settings.releases).open()
    parts = covering.coverage(store, queries.QueryLibrary(settings.home, "views"))
    click.echo("\n".join(covering.lines(parts)))


@main.command()
@click.argument("name", required=False)
@click.option("--format", "form", default="csv", type=click.Choice([f.name for f in formats.FORMATS if f.name != "html"]))
def query(name: str | None, form: str) -> None:
    """Answer the stored query NAME from the current release; without NAME, list the stored queries."""
    settings = settings_from()
    library = queries.QueryLibrary(settings.home, "competency")
    if name is None:
        click.echo("\n".join(f"{each}  {library.find(each).title('fr')}" for each in library.names()))
        return
    store = current_release(settings.releases).open()
    written = formats.write_answer(store.query(library.text(name, store.base)), formats.named(form), prefixes_at(store.base))
    click.echo(written, nl=False)


@main.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=int, help="Port to listen on [8000].")
@click.option("--workers", type=int, help="Server processes [1].")
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the current release over HTTP."""
    from granian import Granian
    from granian.constants import Interfaces, Loops

    from territoires.web.app import load_gateway

    settings = settings_from(host=host, port=port, workers=workers)
    release = current_release(settings.releases)
    address = f"http://{settings.host}:{settings.port}/"
    click.echo(f"Release {release.revision} at {address} (SPARQL: {address}sparql, ontology: {address}def). Stop with Ctrl-C.")
    server = Granian(
        "territoires",
        settings.host,
        settings.port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=settings.workers,
        websockets=False,
    )
    server.serve(target_loader=partial(load_gateway, settings), wrap_loader=False)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
