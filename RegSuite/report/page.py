"""Pages from the templates of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from RegSuite.report.headline import number

_TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, filters: dict[str, Any] | None = None, **values: Any) -> str:
    """The text of a page; a value that the template asks for and is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({"number": number, **(filters or {})})
    return environment.get_template(template).render(**values)
