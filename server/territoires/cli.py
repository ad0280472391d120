"""The command line: each command calls the room that does the work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from territoires import __version__, contributing, formats
from territoires.errors import TerritoiresError
from territoires.knowledge import asking, building, explanation, following, queries, reasoning, validation, wording
from territoires.knowledge import coverage as covering
from territoires.knowledge import homonyms as bearing
from territoires.knowledge.importing import package, running
from territoires.settings import Settings, settings_from
from territoires.store import datasets, loading
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
@click.option("--to", "address", help="Graph Store address of the other store [TERRITOIRES_STORE_GRAPHS].")
@click.option("--user", help="Who may write there [TERRITOIRES_STORE_USER].")
@click.option("--password", help="That user's password [TERRITOIRES_STORE_PASSWORD].")
@click.option("--default-graph", help="Graph that stands for the default graph in a store that has none [TERRITOIRES_STORE_DEFAULT_GRAPH].")
def load(address: str | None, user: str | None, password: str | None, default_graph: str | None) -> None:
    """Push the current release to a store on another host, by SPARQL 1.1 Graph Store Protocol."""
    settings = settings_from(store_graphs=address, store_user=user, store_password=password, store_default_graph=default_graph)
    if not settings.store_graphs:
        raise click.UsageError("Say where to: --to URL, or TERRITOIRES_STORE_GRAPHS.")
    target = loading.GraphStore(settings.store_graphs, settings.store_user, settings.store_password)
    try:
        done = loading.load(current_release(settings.releases), target, settings.store_default_graph, click.echo)
    finally:
        target.close()
    removed = f", {done.removed} taken away" if done.removed else ""
    click.echo(f"{done.graphs} graphs, {done.triples} triples beside their merge{removed}.")


@main.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--column", required=True, help="Column that names the things.")
@click.option("--type", "kind", required=True, help="What they are: commune, intercommunalite, departement, territoire, organisation…")
@click.option("--context", "contexts", multiple=True, metavar="[KEY=]COLUMN", help="Column that tells its departement, region or postal.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the joined table here: .csv, .tsv or .ttl [CSV on standard output].")
@click.option("--decisions", "decided", type=click.Path(path_type=Path), help="CSV of decisions: written, and followed once it is there.")
@click.option("--against", metavar="URL", help="Look candidates up at this SPARQL endpoint instead; nothing is accepted by itself.")
@click.option("--encoding", help="Encoding of the table [UTF-8, UTF-16 or Windows-1252, found out].")
@click.option("--separator", help="Separator of the table: , ; | or tab [found out].")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", help="Language of the reasons.")
def link(
    table: Path,
    column: str,
    kind: str,
    contexts: tuple[str, ...],
    out: Path | None,
    decided: Path | None,
    against: str | None,
    encoding: str | None,
    separator: str | None,
    lang: str,
) -> None:
    """Join TABLE (CSV, TSV, XLSX) with the things that one of its columns names."""
    from territoires.knowledge import joining  # rapidfuzz and SPARQLWrapper load only here

    job = joining.Job(table, column, kind, contexts, out, decided, against, encoding, separator, lang)
    told = joining.run(job, settings_from())
    if told.text:
        click.echo(told.text, nl=False)
    for sentence in told.sentences:
        click.echo(sentence, err=True)


@main.command()
def outlines() -> None:
    """Draw data/geo/ anew: download the communes of France, dissolve them, simplify. Needs the dependency group `outlines`."""
    from territoires.knowledge.importing import outlines as drawing  # its packages are not the server's

    for name, size in drawing.run(settings_from().home).items():
        click.echo(f"data/geo/{name}.geojson: {size // 1000} kB")


@main.group("import")
def importing() -> None:
    """What is brought in from elsewhere, for the releases that are built afterwards."""


@importing.command()
@click.option("--millesime", "year", type=int, default=2026, show_default=True, help="Year of the code, as of its 1 January.")
@click.option("--from", "archive", type=click.Path(path_type=Path), metavar="PACKAGE.tgz", help="The archive of the npm package, as it is.")
@click.option("--history", type=click.Path(path_type=Path), metavar="PACKAGE.tgz", help="The archive that tells what became of communes.")
@click.option("--csv", type=click.Path(path_type=Path), metavar="FOLDER", help="INSEE's files v_commune_YYYY.csv and the like, instead.")
def cog(year: int, archive: Path | None, history: Path | None, csv: Path | None) -> None:
    """Import the official geographic code of all of France: places, EPCI with their members, populations, changes since 2014."""
    if csv and (archive or history):
        raise click.UsageError("Give either the archives of the package or a folder of CSV files.")
    settings = settings_from()
    running.run(settings.home, settings.imports, running.Order(year, settings.downloads, archive, csv, history), click.echo, bar)


@importing.command()
@click.argument("cogugaison", type=click.Path(path_type=Path))
def perimeters(cogugaison: Path) -> None:
    """Write data/reference/perimeters/ anew, from the npm package and a copy of the repository COGUGAISON (github.com/antuki/COGugaison).

    Needs the dependency group `perimeters`, five minutes and 5 GB of memory.
    """
    from territoires.knowledge.importing import perimeters as writing  # its packages are not the server's

    settings = settings_from()
    for name, size in writing.run(settings.home, settings.downloads, cogugaison).items():
        click.echo(f"data/reference/perimeters/{name}: {size // 1000} kB")


@importing.command()
def homonyms() -> None:
    """Write data/reference/homonyms.tsv anew: the names that several communes of France bear."""
    settings = settings_from()
    archive = package.fetch(newest := package.VERSIONS[max(package.VERSIONS)].number, settings.downloads, click.echo)
    count = bearing.write(settings.home, package.read(archive, ["communes"])["communes"], newest)
    click.echo(f"data/reference/homonyms.tsv: {count} names")


@contextmanager
def bar(label: str, length: int) -> Iterator[running.Advance]:
    """A progress bar on a terminal, elsewhere a line."""
    with click.progressbar(length=length, label=label, file=sys.stderr, update_min_steps=max(1, length // 200)) as shown:
        yield shown.update


@main.group()
def links() -> None:
    """The links to the data sets of others, data/links/."""


@links.command()
@click.option("--sample", type=click.IntRange(0), default=3, help="How many links of each target to follow; 0 for all [3].")
@click.option("--seconds", type=click.FloatRange(0.1, 120), default=following.SECONDS, help="How long an answer may take [10].")
@click.option("--pause", type=click.FloatRange(0, 60), default=following.PAUSE, help="Seconds between two requests to a host [1].")
def check(sample: int, seconds: float, pause: float) -> None:
    """Follow links over the network and tell which targets don't answer. A report: nothing is changed."""
    chosen = following.addresses(settings_from().home, sample)
    with click.progressbar(following.follow(chosen, seconds, pause), len(chosen), "Following", file=sys.stderr) as steps:
        found = list(steps)
    click.echo("\n".join(following.report(found)))


