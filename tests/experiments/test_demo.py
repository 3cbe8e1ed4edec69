"""The demo runs on what the package embeds: a real pretrained network and frames the project generated itself."""

from experiments.cli import main


def test_demo_into_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "-o", str(tmp_path / "file")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
