"""What the gateway makes of the protos and of its settings."""

import functools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from potok.status.v1 import access_pb2, deadline_pb2
from pydantic import ValidationError

from gateway.endpoints import descriptor_set, endpoints, methods
from gateway.rendering import SERVICES, configuration
from gateway.settings import GatewaySettings
from tests.tree import ROOT

DEFAULTS = GatewaySettings()


def rendered(settings: GatewaySettings = DEFAULTS) -> str:
    return configuration(settings, Path("/tmp/descriptor.binpb"))


@functools.cache
def manager() -> dict[str, Any]:
    """Return what the listener does with HTTP."""
    [listener] = yaml.safe_load(rendered())["static_resources"]["listeners"]
    [chain] = listener["filter_chains"]
    found: dict[str, Any] = chain["filters"][0]["typed_config"]
    return found


def routes() -> list[dict[str, Any]]:
    [host] = manager()["route_config"]["virtual_hosts"]
    return list(host["routes"])


def route(path: str) -> dict[str, Any]:
    """Return the first route that a path takes."""
    for each in routes():
        match = each["match"]
        if "safe_regex" in match and re.fullmatch(match["safe_regex"]["regex"], path):
            return each
        if match.get("path") == path or path.startswith(match.get("prefix", "\0")):
            return each
    raise AssertionError(path)


def test_every_public_rpc_goes_to_its_service_and_no_other_one_anywhere() -> None:
    public = {each.rpc: each for each in endpoints()}
    for method in methods():
        rpc = f"/{method.containing_service.full_name}/{method.name}"
        found = route(rpc)
        if rpc in public:
            assert found["route"]["cluster"] == public[rpc].service
        else:
            assert found["direct_response"]["status"] == 404
    assert {each.service for each in endpoints()} <= set(SERVICES)


def test_only_reads_are_sent_again_when_a_server_may_have_seen_them() -> None:
    for each in endpoints():
        policy = route(each.rpc)["route"].get("retry_policy", {})
        assert ("unavailable" in policy.get("retry_on", "")) is each.reads


def test_what_is_not_public_has_no_path_of_json() -> None:
    public = {each.descriptor.full_name for each in endpoints()}
    hidden = [method for method in methods() if method.full_name not in public]

    assert hidden
    assert not [each for each in hidden if each.GetOptions().HasExtension(annotations_pb2.http)]


def test_open_to_anyone_is_what_the_protos_say() -> None:
    [rules] = [
        each["typed_config"]["rules"]
        for each in manager()["http_filters"]
        if each["name"].endswith("jwt_authn")
    ]
    opened = [rule["match"] for rule in rules if "requires" not in rule]
    said: list[dict[str, object]] = []
    for each in endpoints():
        if access_pb2.ROLE_ANYONE in each.descriptor.GetOptions().Extensions[access_pb2.roles]:
            said.append({"path": each.rpc})
            verb = [{"name": ":method", "string_match": {"exact": each.verb}}]
            pattern = re.sub(r"\{\w+\}", "[^/]+", each.path)
            place = (
                {"path": pattern} if pattern == each.path else {"safe_regex": {"regex": pattern}}
            )
            said.append(place | {"headers": verb})

    assert sorted(opened, key=str) == sorted(said, key=str)
    assert [rule["match"] for rule in rules if "requires" in rule] == [
        {"prefix": "/api/"},
        {"prefix": "/potok."},
    ]


def test_whatever_takes_longer_than_anything_may_be_silent_has_a_limit_of_its_own() -> None:
    usual, sync = DEFAULTS.stream_idle.total_seconds(), DEFAULTS.sync_idle.total_seconds()
    for each in endpoints():
        deadline = each.descriptor.GetOptions().Extensions[deadline_pb2.deadline_seconds]
        if deadline >= usual:
            assert deadline < sync
            for path in (each.rpc, each.path):
                assert route(path)["route"]["idle_timeout"] == f"{sync:g}s"


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (timedelta(days=30), "2592000s"),
        (timedelta(seconds=12345, milliseconds=678), "12345.678s"),
        (timedelta(milliseconds=500), "0.5s"),
    ],
)
def test_times_are_written_whole(time: timedelta, written: str) -> None:
    settings = GatewaySettings(stream_idle=time)

    assert f'"{written}"' in rendered(settings)


def test_envoy_s_copy_of_the_protos_is_whole() -> None:
    whole = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set())
    names = [file.name for file in whole.file]

    assert "google/rpc/error_details.proto" in names
    for number, file in enumerate(whole.file):
        assert set(file.dependency) <= set(names[:number])


def test_a_service_without_servers_is_not_waited_for() -> None:
    configured = yaml.safe_load(rendered(GatewaySettings(bot_status=(), analysis=())))
    clusters = {
        each["name"]: each["load_assignment"]["endpoints"][0]["lb_endpoints"]
        for each in configured["static_resources"]["clusters"]
    }

    assert set(clusters) == set(SERVICES)
    assert clusters["analysis"] == []


@pytest.mark.parametrize(
    "wrong", [{"listen": "8000"}, {"coordinator": ["localhost"]}, {"max_body": 0}, {"surprise": 1}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        GatewaySettings(**wrong)  # type: ignore[arg-type]


def test_values_cannot_break_out_of_the_template() -> None:
    settings = GatewaySettings(issuer='x"\n- evil: [', stream_idle=timedelta(milliseconds=1500))
    configured = yaml.safe_load(rendered(settings))
    [chain] = configured["static_resources"]["listeners"][0]["filter_chains"]
    found = chain["filters"][0]["typed_config"]

    assert found["stream_idle_timeout"] == "1.5s"
    [provider] = [
        each["typed_config"]["providers"]["users"]
        for each in found["http_filters"]
        if each["name"].endswith("jwt_authn")
    ]
    assert provider["issuer"] == settings.issuer


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "gateway/README.md").read_text()
    assert not [name for name in GatewaySettings.model_fields if f"`{name.upper()}`" not in readme]
