"""The numbers that pages are held to are those that comrec computes."""

import json

import web_numbers


def test_the_numbers_on_disk_are_those_that_python_makes():
    assert json.loads(web_numbers.FILE.read_text()) == json.loads(
        json.dumps(web_numbers.made())
    )
