"""The sandbox answers as AmoCRM and a telephony host do: what the tests of call_sync stand on."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx2
import pytest

from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.clinic import SAMPLES, clinic
from deploy.sandbox.crowd import crowd
from tests.sandbox import RunningSandbox, running_sandbox

DAYS = {"filter[created_at][from]": "1793566800", "filter[created_at][to]": "1793825999"}
"""2026-11-02 to 2026-11-04 in Moscow."""


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(clinic()) as running:
        yield running


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://{sandbox.host}", trust_env=False) as client:
        client.headers["authorization"] = f"Bearer {sandbox.long_lived_token()}"
        yield client


def exchange(sandbox: RunningSandbox, http: httpx2.Client, **grant: str) -> httpx2.Response:
    integration = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "redirect_uri": sandbox.redirect_uri,
    }
    return http.post("/oauth2/access_token", json=integration | grant)


def embedded(answer: httpx2.Response, name: str) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/hal+json"
    found: list[dict[str, Any]] = answer.json()["_embedded"][name]
    return found


def test_events_of_the_range_name_the_notes_and_notes_the_calls(http: httpx2.Client) -> None:
    types = {"filter[type]": "incoming_call,outgoing_call"}
    events = embedded(http.get("/api/v4/events", params=types | DAYS), "events")
    ids = [event["value_after"][0]["note"]["id"] for event in events]
    notes = embedded(
        http.get("/api/v4/leads/notes", params={"filter[id][]": [str(each) for each in ids]}),
        "notes",
    )

    assert ids == [42709306, 42709305, 42709304, 42709303, 42709302, 42709301]
    assert [note["id"] for note in notes] == [42709301, 42709303]
    assert notes[0]["params"]["duration"] == 63
    assert notes[0]["params"]["link"].startswith("http://127.0.0.1:")


def test_a_page_is_capped_and_names_the_next_one() -> None:
    world = crowd(calls=300, first_day=date(2026, 11, 2))
    with (
        running_sandbox(world, Behaviour(requests_per_second=100)) as sandbox,
        httpx2.Client(trust_env=False) as http,
    ):
        http.headers["authorization"] = f"Bearer {sandbox.long_lived_token()}"
        url, seen = f"http://{sandbox.host}/api/v4/events?limit=250", 0
        while url:
            body = http.get(url).json()
            assert len(body["_embedded"]["events"]) <= 100
            seen += len(body["_embedded"]["events"])
            url = body["_links"].get("next", {}).get("href", "")

    assert seen == sum(len(call.notes) for call in world.calls)


def test_nothing_found_is_204(http: httpx2.Client) -> None:
    assert http.get("/api/v4/customers/notes").status_code == 204


def test_a_refresh_token_used_twice_ends_the_pair(
    sandbox: RunningSandbox, http: httpx2.Client
) -> None:
    first = exchange(sandbox, http, grant_type="authorization_code", code=sandbox.code()).json()
    spent = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = exchange(sandbox, http, **spent).json()
    bearer = {"authorization": f"Bearer {second['access_token']}"}

    assert http.get("/api/v4/account", headers=bearer).status_code == 200
    again = exchange(sandbox, http, **spent)
    assert (again.status_code, again.json()["hint"]) == (401, "Token has been revoked")
    assert http.get("/api/v4/account", headers=bearer).status_code == 401
    newer = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    assert exchange(sandbox, http, **newer).status_code == 401


def test_a_code_is_good_for_one_exchange(sandbox: RunningSandbox, http: httpx2.Client) -> None:
    code = {"grant_type": "authorization_code", "code": sandbox.code()}

    assert exchange(sandbox, http, **code).status_code == 200
    assert exchange(sandbox, http, **code).status_code == 401


def test_more_requests_than_allowed_are_answered_429_and_at_last_blocked(
    sandbox: RunningSandbox, http: httpx2.Client
) -> None:
    sandbox.behave(requests_per_second=2, blocked_after=3)
    answers = [http.get("/api/v4/account") for _ in range(6)]

    assert [each.status_code for each in answers] == [200, 200, 429, 429, 429, 403]
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert [each.status for each in sandbox.requests("/api/v4")] == [200, 200, 429, 429, 429, 403]


def test_a_switch_that_is_none_is_refused_by_name(sandbox: RunningSandbox) -> None:
    answer = httpx2.post(
        f"http://{sandbox.host}/sandbox/behaviour", json={"blokked": True}, trust_env=False
    )

    assert answer.status_code == 400
    assert "blokked" in answer.text


def test_an_access_token_is_good_for_so_many_requests(
    sandbox: RunningSandbox, http: httpx2.Client
) -> None:
    sandbox.behave(access_token_requests=1)
    pair = exchange(sandbox, http, grant_type="authorization_code", code=sandbox.code()).json()
    bearer = {"authorization": f"Bearer {pair['access_token']}"}

    answers = [http.get("/api/v4/account", headers=bearer).status_code for _ in range(2)]
    assert answers == [200, 401]


def test_a_late_recording_is_not_ready_first_and_then_the_sound(http: httpx2.Client) -> None:
    notes = embedded(http.get("/api/v4/leads/notes"), "notes")
    link = next(note["params"]["link"] for note in notes if note["id"] == 42709303)
    with httpx2.Client(trust_env=False) as other:
        first, second = other.get(link), other.get(link)

    assert first.status_code == 202
    assert second.content == (SAMPLES / "call2_price_objection.wav").read_bytes()


def test_the_telephony_host_refuses_a_token_of_the_crm(http: httpx2.Client) -> None:
    notes = embedded(http.get("/api/v4/leads/notes"), "notes")

    assert http.get(notes[0]["params"]["link"]).status_code == 400


def test_a_refresh_whose_answer_is_lost_is_done(
    sandbox: RunningSandbox, http: httpx2.Client
) -> None:
    pair = exchange(sandbox, http, grant_type="authorization_code", code=sandbox.code()).json()
    spent = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    sandbox.behave(lost_answers=1)

    with pytest.raises(httpx2.RemoteProtocolError):
        exchange(sandbox, http, **spent)
    assert exchange(sandbox, http, **spent).status_code == 401
