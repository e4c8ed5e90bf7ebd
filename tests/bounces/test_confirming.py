"""A topic of SNS that we listen to is confirmed: once verified, at its own host, from a job."""

import pytest

from crm.bounces import confirming
from crm.lib.net import Fetched, Unreachable
from tests.bounces import carriers


@pytest.fixture
def asked(monkeypatch):
    """The addresses that were asked."""
    urls = []
    monkeypatch.setattr(confirming, "fetch", lambda url, **_: urls.append(url) or Fetched(200, b""))
    return urls


def subscribe(client, url=carriers.CONFIRM, **more):
    body, headers = carriers.sns("Subscribe", "SubscriptionConfirmation", SubscribeURL=url, Token="2336", **more)
    return client.post("/api/webhooks/email/ses", data=body, headers=headers).status_code


def run(app):
    app.extensions["jobs"]["confirm_subscriptions"].call_local()


def test_it_is_confirmed_once(doors, anonymous, asked):
    assert (subscribe(anonymous), subscribe(anonymous)) == (200, 200)
    assert asked == []
    run(doors)
    run(doors)
    assert asked == [carriers.CONFIRM]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/?Action=ConfirmSubscription",
        "https://sns.eu-west-1.amazonaws.com@evil.test/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic",
    ],
)
def test_an_address_elsewhere_is_never_asked(doors, anonymous, asked, url):
    assert subscribe(anonymous, url) == 403
    run(doors)
    assert asked == []


def test_another_topic_is_not_confirmed(doors, anonymous, asked):
    assert subscribe(anonymous, TopicArn="arn:aws:sns:eu-west-1:999999999999:theirs") == 403
    run(doors)
    assert asked == []


def test_one_that_fails_is_tried_again(doors, anonymous, asked, monkeypatch):
    def down(_url, **_):
        raise Unreachable("no")

    subscribe(anonymous)
    with monkeypatch.context() as patch:
        patch.setattr(confirming, "fetch", down)
        run(doors)
    run(doors)
    assert asked == [carriers.CONFIRM]
