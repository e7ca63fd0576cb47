"""Tables that spreadsheets open hold text and no formulas."""

import csv

import pytest

from unetstudio.data.csv_cell import csv_cell


@pytest.mark.parametrize("text", [" =1+1", "\n=1+1", "=1+1", "+1", "-1", "@sum", "\tx", '=HYPERLINK("a","b")'])
def test_that_what_could_be_a_formula_is_led_by_an_apostrophe(text):
    assert next(csv.reader([csv_cell(text)])) == [f"'{text}"]


@pytest.mark.parametrize("text", ["", "cell 7", 'the "first", really', "a,b"])
def test_that_other_text_comes_back_as_it_was(text):
    assert next(csv.reader([csv_cell(text) + ",end"])) == [text, "end"]
