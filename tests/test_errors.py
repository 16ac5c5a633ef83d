"""What callers catch, and names before messages."""

from __future__ import annotations

import pytest

from comrec import errors
from comrec.errors import ComrecError, PillowError, UsageError, naming_errors


def test_every_error_is_a_comrec_error_with_a_failing_status():
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = [kind for kind in found if issubclass(kind, Exception)]
    assert len(kinds) > 8
    assert all(issubclass(kind, ComrecError) for kind in kinds)
    assert {kind.exit_status for kind in kinds} == {1, 2}
    assert UsageError.exit_status == 2


@pytest.mark.parametrize("kind", [ComrecError, OSError])
def test_callers_of_pillow_catch_its_errors_as_callers_of_comrec_do(kind):
    with pytest.raises(kind, match=r"^x\.jpg: damaged$"), naming_errors("x.jpg"):
        raise PillowError("damaged")


def test_a_name_is_put_before_a_message_once():
    with (
        pytest.raises(UsageError, match=r"^x\.jpg: wrong$"),
        naming_errors("x.jpg"),
        naming_errors("x.jpg"),
    ):
        raise UsageError("wrong")
