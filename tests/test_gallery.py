"""`taylor examples` and `taylor completion`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from taylor import cli, gallery

ROOT = Path(__file__).resolve().parent.parent


def test_all_examples_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["examples"]) == 0
    printed = capsys.readouterr().out
    found = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
    assert [line.split()[0] for line in printed.splitlines()[: len(found)]] == found
    assert all(example.what and "\n" not in example.what for example in gallery.examples())
    assert cli.main(["examples", "--names"]) == 0
    assert capsys.readouterr().out.split() == found


def test_an_example_runs_in_a_folder_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = tmp_path / "here"
    assert cli.main(["examples", "restricted_three_body", "--folder", str(where)]) == 0
    assert "Jacobi constant" in capsys.readouterr().out
    assert (where / "restricted_three_body.py").exists() and (where / "data").is_dir()


def test_an_example_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["examples", "restricted_three_body", "--show"]) == 0
    text = (ROOT / "examples" / "restricted_three_body.py").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text


def test_wrong_names_and_missing_packages_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["examples", "halo_orbit"]) == 2
    assert "did you mean halo_orbits?" in capsys.readouterr().err
    example = tmp_path / "wanting.py"
    example.write_text('"""One."""\nimport nosuchpackage\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(gallery, "folder", lambda: tmp_path)
    assert cli.main(["examples", "wanting"]) == 2
    assert "pip install nosuchpackage" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_what_the_shell_reads(shell: str) -> None:
    text = cli.completion(shell)
    assert "propagate" in text and "examples" in text
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=text, text=True, check=True, timeout=20)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("taylor ex", "examples"),
        ("taylor info --", "--help"),
        ("taylor propagate --ou", "--output"),
    ],
)
def test_bash_completes(words: str, wanted: str) -> None:
    listed = words.split()
    words_there = f"COMP_WORDS=({words}); COMP_CWORD={len(listed) - 1}"
    script = "\n".join([cli.completion("bash"), words_there, "_taylor", 'echo "${COMPREPLY[@]}"'])
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
    assert done.stdout.split() == [wanted], done.stderr
