"""HTML from templates; every text from the data is escaped. The only module that imports jinja2."""

from functools import cache
from typing import Any

import pyarrow as pa
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from coursetrail.render.caption import Caption
from coursetrail.render.preview import more_rows, preview
from coursetrail.render.wording import clean

_HERE = "coursetrail.render"


def fill_template(template: str, package: str = _HERE, **values: Any) -> str:
    """A template of the package, with the values put in; it may include templates of this package too."""
    return _environment(package).get_template(template).render(**values)


def fragment(table: pa.Table, caption: Caption) -> str:
    """A table as a piece of a page, for a notebook: title, first rows, notes."""
    return fill_template("fragment.html.j2", table=preview(table, caption.chart), caption=caption)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, ".") for name in dict.fromkeys((package, _HERE))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    environment.filters["more_rows"] = more_rows
    return environment
