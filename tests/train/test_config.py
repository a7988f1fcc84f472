"""Training parameters: the paper's by default, checked, and read from files."""

import json
import re

import pytest
import typer
import yaml

from lctem_core import cli
from lctem_core.errors import InputError
from lctem_core.files import PACKAGE
from lctem_core.train.config import Config, read_parameters

RECIPES = sorted((PACKAGE / "weights").glob("*.yaml"))


def test_the_papers_protocol_is_the_default():
    config = Config()
    assert (config.encoder, config.shuffle, config.depth) == ("resnet18", 1, 5)
    assert (config.batch, config.epochs, config.rate, config.crop) == (64, 2000, 1e-4, 0)
    assert (config.loss, config.window, config.mosaic) == ("ssim", 11, 0.8)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"encodr": "resnet18"}, "encodr"),
        ({"encoder": "vgg"}, "resnet18"),
        ({"loss": "huber"}, "ssim"),
        ({"window": 10}, "odd"),
        ({"schedule": "step"}, "plateau"),
        ({"crop": 100}, "divisible by 32"),
        ({"epochs": 0}, "epochs"),
        ({"rate": 0}, "rate"),
        ({"mosaic": 2}, "probability"),
        ({"epochs": "abc"}, "whole number for epochs"),
        ({"epochs": 1.5}, "whole number for epochs"),
        ({"rate": None}, "number for rate"),
        ({"workers": -1}, "workers"),
        ({"precision": "8-bit"}, "bf16-mixed"),
    ],
)
def test_bad_configuration(values, words):
    with pytest.raises(InputError, match=words):
        Config.of(values)


def test_numbers_as_yaml_gives_them():
    # YAML 1.1 reads 1e-4 as a text.
    config = Config.of({"rate": "1e-4", "epochs": "3"})
    assert (config.rate, config.epochs) == (1e-4, 3)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_makes_what_the_card_says(path):
    card = json.loads(path.with_suffix(".json").read_text("utf8"))
    # Cards do not have parameters that came after them.
    assert Config.of(read_parameters(path)) == Config.of(card["config"])
    recipe = yaml.safe_load(path.read_text("utf8"))
    assert set(recipe) == {"data", "training"}
    commands = typer.main.get_command(cli.app).commands
    for step in recipe["data"]:
        options = {one.name: one for one in commands[step["command"]].params}
        assert set(step) - {"command"} <= set(options)
    told = dict(recipe["data"][0])
    number = told.get("number") or told.get("pairs")
    noun = (
        "pairs" if told["command"] == "simulate" else "clips" if told.get("clips") else "examples"
    )
    size = f"camera of {told['size']}" if noun == "pairs" else f"{told['size']}"
    made = (
        f"simulated: {number} {noun}, recipe {told['recipe']}, seed {told['seed']}, {size} pixels"
    )
    assert card["data"].startswith(f"{made}, commit ")
    for name, value in recipe["data"][-1].items():
        assert card["preprocessing"].get(name, value) == value


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_commands_of_a_recipe_say_what_its_data_say(path):
    text = path.read_text("utf8")
    lines = re.findall(r"^#   lctem (\w+) (.*)$", text, re.M)
    recipe = yaml.safe_load(text)
    assert lines[-1] == ("train", f"STORE RUN --config {path.name}")
    commands = typer.main.get_command(cli.app).commands
    for (name, written), step in zip(lines, recipe["data"], strict=False):
        values = dict(step)
        assert values.pop("command") == name
        folders = len(written.split("--")[0].split())
        words = ["x"] * folders + written.split()[folders:]
        parsed = commands[name].make_context(name, words).params
        assert {key: parsed[key] for key in values} == values
    assert len(lines) == len(recipe["data"]) + 1


def test_parameters_of_a_file(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("rate: 1e-3\nencoder: light\n")
    assert read_parameters(file) == {"rate": "1e-3", "encoder": "light"}
    file.write_text("data: [{command: examples}]\ntraining: {epochs: 3}\n")
    assert read_parameters(file) == {"epochs": 3}
    file.write_text("")
    assert read_parameters(file) == {}
    for text, words in (("rate: [", "a YAML file"), ("- rate", "NAME: VALUE; got .* with list")):
        file.write_text(text)
        with pytest.raises(InputError, match=words):
            read_parameters(file)
    with pytest.raises(FileNotFoundError):
        read_parameters(tmp_path / "absent.yaml")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_cards_name_their_target(path):
    card = json.loads(path.with_suffix(".json").read_text("utf8"))
    target = read_parameters(path)["target"]
    assert card["preprocessing"]["target"] == card["config"]["target"] == target
