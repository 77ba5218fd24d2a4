import pickle

from ser_core.errors import ErrorCode, SerError


def test_an_error_survives_the_way_back_from_a_worker_process():
    error = SerError(ErrorCode.SILENT, "It is silent.", "Speak up.")
    back = pickle.loads(pickle.dumps(error))
    assert (back.code, str(back), back.hint) == (ErrorCode.SILENT, "It is silent.", "Speak up.")


def test_an_error_is_a_value_error_and_has_a_json_form():
    error = SerError(ErrorCode.EMPTY, "Nothing there.", "Record again.")
    assert isinstance(error, ValueError)
    assert error.to_dict() == {
        "code": "EMPTY",
        "message": "Nothing there.",
        "hint": "Record again.",
    }
