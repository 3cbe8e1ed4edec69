"""One control from start to files, and its table and figure again from the result alone."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.controls import registry
from experiments.controls.protocol import Context
from experiments.parts import Parts
from experiments.report.paths import figure_paths
from experiments.report.save import drawing, save
from experiments.versions import code_checksum, versions
from span_theorem.output import make_folder, require_writable, together, write_json
from span_theorem.results import read_result, showing

if TYPE_CHECKING:
    from rich.table import Table

KIND = "control-"


def run_control(
    name: str, output: Path, seed: int, note: Callable[[str], None] = lambda text: None
) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Run a control and write control-NAME.json and its figure.

    Args:
        name: of the control.
        output: folder of the results, made if it is missing; finished parts go into its folder ``parts``.
        seed: of every random choice.
        note: called with what is being done.

    Returns:
        The result and the files written.

    Raises:
        MissingPackage: the control cannot run here.
        InputError: no such control, or a file that cannot be written.
    """
    control = registry.load(name)
    make_folder(output)
    json = output / f"control-{name}.json"
    require_writable(json)
    pictures = figure_paths(json)
    store = Parts(output / "parts", {"control": name, "code": code_checksum(), "versions": versions()})
    measured = control.run(Context(seed, store, note))
    result = {
        "kind": f"{KIND}{name}",
        "question": registry.statement(name),
        "seed": seed,
        **measured,
        "versions": versions(),
    }
    with together(), drawing():
        write_json(json, result)
        save(control.draw(result), pictures)
    return result, (json, *pictures)


def show_again(path: Path, pictures: tuple[Path, ...]) -> "Table | None":
    """The short table of a control's result file, and its figure in ``pictures``; ``None`` if it is of another kind.

    Raises:
        InputError: the file is missing or not JSON, names no control, or lacks what its control wrote.
    """
    result = read_result(path).fields
    if not result["kind"].startswith(KIND):
        return None
    control = registry.load(result["kind"].removeprefix(KIND))
    with showing(path):
        rows: Table = control.summarise(result)
        if pictures:
            with drawing():
                save(control.draw(result), pictures)
    return rows
