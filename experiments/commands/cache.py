"""`python -m experiments cache`: what this project keeps in the user's cache, and emptying it."""

from typing import Annotated

import typer

from span_theorem.command import application

app = application("What is kept in the user's cache: features, downloads, measurements.")


@app.command(name="list")
def list_() -> int:
    """Parts of the cache, with their sizes.

    Examples:

      python -m experiments cache list
    """
    from experiments.data.cache import VARIABLE, cache_folder
    from experiments.data.cached import parts, size
    from span_theorem.console import console, table

    out = console()
    folder = cache_folder()
    rows = table("", ("<part", "<what", "files", "size"))
    for part in parts(folder):
        rows.add_row(part.name, part.what, str(part.files), size(part.size))
    out.print(rows)
    out.print(f"{folder} (another one: the variable {VARIABLE})")
    return 0


@app.command()
def empty(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PART]...", help="Parts as `cache list` names them; default: all."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Take parts of the cache away. What they held is computed or downloaded again when it is needed.

    Examples:

      python -m experiments cache empty features --yes
    """
    from experiments.data.cache import cache_folder
    from experiments.data.cached import empty as take_away
    from experiments.data.cached import size

    folder = cache_folder()
    if not yes:
        typer.confirm(f"Empty {', '.join(names or ['all'])} of {folder}?", abort=True)
    for part in take_away(folder, names or []):
        typer.echo(f"emptied: {part.name}, {part.files} files, {size(part.size)}")
    return 0
