"""Programs with tokens of the people of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from crm.users.models import User
from crm.users.operations import add_token
from tests import factories


class Program:
    """A program that uses the API with somebody's token."""

    def __init__(self, app: Flask, token: str):
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def open(self, method: str, path: str, sent: Any = None, key: str = "", **given: Any) -> Any:
        """Send a request; `sent` becomes its JSON body."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {}), **given.pop("headers", {})}
        if sent is not None:
            given |= {"data": json.dumps(sent), "content_type": "application/json"}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **given)

    def get(self, path: str, **given: Any) -> Any:
        return self.open("GET", path, **given)

    def post(self, path: str, sent: Any = None, key: str = "", **given: Any) -> Any:
        return self.open("POST", path, sent, key, **given)

    def patch(self, path: str, sent: Any) -> Any:
        return self.open("PATCH", path, sent)

    def delete(self, path: str) -> Any:
        return self.open("DELETE", path)


@pytest.fixture
def program(app: Flask) -> Callable[[User], Program]:
    return lambda user: Program(app, add_token(user, "trial"))


@pytest.fixture
def api(program: Callable[[User], Program], ada: User) -> Program:
    """A program of the administrator."""
    return program(ada)


@pytest.fixture
def agents(program: Callable[[User], Program], agnes: User) -> Program:
    """A program of the agent, who sees her own contacts only."""
    return program(agnes)


@pytest.fixture
def carla(app: Flask) -> Any:
    return factories.contact()


def pointers(reply: Any) -> list[str]:
    """Where the values are that were refused."""
    return [each.get("pointer", each.get("parameter")) for each in reply.json.get("errors", [])]
