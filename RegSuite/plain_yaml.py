"""YAML as plain values, each key of a mapping once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml


def load_yaml(text: str) -> Any:
    """As yaml.safe_load, but a key that stands twice in a mapping is an error, where that keeps the last.

    Raises yaml.YAMLError, with line and column.
    """
    import yaml

    def mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        loader.flatten_mapping(node)
        return dict(loader.construct_mapping(node, deep=True))

    once: Any = type("Once", (yaml.SafeLoader,), {})  # a class of its own: constructors are the class's
    once.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return yaml.load(text, Loader=once)  # a safe loader
