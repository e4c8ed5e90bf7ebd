"""What an index of every three letters knows of a text."""

from crm.lib.trigrams import beginning, spaced, threes, whole


def test_words_stand_apart_and_folded():
    assert spaced("José O'Neil-Weiß j_o@example.com") == "  jose  o  neil  weiss  j  example  com "
    assert spaced("") == spaced(" - ") == "   "


def test_how_a_word_begins_and_ends_is_letters_like_others():
    text = spaced("Mary Ma M")
    assert [part in text for part in (beginning("m"), beginning("ma"), whole("ma"), whole("m"), whole("mar"))] == [
        True
    ] * 4 + [False]


def test_few_threes_stand_for_a_long_part():
    assert threes("ab") == []
    assert threes("abc") == ["abc"]
    assert threes("abcdef") == ["abc", "bcd", "cde", "def"]
    assert threes("abcdefghij") == ["abc", "cde", "fgh", "hij"]
    assert threes("aaaaaaaaaa") == ["aaa"]
