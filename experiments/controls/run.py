"""One control from start to files: result, figure, and what both rest on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.controls import registry
from experiments.controls.protocol import Context
from experiments.parts import Parts
from experiments.report.paths import figure_paths
from experiments.report.save import drawing, save
from experiments.versions import code_checksum, versions
from span_theorem.output import make_folder, require_writable, write_json


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
        "kind": f"control-{name}",
        "question": registry.statement(name),
        "seed": seed,
        **measured,
        "versions": versions(),
    }
    write_json(json, result)
    with drawing():
        save(control.draw(result), pictures)
    return result, (json, *pictures)
