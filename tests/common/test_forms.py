"""Sentences of forms: what is missing and what to put there, field by field, in every form of the product."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from django import forms
from django.apps import apps

from common.forms import PlainForm

APPS = ("accounts", "backups", "common", "resilience", "schedules", "swaps")


class Everything(PlainForm, forms.Form):
    """One field of each kind that the product uses."""

    why = forms.CharField()
    first_day = forms.DateField()
    hours = forms.IntegerField()
    level = forms.ChoiceField(choices=[("A", "A")])
    people = forms.MultipleChoiceField(choices=[("A", "A")])
    source = forms.FileField(label="File")
    yes = forms.BooleanField(label="I agree")
    code = forms.CharField(error_messages={"required": "Type the code that your app shows."})


def test_an_empty_form_says_of_each_field_what_to_put_there():
    assert {name: list(errors) for name, errors in Everything({}).errors.items()} == {
        "why": ["Fill in “Why”."],
        "first_day": ["Give a date for “First day”."],
        "hours": ["Give a number for “Hours”."],
        "level": ["Choose an entry of “Level”."],
        "people": ["Choose at least one entry of “People”."],
        "source": ["Choose a file for “File”."],
        "yes": ["Tick “I agree” to go on."],
        "code": ["Type the code that your app shows."],
    }


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"first_day": "soon"}, "first_day", "“First day”: give a date as 2026-03-12."),
        ({"hours": "many"}, "hours", "“Hours”: give a whole number."),
        ({"level": "B"}, "level", "“Level”: choose from the list; B is not in it."),
        ({"people": ["B"]}, "people", "“People”: choose from the list; B is not in it."),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(given: dict[str, object], field: str, sentence: str):
    assert Everything(given).errors[field] == [sentence]


def _forms_of_the_product() -> set[type[forms.BaseForm]]:
    for name in APPS:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "migrations" not in module.name and "management" not in module.name:
                importlib.import_module(module.name)
    found, ahead = set(), [forms.BaseForm]
    while ahead:
        kind = ahead.pop()
        ahead += kind.__subclasses__()
        if kind.__module__.split(".")[0] in APPS:
            found.add(kind)
    return found


def test_every_form_of_the_product_speaks_so():
    silent = {kind.__qualname__ for kind in _forms_of_the_product() if not issubclass(kind, PlainForm)}

    assert (apps.ready, silent) == (True, set())