@main.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=int, help="Port to listen on [8000].")
@click.option("--workers", type=int, help="Server processes [1].")
@click.option("--dataset", "files", multiple=True, type=click.Path(path_type=Path), help="An RDF file to serve instead, as it is.")
@click.option("--graph", "graphs", multiple=True, metavar="IRI=FILE", help="An RDF file to serve instead, in a named graph.")
@click.argument("more", nargs=-1, metavar="[FILE…]", type=click.Path(path_type=Path))
def serve(
    host: str | None, port: int | None, workers: int | None, files: tuple[Path, ...], graphs: tuple[str, ...], more: tuple[Path, ...]
) -> None:
    """Serve the current release over HTTP; or, with --dataset FILE… and --graph, only what those files hold."""
    settings = settings_from(host=host, port=port, workers=workers)
    if more and not files:
        raise click.UsageError("Say --dataset before the files that shall be served.")
    served = [*(datasets.DatasetFile(path) for path in (*files, *more)), *map(datasets.read_graph_option, graphs)]
    if not served:
        listen(settings)
        return
    with TemporaryDirectory(prefix="territoires-") as folder:
        release = datasets.publish_files(Path(folder), served, settings.base_url)
        click.echo(f"{release.quads} quads of {len(served)} files, and nothing else")
        listen(replace(settings, releases=Path(folder), store=""))


def listen(settings: Settings) -> None:
    """Serves the current release of these settings until it is stopped."""
    from territoires.web import serving

    address = f"http://{settings.host}:{settings.port}/"
    served = f"The store {settings.store}" if settings.store else f"Release {current_release(settings.releases).revision}"
    click.echo(f"{served} at {address} (SPARQL: {address}sparql, ontology: {address}def). Stop with Ctrl-C.")
    serving.serve(settings)


for group in (contributing.keys, contributing.journal, contributing.backup, contributing.restore):
    main.add_command(group)

if __name__ == "__main__":
    main()
