"""The commands on what is written over HTTP, as groups that the command line takes in."""

from pathlib import Path

import click

from territoires.errors import JournalDamaged
from territoires.knowledge import patching
from territoires.settings import settings_from
from territoires.writing import backups
from territoires.writing.journal import Journal
from territoires.writing.keys import SCOPES, Keys
from territoires.writing.process import JOURNAL, check_held


@click.group()
def keys() -> None:
    """The keys of those who may write, in the folder TERRITOIRES_CONTRIBUTIONS."""


@keys.command()
@click.option("--name", required=True, help="Whose key it is; the history tells it.")
@click.option(
    "--graph", "graphs", multiple=True, required=True, metavar="IRI", help="What it may write: a graph, or IRIs that begin so, with *."
)
@click.option("--scope", "scopes", multiple=True, default=("write",), type=click.Choice(SCOPES), help="What it is for [write].")
def create(name: str, graphs: tuple[str, ...], scopes: tuple[str, ...]) -> None:
    """Make a key, and tell it this once: only its hash is kept."""
    key, token = kept_keys().create(name, graphs, scopes)
    click.echo(f"Key {key.id} of {key.name}, for {', '.join(scopes)} in {', '.join(graphs)}. Keep it safe, it isn't shown again:", err=True)
    click.echo(token)


@keys.command("list")
def list_keys() -> None:
    """Tell which keys there are, without what opens them."""
    for key in kept_keys().all():
        state = f"revoked {key.revoked}" if key.revoked else f"since {key.created}"
        click.echo(f"{key.id}  {key.name}  {','.join(key.scopes)}  {' '.join(key.graphs)}  {state}")


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End the key of that id or name; running servers take it no more."""
    ended = kept_keys().revoke(key)
    click.echo(f"Key {ended.id} of {ended.name} is revoked.")


def kept_keys() -> Keys:
    """The keys in the folder that the settings name."""
    return Keys(folder_of_contributions())


def folder_of_contributions() -> Path:
    """The folder that the settings name."""
    folder = settings_from().contributions
    if folder is None:
        raise click.UsageError("Say where the contributions are: TERRITOIRES_CONTRIBUTIONS.")
    return folder


@click.group()
def journal() -> None:
    """The journal: every write that was accepted, in the folder TERRITOIRES_CONTRIBUTIONS."""


@journal.command()
def verify() -> None:
    """Read all of the journal and tell what is wrong with it, exit 1 then; it isn't changed."""
    kept = Journal(folder_of_contributions() / JOURNAL)
    faults = kept.verify()
    if not faults:
        check_held(kept, settings_from().releases)
        click.echo(f"Sound: {kept.last} commits, each as it was accepted. Checksum of all: {kept.checksum or 'none'}")
        return
    raise JournalDamaged("\n".join(faults))


@journal.command("list")
@click.option("--after", type=click.IntRange(0), default=0, help="Only the commits that follow this one.")
def list_commits(after: int) -> None:
    """Tell the commits: number, when, with which key, statements added and removed, why."""
    for commit in Journal(folder_of_contributions() / JOURNAL).commits(after):
        counts = f"+{len(commit.change.added)} -{len(commit.change.removed)}  {' '.join(sorted(commit.change.graphs))}"
        click.echo(f"{commit.number}  {commit.moment}  {commit.agent}  {counts}  {commit.reason}".rstrip())


@journal.command("export")
@click.option("--after", type=click.IntRange(0), default=0, help="Only the graphs that commits after this one touched.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the patch there [standard output].")
@click.option("--withdrawn", is_flag=True, help="Take the files of graphs away that hold nothing any more; without this they stay.")
def export_patch(after: int, output: Path | None, withdrawn: bool) -> None:
    """Write what the journal leaves as a patch of the files in data/contributions/, for review in git."""
    patch = patching.export(settings_from(), Journal(folder_of_contributions() / JOURNAL), after, withdrawn)
    if output:
        output.write_text(patch.text, encoding="utf-8", newline="")
    else:
        click.echo(patch.text.encode(), nl=False)
    said = f"{', '.join(patch.files)}: review, then `git apply`." if patch.files else "Nothing to export: the files say all of it."
    click.echo(f"Up to commit {patch.last}. {said}", err=True)


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Copy the current release, the journal and the keys to the new folder TARGET, and check the copy; the server may run."""
    settings = settings_from()
    made = backups.back_up(settings.releases, settings.contributions, target)
    click.echo(
        f"{target}: release {made.revision}, journal up to commit {made.commit}, {len(made.files)} files, each read again and sound."
    )


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Where a release or journal is there already, move it aside.")
def restore(source: Path, replace: bool) -> None:
    """Bring the backup SOURCE back: its release becomes current, its journal the journal. The server must not run."""
    settings = settings_from()
    brought, aside = backups.restore(source, settings.releases, settings.contributions, replace)
    for path in aside:
        click.echo(f"Moved aside: {path}")
    click.echo(f"Release {brought.revision} is current, with a journal up to commit {brought.commit}, as of {brought.moment}.")
