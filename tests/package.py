"""The built wheel in clean environments, and not this checkout: `python -m tests.package dist [STAGE...]`.

alone: with every Python that is here and allowed: the theorem without torch; what lacks is named with its extra.
lowest: with the lowest versions that are allowed, and the page: `report` on the committed studies.
whole: with the packages of this environment beside it, but the lowest pandas: `diagnose` and its page. All that the
    wheel lacks fails here.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LOWEST = ("-c", str(ROOT / "constraints-lowest.txt"))
PYTHONS = ("python3.11", "python3.12", "python3.13")
DIAGNOSE = (
    *("--backbone", "nequip:aspirin-gfn2-0"),
    *("--structures", "embedded:train", "--test-structures", "embedded:test"),
    *("--site", "12", "--toward", "11", "--n-train", "60", "--n-test", "30", "--l-max", "5"),
    *("--no-forces", "--no-cache"),
)


def main() -> None:
    (wheel,) = Path(sys.argv[1]).resolve().glob("*.whl")
    for stage in sys.argv[2:] or STAGES:
        with TemporaryDirectory() as name:
            STAGES[stage](str(wheel), Path(name))


def alone(wheel: str, folder: Path) -> None:
    for python in filter(works, PYTHONS):
        check(environment(python, folder / python, wheel), folder)
        print(f"{python}: the theorem alone", flush=True)


def lowest(wheel: str, folder: Path) -> None:
    programs = environment(sys.executable, folder / "lowest", *LOWEST, f"{wheel}[report]")
    check(programs, folder)
    results = str(ROOT / "docs" / "results")
    run(programs, "span-experiments", "report", results, "-o", "report.html", folder=folder)
    print("lowest versions: the theorem and the page", flush=True)


def whole(wheel: str, folder: Path) -> None:
    # pytz is what pandas 3 does without
    programs = environment(sys.executable, folder / "whole", *LOWEST, "--no-deps", wheel, "pandas", "pytz")
    inner = next((folder / "whole").glob("lib/python*/site-packages"))
    # as a plain folder: its own .pth files, which would bring the checkout back, are not read
    (inner / "packages.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    check(programs, folder, "both")
    run(programs, "span-experiments", "diagnose", *DIAGNOSE, "--json", "result.json", folder=folder)
    assert json.loads((folder / "result.json").read_text())["measured_boundary"] == 4
    run(programs, "span-experiments", "report", "result.json", "-o", "diagnosis.html", folder=folder)
    assert "reached" in (folder / "diagnosis.html").read_text()
    print("whole: a diagnosis and its page", flush=True)


STAGES = {"alone": alone, "lowest": lowest, "whole": whole}


def works(python: str) -> bool:
    """Whether it is here, and no mere name of one."""
    return (
        shutil.which(python) is not None
        and not subprocess.run([python, "-c", ""], capture_output=True).returncode
    )


def environment(python: str, folder: Path, *install: str) -> Path:
    """A new environment with something installed; the folder of its programs."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # packages on PYTHONPATH would count as installed
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*pip, *install], check=True, cwd=folder, env=clean)
    return folder / "bin"


def check(programs: Path, folder: Path, method: str = "exact") -> None:
    """The theorem by both ways to call it; where e3nn is missing, the extra is named."""
    run(programs, "span-theorem", "check", "--L", "2", "--d", "2", "--json", "check.json", folder=folder)
    result = json.loads((folder / "check.json").read_text())
    assert result["verified"], result
    assert result["method"] == method, result
    run(programs, "python", "-c", "import span_theorem as st; assert st.check(2, 2).proved", folder=folder)
    if method == "exact":
        words = ("check", "--L", "1", "--d", "1", "--method", "numeric")
        assert "span-theorem[numeric]" in run(programs, "span-theorem", *words, folder=folder, status=2)


def run(programs: Path, program: str, *arguments: str, folder: Path, status: int = 0) -> str:
    """What one program prints, checked for its exit status."""
    done = subprocess.run(
        [str(programs / program), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    printed = done.stdout + done.stderr
    assert done.returncode == status, f"{program} {' '.join(arguments)}: {done.returncode}\n{printed}"
    return printed


if __name__ == "__main__":
    main()
