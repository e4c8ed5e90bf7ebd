"""Guessing passwords is slowed down, and not by believing what the guesser says of himself."""

from tests.conftest import make_app
from tests.users.test_sign_in import try_it


def test_after_ten_wrong_passwords_the_address_has_to_wait(anonymous):
    replies = [try_it(anonymous, password="wrong") for _ in range(11)]
    assert [each.status_code for each in replies] == [422] * 10 + [429]
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 900
    assert "Try again in 15 minutes." in replies[-1].text
    assert try_it(anonymous).status_code == 429
    assert try_it(anonymous, email="mo@school.example", password="wrong").status_code == 422


def test_signing_in_rightly_is_not_counted(anonymous):
    assert {try_it(anonymous).status_code for _ in range(12)} == {303}


def test_one_caller_with_many_addresses_has_to_wait_whatever_it_says_of_proxies(anonymous):
    def attempt(number):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        return anonymous.post("/sign-in", data={"email": f"a{number}@x.example", "password": "x"}, headers=headers)

    assert [attempt(number).status_code for number in range(51)] == [422] * 50 + [429]


def test_behind_a_proxy_each_caller_counts_alone(app, ada):
    behind = make_app(app.config["INSTANCE_PATH"], TRUSTED_PROXIES=1)
    client = behind.test_client()

    def attempt(number):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        return client.post("/sign-in", data={"email": f"a{number}@x.example", "password": "x"}, headers=headers)

    assert {attempt(number).status_code for number in range(51)} == {422}


def test_one_ipv6_household_is_one_caller(anonymous):
    def attempt(number):
        data = {"email": f"a{number}@x.example", "password": "x"}
        return anonymous.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": f"2001:db8::{number:x}"})

    assert [attempt(number).status_code for number in range(51)][-1] == 429
