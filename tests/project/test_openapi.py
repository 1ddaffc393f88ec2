"""OpenAPI: the schema is valid and complete, its pages need nothing from elsewhere, and what it promises is there."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.enums import Role
from tests.factories import program

pytestmark = pytest.mark.django_db

DECIDERS_ONLY = {"/api/v1/swaps/escalations"}
"""Lists that an administrator has no part in."""


def test_the_schema_is_valid_and_made_without_a_warning():
    out = io.StringIO()

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null", stderr=out)

    assert out.getvalue() == ""


def test_operations_have_an_id_of_their_own_and_a_description():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)

    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert [each["operationId"] for each in operations if not each.get("description")] == []


def test_every_documented_list_and_document_answers(api_as):
    program.tiny_program()
    client = api_as(Role.ADMINISTRATOR)
    schema = SchemaGenerator().get_schema(request=None, public=True)
    plain = [address for address, methods in schema["paths"].items() if "get" in methods and "{" not in address]
    required = {
        address
        for address in plain
        if any(parameter.get("required") for parameter in schema["paths"][address]["get"].get("parameters", []))
    }

    answered = {address: client.get(address).status_code for address in plain}

    assert {address for address, status in answered.items() if status == 403} == DECIDERS_ONLY
    assert set(answered.values()) <= {200, 400, 403}
    assert {address for address, status in answered.items() if status == 400} <= required
    assert len(plain) >= 15


def test_every_list_takes_what_is_documented_and_refuses_other_filters_by_name(api_as):
    client = api_as(Role.PROGRAM_DIRECTOR)
    schema = SchemaGenerator().get_schema(request=None, public=True)
    lists = {
        address: [parameter["name"] for parameter in methods["get"].get("parameters", ())]
        for address, methods in schema["paths"].items()
        if "{" not in address
        and {"limit", "ordering"} & {p["name"] for p in methods.get("get", {}).get("parameters", ())}
    }

    documented = {
        address: client.get(address, dict.fromkeys(names, "")).status_code for address, names in lists.items()
    }
    unknown = {address: client.get(address, {"colour": "red"}).json() for address in lists}
    unordered = client.get("/api/v1/people", {"ordering": "-name,colour"})

    assert (len(lists) > 20, set(documented.values())) == (True, {200})
    assert {address: list(said) for address, said in unknown.items()} == {address: ["colour"] for address in lists}
    assert unknown["/api/v1/backups"]["colour"] == [
        "There is no such filter here. This list takes: format, kind, limit, ordering, page, state."
    ]
    assert (unordered.status_code, list(unordered.json())) == (400, ["ordering"])


def test_the_docs_load_nothing_from_elsewhere_and_no_inline_script(browser_as):
    page = browser_as(Role.RESIDENT).get("/api/docs/")

    assert page.status_code == 200
    text = page.content.decode()
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
    assert re.findall(r"<script(?![^>]*src=)[^>]*>", text) == []
    assert "script-src 'self'" in page["Content-Security-Policy"].split("; ")


def test_the_schema_needs_a_sign_in(client):
    assert client.get("/api/schema/").status_code == 401
