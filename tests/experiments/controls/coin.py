"""Background: a control for tests. Question: does the command show what a control says? Result: heads for even seeds.

A second paragraph that no list shows.
"""

from experiments.controls.protocol import Context
from span_theorem.console import table
from span_theorem.errors import InputError, MissingPackage

thrown = []


def run(context: Context):
    if context.seed == 7:
        raise MissingPackage("the coin needs the package mint: pip install 'span-theorem[mint]'")
    if context.seed == 9:
        raise InputError("the coin has no sides")
    sides = [context.store.get({"throw": throw}, lambda: throw_one(context.seed)) for throw in range(3)]
    skipped = [{"what": "edge", "reason": "needs a steady hand"}]
    return {"agrees": context.seed % 2 == 0, "sides": sides, "skipped": skipped, "settings": {}}


def throw_one(seed):
    thrown.append(seed)
    return {"side": ("heads", "tails")[seed % 2]}


def summarise(result):
    rows = table("coin", ("<side",))
    rows.add_row(result["sides"][0]["side"])
    return rows


def draw(result):
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.set_title(result["sides"][0]["side"])
    return figure
