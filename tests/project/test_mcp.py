"""MCP through both doors with the SDK's own client: who may call what, and clear refusals of everything else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from django.conf import settings
from django.test import Client
from mcp import MCPError

from accounts.enums import Role
from accounts.models import User
from accounts.services import tokens
from backups.models import Backup
from schedules.enums import RunStatus
from schedules.models import Assignment, GenerationRun
from tests.factories import accounts, agents, program
from tests.project.test_role_table import READING_TOOLS, ROLES

pytestmark = pytest.mark.django_db

RANGE = {"start_date": "2026-03-12", "end_date": "2026-03-12"}
ORDER = {"start_date": "2026-03-12", "end_date": "2026-04-08"}
CELL = {"person": "{person}", "date": "2026-03-12", "session": "AM", "activity": "OFF"}
SWAP = {
    "source_faculty_id": "{attending}",
    "source_week": "2026-03-13",
    "target_faculty_id": "{adjunct}",
    "swap_type": "absorb",
    "reason": "conference",
}

# What each call answers to resident, faculty, coordinator, architect, director, administrator, agent.
CALLS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("health_check", {}, ("ok",) * 7),
    ("validate_schedule", RANGE, ("ok",) * 7),
    ("validate_schedule", {**RANGE, "schedule": "{draft}"}, ("not_found",) * 2 + ("ok",) * 5),
    ("detect_conflicts", RANGE, ("forbidden",) * 2 + ("ok",) * 5),
    ("generate_schedule", ORDER, ("forbidden",) * 2 + ("confirmation_required",) * 4 + ("ok",)),
    ("bulk_assign", {"schedule": "{draft}", "set": [CELL]}, ("forbidden",) * 2 + ("ok",) * 5),
    (
        "bulk_assign",
        {"schedule": "{draft}", "set": [CELL], "confirmation_token": "x"},
        ("forbidden",) * 2 + ("confirmation_invalid",) * 4 + ("forbidden",),
    ),
]
MAY_ASK = ("forbidden", "forbidden", "ok", "forbidden", "ok", "ok", "ok")
CALLS += [
    *((name, {}, ("ok",) * 7) for name in READING_TOOLS),
    ("assess_cognitive_load_tool", {}, ("forbidden",) * 2 + ("ok",) * 5),
    ("analyze_le_chatelier_tool", {"people": ["{person}"]}, ("forbidden",) * 2 + ("ok",) * 3 + ("forbidden", "ok")),
    ("check_mtf_compliance_tool", {}, ("ok",) * 7),
    ("check_mtf_compliance_tool", {"generate_sitrep": True}, ("forbidden",) * 2 + ("ok",) * 3 + ("forbidden", "ok")),
    ("execute_sacrifice_hierarchy_tool", {}, ("forbidden",) * 2 + ("ok",) * 3 + ("forbidden", "ok")),
    (
        "execute_sacrifice_hierarchy_tool",
        {"simulate_only": False},
        ("forbidden",) * 2 + ("approval_required",) * 3 + ("forbidden",) * 2,
    ),
    ("analyze_swap_candidates", {"person": "{attending}", "week": "2026-03-13"}, MAY_ASK),
    ("execute_swap", SWAP, MAY_ASK),
]
TOOLS = {name for name, *_ in CALLS}
WRITING = {
    "generate_schedule",
    "bulk_assign",
    "execute_swap",
    "execute_sacrifice_hierarchy_tool",
    "check_mtf_compliance_tool",
}


def outcome(result: Any) -> str:
    """`ok`, or the code of the refusal."""
    return str(result.structured_content["code"]) if result.is_error else "ok"


@pytest.mark.parametrize("letter", ROLES)
def test_every_call_answers_every_role_as_written(things: dict[str, str], user_as: Callable[..., User], letter: str):
    asked = [(name, json.loads(_filled(json.dumps(given), things))) for name, given, _ in CALLS]

    async def conversation(client: Any) -> list[str]:
        return [outcome(await client.call_tool(name, given)) for name, given in asked]

    answered = agents.talk(user_as(ROLES[letter]), conversation)

    position = "RFCADMP".index(letter)
    assert answered == [expected[position] for _, _, expected in CALLS]


def _filled(text: str, things: dict[str, str]) -> str:
    for name, pk in things.items():
        text = text.replace(f"{{{name}}}", pk)
    return text


def test_every_tool_is_described_and_typed(director: User):
    listed = agents.talk(director, lambda client: client.list_tools()).tools

    assert {tool.name for tool in listed} == TOOLS
    assert [tool.name for tool in listed if not (tool.description and tool.output_schema)] == []
    untyped = [
        f"{tool.name}.{name}"
        for tool in listed
        for name, schema in tool.input_schema["properties"].items()
        if not {"type", "anyOf", "$ref", "enum"} & schema.keys()
    ]
    assert untyped == []
    assert {tool.name for tool in listed if not tool.annotations.read_only_hint} == WRITING


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic abc", "Bearer agent_0000"])
def test_without_a_good_token_it_is_401(client: Client, header: str | None):
    answer = client.post(
        "/mcp", {}, content_type="application/json", headers={"Authorization": header} if header else {}
    )

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == "token_not_valid"


def test_a_session_of_the_browser_is_no_token(browser_as: Callable[[Role], Client]):
    assert browser_as(Role.ADMINISTRATOR).post("/mcp", {}, content_type="application/json").status_code == 401


def test_somebody_deactivated_is_shut_out(client: Client):
    gone = accounts.user(Role.COORDINATOR)
    token = tokens.issue(gone).access_token
    gone.is_active = False
    gone.save()

    answer = client.post("/mcp", {}, content_type="application/json", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


def test_another_host_is_refused(client: Client, coordinator: User):
    headers = {"Authorization": f"Bearer {tokens.issue(coordinator).access_token}", "Host": "elsewhere.example"}

    assert client.post("/mcp", {}, content_type="application/json", headers=headers).status_code == 400


def test_streams_and_sessions_are_not_offered(client: Client, coordinator: User):
    token = tokens.issue(coordinator).access_token

    answers = [getattr(client, way)("/mcp", headers={"Authorization": f"Bearer {token}"}) for way in ("get", "delete")]

    assert [(answer.status_code, answer["Allow"]) for answer in answers] == [(405, "POST")] * 2


def test_what_is_no_message_of_the_protocol_is_refused(client: Client, coordinator: User):
    headers = {"Authorization": f"Bearer {tokens.issue(coordinator).access_token}", "Accept": "application/json"}

    answer = client.post("/mcp", "no json", content_type="application/json", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32700)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start_date": "2026-03-12"}, "end_date: Field required."),
        ({**RANGE, "end_date": "soon"}, "end_date: Input should be a valid date or datetime, input is too short."),
        ({**RANGE, "colour": "red"}, "colour: There is no such argument."),
        ({**RANGE, "end_date": "2026-03-11"}, "The range ends before it begins. Exchange the two dates."),
        ({**RANGE, "end_date": "2027-03-13"}, "The range has 367 days; give at most 366 at once."),
    ],
)
def test_bad_arguments_are_named(coordinator: User, given: dict[str, str], said: str):
    answer = agents.call(coordinator, "validate_schedule", **given)

    assert (outcome(answer), answer.content[0].text) == ("invalid", said)


@pytest.mark.parametrize(("people", "said"), [("[]", "ok"), ("[nobody]", "invalid"), ('"x"', "invalid")])
def test_a_list_may_come_as_json_text(coordinator: User, people: str, said: str):
    assert outcome(agents.call(coordinator, "calculate_blast_radius_tool", people=people)) == said


def test_an_unknown_tool_is_refused_with_the_known_ones(coordinator: User):
    answer = agents.call(coordinator, "delete_everything")

    assert answer.is_error
    assert answer.content[0].text.startswith("There is no tool 'delete_everything'. Known are: ")


def test_a_fault_of_ours_tells_nothing_of_itself(coordinator: User, monkeypatch: pytest.MonkeyPatch):
    def broken(*args: Any, **fields: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("schedules.services.health.newest_verified", broken)

    answer = agents.call(coordinator, "health_check")

    assert (answer.is_error, answer.content[0].text) == (
        True,
        "Something went wrong here. It has been recorded; try again later.",
    )


def test_calls_are_counted_and_the_wait_is_said(coordinator: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(agents.HEAVY_RATES, "heavy", "1/min")

    async def twice(client: Any) -> list[str]:
        return [outcome(await client.call_tool("health_check", {})) for _ in range(2)]

    assert agents.talk(coordinator, twice) == ["ok", "throttled"]


# --- generation and edits --------------------------------------------------------------------------------------------


def test_generation_is_refused_without_a_verified_backup(things: dict[str, str], director: User, agent: User):
    Backup.objects.all().delete()

    answers = [agents.call(user, "generate_schedule", **ORDER) for user in (director, agent)]

    assert [outcome(answer) for answer in answers] == ["no_fresh_backup"] * 2
    assert "manage.py backup" in answers[0].content[0].text
    assert not GenerationRun.objects.filter(start_date="2026-03-12", status=RunStatus.QUEUED).exists()


def test_generation_starts_with_the_token_that_the_preflight_gave(things: dict[str, str], director: User):
    shown = agents.call(director, "generate_schedule", **ORDER)

    started = agents.call(
        director, "generate_schedule", **ORDER, confirmation_token=shown.structured_content["confirmation_token"]
    )

    assert shown.structured_content["preflight"]["ok"] is True
    run = GenerationRun.objects.get(pk=started.structured_content["run_id"])
    assert (run.status, run.requested_by, run.confirmed_by) == (RunStatus.QUEUED, director, director)


def test_a_token_starts_nothing_else_and_for_nobody_else(things: dict[str, str], director: User, coordinator: User):
    token = agents.call(director, "generate_schedule", **ORDER).structured_content["confirmation_token"]

    other_order = agents.call(director, "generate_schedule", **ORDER, seed=2, confirmation_token=token)
    other_person = agents.call(coordinator, "generate_schedule", **ORDER, confirmation_token=token)

    assert [outcome(other_order), outcome(other_person)] == ["confirmation_stale", "confirmation_invalid"]


def test_an_agents_generation_waits_for_a_person_whatever_it_sends(things: dict[str, str], agent: User):
    token = agents.call(agent, "generate_schedule", **ORDER, confirmation_token="yes").structured_content

    run = GenerationRun.objects.get(pk=token["run_id"])
    assert (run.status, run.confirmed_by) == (RunStatus.AWAITING_CONFIRMATION, None)


def test_a_dry_run_writes_nothing_and_its_token_applies_exactly_it(things: dict[str, str], coordinator: User):
    rows = {"schedule": things["draft"], "set": [{**CELL, "person": things["person"]}]}
    before = _cells(things["draft"])

    shown = agents.call(coordinator, "bulk_assign", **rows).structured_content
    after_showing = _cells(things["draft"])

    done = agents.call(coordinator, "bulk_assign", **rows, confirmation_token=shown["confirmation_token"])
    again = agents.call(coordinator, "bulk_assign", **rows, confirmation_token=shown["confirmation_token"])

    assert (shown["dry_run"], after_showing) == (True, before)
    assert (done.structured_content["dry_run"], outcome(again)) == (False, "confirmation_used")
    assert _cells(things["draft"]) != before


def _cells(schedule: str) -> list[tuple[Any, ...]]:
    rows = Assignment.objects.filter(schedule_id=schedule)
    return sorted(rows.values_list("person_id", "date", "session", "activity__code"))


# --- documents -------------------------------------------------------------------------------------------------------


def test_the_quick_status_is_read_by_everybody_in_seven_lines(resident: User, agent: User):
    texts = [
        agents.talk(user, lambda client: client.read_resource("scheduler://quick-status")).contents[0].text
        for user in (resident, agent)
    ]

    assert [len(text.strip().splitlines()) for text in texts] == [7, 7]
    assert texts[0].startswith("PRODUCTION STATUS: ")


def test_ids_and_codes_are_looked_up_and_drafts_only_by_those_who_see_them(
    things: dict[str, str], resident: User, agent: User
):
    def read(user: User, address: str) -> dict[str, str]:
        text = agents.talk(user, lambda client: client.read_resource(f"scheduler://{address}")).contents[0].text
        return dict(line.split(",", 1) for line in text.splitlines())

    seen = [things[name] in read(user, "schedules") for user in (resident, agent) for name in ("published", "draft")]

    assert seen == [True, False, True, True]
    assert read(resident, "people")[things["attending"]].endswith(",FACULTY,")
    assert read(agent, "activities")["C"].endswith(",clinic")


@pytest.mark.parametrize("incident", ["00000000-0000-0000-0000-000000000000", "nothing"])
def test_an_incident_that_is_not_there_has_no_report(coordinator: User, incident: str):
    async def read(client: Any) -> str:
        try:
            return str(await client.read_resource(f"scheduler://incidents/{incident}/report"))
        except MCPError as refusal:
            return str(refusal)

    assert agents.talk(coordinator, read) == "There is no such incident."


# --- both doors as they are used -------------------------------------------------------------------------------------

NOBODY = "00000000-0000-0000-0000-000000000000"
SMALLEST: dict[str, dict[str, Any]] = {
    "validate_schedule": RANGE,
    "detect_conflicts": RANGE,
    "generate_schedule": ORDER,
    "bulk_assign": {"schedule": NOBODY},
    "execute_swap": {**SWAP, "source_faculty_id": NOBODY, "target_faculty_id": NOBODY},
    "analyze_swap_candidates": {"week": "2026-03-13"},
}
"""What the tools need to be called at all; the others need nothing."""
FORBIDDEN: dict[Role, set[str]] = {
    Role.RESIDENT: {
        "detect_conflicts",
        "generate_schedule",
        "bulk_assign",
        "assess_cognitive_load_tool",
        "execute_sacrifice_hierarchy_tool",
        "execute_swap",
        "analyze_swap_candidates",
    },
    Role.COORDINATOR: {"analyze_swap_candidates"},
    Role.PROGRAM_DIRECTOR: {"analyze_swap_candidates"},
    Role.AGENT: {"analyze_swap_candidates"},
}
"""Own weeks are those of the person linked to the account; these accounts are nobody's."""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nothing_but_the_protocol_is_on_standard_output(tmp_path: Any):
    token = tokens.issue(accounts.user(Role.COORDINATOR)).access_token
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    sent = (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "health_check", "arguments": {}}},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "no_such_tool", "arguments": {}}},
    )
    given = "".join(f"{json.dumps(message)}\n" for message in sent)

    done = _run(agents.environment(token, tmp_path), given)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {answer["id"] for answer in answers} == {1, 2, 3}
    assert {answer["jsonrpc"] for answer in answers} == {"2.0"}
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("token", "said"), [("", "Set MCP_TOKEN"), ("nonsense", "The access token is not valid")])
def test_without_a_good_token_stdio_ends_at_once(tmp_path: Any, token: str, said: str):
    done = _run(agents.environment(token, tmp_path), "")

    assert (done.returncode, done.stdout, said in done.stderr) == (1, "", True)


def _run(environment: dict[str, str], given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        agents.COMMAND,
        input=given,
        env={**os.environ, **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", ["stdio", "network"])
def test_four_roles_at_once_call_every_tool(door: str, live_server: Any, tmp_path: Any):
    program.tiny_program()
    given = {role: tokens.issue(accounts.user(role)).access_token for role in FORBIDDEN}
    found: dict[Role, dict[str, str]] = {}

    async def converse(role: Role) -> None:
        doors = {"stdio": (agents.over_stdio, tmp_path), "network": (agents.over_network, live_server.url)}
        opened, where = doors[door]
        async with opened(given[role], where) as client:
            listed = [tool.name for tool in (await client.list_tools()).tools]
            found[role] = {name: outcome(await client.call_tool(name, SMALLEST.get(name, {}))) for name in listed}

    async def all_at_once() -> None:
        async with anyio.create_task_group() as group:
            for role in given:
                group.start_soon(converse, role)

    anyio.run(all_at_once)

    expected = dict.fromkeys(TOOLS, "ok") | {"bulk_assign": "not_found", "generate_schedule": "no_fresh_backup"}
    assert found == {role: expected | dict.fromkeys(names, "forbidden") for role, names in FORBIDDEN.items()}
