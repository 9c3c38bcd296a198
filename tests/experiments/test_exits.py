import pytest

from kerasweep.experiments import bad_input_exits, interruption_exits


@pytest.mark.parametrize("error", [ValueError, TypeError, FileNotFoundError])
def test_bad_input_is_one_sentence_and_exit_code_2(error, capsys):
    with pytest.raises(SystemExit) as stop, bad_input_exits():
        raise error("Row 3\nholds no number.")
    assert stop.value.code == 2
    assert capsys.readouterr().err == "Row 3 holds no number.\n"


def test_a_fault_of_our_own_keeps_its_traceback():
    with pytest.raises(KeyError), bad_input_exits():
        raise KeyError("bug")


def test_an_interruption_says_what_was_kept(capsys):
    with pytest.raises(SystemExit) as stop, interruption_exits("All is well."):
        raise KeyboardInterrupt
    assert stop.value.code == 130
    assert capsys.readouterr().err == "Interrupted. All is well.\n"
