"""`python -m span_theorem prove`: what it says of a proof that holds, one that fails, and a machine without Coq."""

import json
import shutil

import pytest

from span_theorem.cli import main
from span_theorem.errors import InputError
from span_theorem.proof import coq
from span_theorem.proof.coq import EXPECTED, SOURCES, ProofError, check_proof, refuse_gaps, stated

# answers like Coq: every theorem is closed, but for what a test replaces
COQC = r"""#!/bin/sh
for last; do :; done
case "$last" in
--print-version) echo "8.16.1 4.13.1" ;;
Questions.v)
    sed -n 's/.*idtac "=== \(.*\)".*/\1/p' "$last" | while read -r name; do
        echo "=== $name"
        if [ "$name" = "$AXIOM_UNDER" ]; then
            printf 'Axioms:\nchoice : forall A : Type,\n         inhabited A\n'
        elif [ "$name" != "$SILENT_ON" ]; then
            echo "Closed under the global context"
        fi
    done ;;
"$FAILS_ON") printf '%s\n' "$FAILURE" >&2; exit 1 ;;
esac
"""
needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="no Coq here")


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A coqc in front of any other, that checks nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "coqc").write_text(COQC)
    (folder / "coqc").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return monkeypatch


@pytest.fixture
def sources(tmp_path):
    """A proof of one file, for Coq itself, without libraries."""

    def write(text):
        (tmp_path / "_CoqProject").write_text("-Q . SpanTheorem\nTheorems.v\n")
        (tmp_path / "Theorems.v").write_text(text)
        return tmp_path

    return write


def prove(capsys, *arguments):
    status = main(["prove", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def check(folder):
    return check_proof(lambda name, seconds: None, folder)


def test_a_proof_that_holds(fake, capsys, tmp_path):
    status, out, _ = prove(capsys, "--json", tmp_path / "prove.json")
    assert status == 0
    result = json.loads((tmp_path / "prove.json").read_text())
    assert (result["verified"], result["closed"], result["coq"]) == (True, EXPECTED, "8.16.1")
    for theorem in result["theorems"]:
        assert theorem["axioms"] == []
        assert f"{theorem['name']}: {theorem['statement']}" in out
    assert "Sphere.v" in out
    assert result["not_proved"] in out
    assert "no function-class bound" in out


def test_an_axiom_is_named_and_nothing_is_verified(fake, capsys, tmp_path):
    fake.setenv("AXIOM_UNDER", "unique")
    status, out, _ = prove(capsys, "--json", tmp_path / "prove.json")
    assert status == 1
    assert "axioms: choice\n" in out
    assert "NOT proved" in out
    result = json.loads((tmp_path / "prove.json").read_text())
    assert (result["verified"], result["closed"]) == (False, EXPECTED - 1)


def test_a_proof_that_fails_is_placed(fake, capsys):
    fake.setenv("FAILS_ON", "Sphere.v")
    fake.setenv("FAILURE", 'File "./Sphere.v", line 12, characters 3-9:\nError: No such\n assumption')
    status, out, _ = prove(capsys)
    assert status == 1
    assert "does NOT hold. Sphere.v, line 12: No such assumption" in out


def test_silence_is_no_proof(fake, capsys):
    fake.setenv("SILENT_ON", "span")
    status, out, _ = prove(capsys)
    assert status == 1
    assert "Coq says nothing of the axioms of span" in out


@pytest.mark.parametrize(
    "message", ["Cannot find a physical path bound to logical path mpoly with prefix SsrMultinomials."]
)
def test_a_missing_library_is_one_line(fake, capsys, message):
    fake.setenv("FAILS_ON", "Derivation.v")
    fake.setenv("FAILURE", f'File "./Derivation.v", line 3, characters 0-41:\nError: {message}')
    status, _, err = prove(capsys)
    assert status == 2
    assert err.count("\n") == 1
    assert coq.INSTALL in err


def test_without_coq_it_says_how_to_install_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, out, err = prove(capsys)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert coq.INSTALL in err


def test_a_theorem_taken_out_is_missed(fake, sources):
    text = (SOURCES / "Theorems.v").read_text()
    assert len(stated(text)) == text.count("\nTheorem ") == EXPECTED
    proof = check(sources(text[: text.rindex("(** ")]))
    assert (proof.closed, proof.verified) == (EXPECTED - 1, False)


@pytest.mark.parametrize(
    "gap",
    [
        "Admitted",
        "admit",
        "Axiom a : False",
        "Parameter p : nat",
        "Conjecture c : False",
        "Unset Guard Checking",
    ],
)
def test_gaps_are_refused_with_their_line(gap):
    with pytest.raises(ProofError, match=r"File\.v, line 3: "):
        refuse_gaps("File.v", f"(* one (* Axiom *)\n *) Goal True.\n{gap}.\n")


def test_words_in_comments_and_names_are_no_gaps():
    refuse_gaps(
        "File.v", "(* Admitted (* admit *) Axiom *)\nLemma admitted_parameter : True. Proof. exact I. Qed."
    )


def test_a_gap_is_found_before_coq_is_started(fake, sources):
    fake.setenv("FAILS_ON", "Theorems.v")
    with pytest.raises(ProofError, match="'Admitted' leaves the proof open"):
        check(sources("(** Anything. *)\nTheorem anything : 0 = 1.\nAdmitted.\n"))


def test_every_file_is_listed():
    listed = [line for line in (SOURCES / "_CoqProject").read_text().split() if line.endswith(".v")]
    assert sorted(listed) == sorted(path.name for path in SOURCES.glob("*.v"))


def test_a_coqc_that_cannot_run_is_one_line(fake, tmp_path):
    (tmp_path / "bin" / "coqc").write_bytes(b"\x7fELF")
    with pytest.raises(InputError, match="cannot run"):
        check(SOURCES)


@needs_coq
def test_coq_itself_names_axioms_that_no_word_gives_away(sources):
    folder = sources(
        "(** One is one. *)\nTheorem one : 1 = 1.\nProof. reflexivity. Qed.\n"
        "Variable hidden : False.\n(** Anything. *)\nTheorem anything : 0 = 1.\nProof. destruct hidden. Qed.\n"
    )
    assert [theorem.axioms for theorem in check(folder).theorems] == [(), ("Theorems.hidden",)]


@needs_coq
def test_coq_itself_refuses_a_wrong_proof(sources):
    with pytest.raises(ProofError, match=r"Theorems\.v, line 3: "):
        check(sources("(** Anything. *)\nTheorem anything : 0 = 1.\nProof. reflexivity. Qed.\n"))
