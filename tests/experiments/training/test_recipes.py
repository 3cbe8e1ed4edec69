from dataclasses import replace

import pytest
import yaml

from experiments.backbones import shipped
from experiments.training.recipes import RECIPES, Recipe, find
from experiments.training.run import CONFIGS
from span_theorem.errors import InputError


def test_replicates_differ_in_seed_and_frames():
    for family in ("aspirin-rmd17", "aspirin-gfn2"):
        four = [RECIPES[f"{family}-{index}"] for index in range(4)]
        assert len({one.seed for one in four}) == 4
        assert len({(one.training, one.selection) for one in four}) == 4
        assert {one.l_max for one in four} == {2}


def test_recipes_set_only_what_their_configuration_has():
    for recipe in RECIPES.values():
        config = yaml.safe_load((CONFIGS / f"{recipe.config}.yaml").read_text())
        base = yaml.safe_load((CONFIGS / "small.yaml").read_text())
        assert recipe.overrides(1000).keys() <= base.keys() | config.keys()
        assert config.get("defaults", ["small"])[0] == "small"


@pytest.mark.parametrize("epochs", [1, 3, 10])
def test_a_station_is_its_training_stopped_early(epochs):
    whole, station = find("aspirin-gfn2-0"), find(f"aspirin-gfn2-0-epoch{epochs}")
    assert replace(station, epochs=whole.epochs, schedule=None) == whole
    assert station.overrides(1000) == whole.overrides(1000) | {"epochs": epochs, "schedule": whole.epochs}
    card = shipped.read_card(f"aspirin-gfn2-0-epoch{epochs}")
    assert card.overrides == station.overrides(1000)
    assert card.training.kept_epoch == epochs
    assert card.data == shipped.read_card("aspirin-gfn2-0").data


def test_selection_takes_ranges():
    recipe = Recipe("a", "b", seed=1, selection=((0, 3), (5, 7)), validation_frames=1)
    assert recipe.indices(7) == [0, 1, 2, 5, 6]
    assert Recipe("a", "b", seed=1, validation_frames=1).indices(3) == [0, 1, 2]


@pytest.mark.parametrize(
    ("recipe", "n_frames", "message"),
    [
        (Recipe("a", "b", seed=1, selection=((0, 3),)), 2, "a has 2 frames, expected at least 3"),
        (Recipe("a", "b", seed=1), 50, "50 validation frames of 50"),
    ],
)
def test_too_few_frames_are_refused(recipe, n_frames, message):
    with pytest.raises(InputError, match=message):
        recipe.indices(n_frames)


def test_an_unknown_recipe_is_refused():
    with pytest.raises(InputError, match="unknown recipe 'x': expected one of aspirin-rmd17-0"):
        find("x")


@pytest.mark.parametrize("name", shipped.names())
def test_every_shipped_backbone_has_its_recipe(name):
    card, recipe = shipped.read_card(name), find(name)
    assert card.seed == recipe.seed == card.overrides["seed"]
    assert card.l_max == recipe.l_max
    assert card.data.training.source == recipe.training
    assert card.data.test.source == recipe.test
    assert card.training.epochs == card.overrides["epochs"]
    assert card.test.n_frames == card.data.test.n_frames


def test_documentation_shows_the_cards_as_they_are():
    from experiments.training.cards import markdown

    page = CONFIGS.parents[1] / "docs" / "training.md"
    if not page.is_file():
        pytest.skip("no docs beside the package")
    assert markdown() in page.read_text(encoding="utf-8")
