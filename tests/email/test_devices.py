"""What readers read with, from what their programs call themselves."""

import pytest

from crm.email.devices import Device, device_of

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (f"{IPHONE} Mobile/15E148", Device("phone", "Apple Mail", "iOS")),
        (f"{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1", Device("phone", "Safari", "iOS")),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
            Device("desktop", "Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
            Device("phone", "Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
            Device("tablet", "Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0",
            Device("desktop", "Thunderbird", "Linux"),
        ),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            Device("unknown", "Gmail"),
        ),
        ("YahooMailProxy; https://help.yahoo.com", Device("unknown", "Yahoo Mail")),
        ("", Device()),
        ("something else" * 99, Device()),
    ],
)
def test_it_is_told_from_its_name(agent, device):
    assert device_of(agent) == device
