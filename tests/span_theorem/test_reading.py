"""What may stand in a JSON file, and which files are opened at all."""

import os

import pytest

from span_theorem.reading import MAX_DEPTH, UnreadableFile, read_json, require_name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff{}", "is not UTF-8 text"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"1" * 30 + b"}", "more than 64 bits"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not a readable JSON file"),
        (b'{"a": 1, "a": 2}', "the name 'a' stands twice"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "nested more than"),
        (b'{"a": ' * 100_000, "not a readable JSON file"),
        (b"[1]", "holds no JSON object but a list, expected a JSON file"),
        (b"", "not a readable JSON file"),
    ],
)
def test_refused(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=message) as caught:
        read_json(path)
    assert str(path) in str(caught.value)


def test_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": [1, -2.5, null, "²", {"b": true}]}', encoding="utf-8")
    assert read_json(path) == {"a": [1, -2.5, None, "²", {"b": True}]}


def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    cases = {
        tmp_path / "pipe": "it is a pipe",
        tmp_path / "loop": "symbolic links",
        tmp_path: "it is a folder",
        tmp_path / "absent": "does not exist",
        tmp_path / ("x" * 300): "too long",
        tmp_path / "a\x00b": "cannot be a file's name",
    }
    if os.path.exists("/dev/zero"):
        cases["/dev/zero"] = "it is a device"
    for path, message in cases.items():
        with pytest.raises(UnreadableFile, match=message):
            read_json(path)


@pytest.mark.parametrize("name", ["", "..", "x/../../y", "x y", "é", "x\n", "²"])
def test_names_that_could_lead_elsewhere(name):
    with pytest.raises(ValueError, match="expected letters, digits, _ and - only"):
        require_name(name, "molecule")
