"""Charts as geometry: from zero, inside the picture, with the finding in words and the numbers behind."""

from crm.lib.charts import HEIGHT, LEFT, RIGHT, TOP, WIDTH, Row, bar_chart, ceiling, line_chart, percent, share_chart


def test_a_line_starts_at_zero_and_stays_in_the_picture():
    chart = line_chart("Opens", ["1 Mar", "2 Mar", "3 Mar"], [("Opened", [0, 5, 10])])
    spots = [tuple(map(float, each.split(","))) for each in chart.lines[0].points.split()]
    assert spots[0] == (LEFT, chart.bottom)
    assert spots[2] == (WIDTH - RIGHT, TOP)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in spots)
    assert [each.text for each in chart.ups] == ["0", "5", "10"]
    assert [each.text for each in chart.acrosses] == ["1 Mar", "3 Mar"]


def test_it_says_its_finding_and_keeps_its_numbers():
    chart = line_chart("Opens", ["1 Mar", "2 Mar"], [("Opened", [1200, 3]), ("Clicked", [1, 0])])
    assert chart.finding == "Opened: 1,203 in all, most at 1 Mar (1,200)."
    assert chart.table.head == ("When", "Opened", "Clicked")
    assert chart.table.rows == (("1 Mar", "1,200", "1"), ("2 Mar", "3", "0"))


def test_nothing_and_a_single_moment_can_be_drawn():
    assert line_chart("Opens", [], [("Opened", [])]).finding == "Nothing so far."
    assert line_chart("Opens", ["now"], [("Opened", [3])]).lines[0].points
    assert bar_chart("Links", [], "clicks").finding == "Nothing so far."
    assert bar_chart("Links", [Row("a", 3), Row("b", 0)], "clicks").finding == "a: all 3 clicks."
    assert bar_chart("Links", [Row("a", 1)], "people").finding == "a: the only one so far."
    assert share_chart("Devices", [], "opens").slices == ()


def test_the_longest_bar_is_whole_and_the_parts_of_one_follow_each_other():
    chart = bar_chart("Links", [Row("a", 6, 4), Row("b", 5)], "clicks", names=("By people", "By programs"))
    assert [(each.length, each.second) for each in chart.bars] == [(60, 40), (50, 0)]
    assert chart.table.rows == (("a", "6", "4"), ("b", "5", "0"))
    assert chart.finding == "a leads with 55 % of 11 clicks."


def test_shares_fill_the_bar_and_small_ones_are_put_together():
    chart = share_chart("Devices", [Row(name, 20) for name in "abcde"], "opens")
    assert [each.name for each in chart.slices] == ["a", "b", "c", "Others"]
    assert sum(each.width for each in chart.slices) == 100
    assert chart.slices[-1].value == "40 % (40)"
    assert len(chart.table.rows) == 5


def test_round_numbers():
    assert [ceiling(each) for each in (0, 1, 3, 7, 41, 312)] == [1, 1, 4, 8, 60, 400]
    assert [percent(1, 3), percent(1, 40), percent(0, 3), percent(1, 0)] == ["33 %", "2.5 %", "0 %", "–"]
