"""CSV files as people have them are read; what is no table is refused in words."""

import csv
import io

import pytest

from crm.lib.csv_files import CsvError, harmless, records, sniff, write

PLAIN = "Name,Email\nZoë,zoe@example.com\nÅsa,asa@example.com\n"


@pytest.fixture
def read(tmp_path):
    def read(content, **known):
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        layout = sniff(path, **known)
        return layout, list(records(path, layout))

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_every_usual_encoding_is_recognised(read, encoding):
    layout, rows = read(PLAIN.encode(encoding))
    assert layout.columns == ["Name", "Email"]
    assert rows == [(2, ["Zoë", "zoe@example.com"], None), (3, ["Åsa", "asa@example.com"], None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_separator_is_recognised(read, delimiter):
    layout, rows = read(PLAIN.replace(",", delimiter))
    assert (layout.delimiter, len(rows[0][1])) == (delimiter, 2)


def test_a_separator_inside_quotes_does_not_mislead(read):
    layout, rows = read('Name;Note\nZoë;"a, b, c"\nÅsa;"d, e, f"\n')
    assert (layout.delimiter, rows[0][1]) == (";", ["Zoë", "a, b, c"])


def test_the_separator_a_spreadsheet_declares_is_used(read):
    layout, rows = read("sep=;\nName;Email\nZoë;z@example.com\n")
    assert (layout.columns, rows) == (["Name", "Email"], [(3, ["Zoë", "z@example.com"], None)])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(read, end):
    assert [line for line, _, _ in read(PLAIN.replace("\n", end))[1]] == [2, 3]


def test_line_numbers_count_lines_not_rows(read):
    _, rows = read('Name,Note\nZoë,"two\nlines"\n\nÅsa,x\n')
    assert [(line, cells[0]) for line, cells, _ in rows] == [(2, "Zoë"), (5, "Åsa")]


def test_an_open_quotation_mark_costs_its_row_only(read):
    body = "".join(f"n{each},n{each}@example.com\n" for each in range(500))
    _, rows = read('Name,Email\n"Zoë,zoe@example.com\n' + body)
    assert rows[0][0] == 2
    assert "never closed" in rows[0][2]
    assert len(rows) == 501
    assert rows[500] == (502, ["n499", "n499@example.com"], None)


def test_a_misplaced_quotation_mark_costs_its_row_only(read):
    _, rows = read('Name,Email\n"Zoë" x,z@example.com\nÅsa,a@example.com\n')
    assert [problem is None for _, _, problem in rows] == [False, True]


def test_a_huge_cell_costs_its_row_only(read):
    _, rows = read("Name,Email\n" + "x" * 5_000_000 + ",a@example.com\nÅsa,b@example.com\n")
    assert [(line, problem is None) for line, _, problem in rows] == [(2, False), (3, True)]


def test_equal_and_missing_headings_get_names(read):
    assert read("Email,,Email\na@example.com,1,2\n")[0].columns == ["Email", "Column 2", "Email (2)"]


def test_a_file_without_headings_is_noticed(read):
    layout, rows = read("Zoë,zoe@example.com\nÅsa,asa@example.com\n")
    assert (layout.has_header, layout.columns, len(rows)) == (False, ["Column 1", "Column 2"], 2)


def test_nul_bytes_do_not_stop_the_reading(read):
    assert read("Name,Email\nZ\0oe,z@example.com\nÅsa,a@example.com\n")[1][1][0] == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n \n", "empty"),
        (b"Name,Email\n\n", "no rows"),
        (b"PK\x03\x04rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(256)) * 40, "no text"),
        (b"<!DOCTYPE html><p>Hi", "web page"),
        (b"a," * 1_000_000 + b"\nb\n", "Line 1 cannot be read"),
        (b"a," * 600 + b"\nb\n", "columns"),
        (b'"Name,Email\nx,y\n', "quotation mark"),
    ],
)
def test_what_is_no_table_is_refused_in_words(read, content, words):
    with pytest.raises(CsvError, match=words):
        read(content)


@pytest.mark.parametrize(
    "value", ["=1+A1", " =A1", "\t=A1", "\xa0@SUM(A1)", "\r+A1", "-A1+cmd|'x'!A0", "＝A1", "|calc", "'=A1"]
)
def test_what_could_be_a_formula_is_disarmed(value):
    assert harmless(value).startswith("'")


@pytest.mark.parametrize("value", ["Zoë", "+49 30 123456", "-5", "", "a=b"])
def test_what_is_no_formula_stays(value):
    assert harmless(value) == value


def test_a_written_file_reads_back():
    text = "".join(write([["Name", "Note"], ["Zoë", 'a "b", c']]))
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == [["Name", "Note"], ["Zoë", 'a "b", c']]
