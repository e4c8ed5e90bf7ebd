"""The page of every part."""

from __future__ import annotations

from flask import Blueprint, render_template

from crm.lib.charts import Row, bar_chart, line_chart, share_chart
from crm.style.forms import SampleForm
from crm.users.access import requires

bp = Blueprint("style", __name__)


@bp.get("/style")
@requires("crm.settings.manage")
def index() -> str:
    """The style sheet; its form shows its errors."""
    values = {"country": "Sweden", "tags": ["Alumni", "VIP"], "seats": 400, "channel": "Email"}
    form = SampleForm(formdata=None, data=values, meta={"csrf": False})
    form.validate()
    return render_template("style.html", form=form, charts=_charts())


def _charts() -> dict[str, object]:
    times = [f"{day} Mar" for day in range(1, 15)]
    opens = [312, 96, 41, 22, 30, 12, 8, 5, 9, 4, 2, 3, 1, 0]
    pages = [
        Row("https://school.example/summer-courses", 148, 31),
        Row("https://school.example/a/very/long/address/that/goes/on?and=on", 64, 12),
        Row("https://school.example/faq", 9),
    ]
    readers = [Row("Phone", 402), Row("Computer", 230), Row("Not told", 180), Row("Tablet", 31)]
    return {
        "line": line_chart("Opens and clicks", times, [("Opened", opens), ("Clicked", [each // 4 for each in opens])]),
        "bars": bar_chart("Links", pages, "clicks", names=("By people", "By programs")),
        "shares": share_chart("Devices", readers, "opens"),
        "nothing": line_chart("Opens and clicks", [], [("Opened", [])]),
    }  # fmt: skip
