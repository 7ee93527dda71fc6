"""HTML from templates in which every text from the data is escaped."""

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from coursetrail.analyses.analysis import Result
from coursetrail.render.extract import extract, more_rows
from coursetrail.render.wording import clean


def render(template: str, **values: Any) -> str:
    """A template of this package with the values put in."""
    return _environment().get_template(template).render(**values)


def fragment(result: Result) -> str:
    """A result as a piece of a page: title, table, definition, n and what was left out."""
    return render("fragment.html.j2", result=result, table=extract(result.table, result))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("coursetrail.render", "."), PackageLoader("coursetrail.outputs", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    environment.filters["more_rows"] = more_rows
    return environment
