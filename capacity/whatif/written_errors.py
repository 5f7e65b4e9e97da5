"""Says what is wrong with what a person wrote, in the words of the file, with the nearest word that would be right.

Takes a model's validation errors; where a path stands in a file is the caller's to say.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from inventory.errors import InputError, SeveralErrors, VorstError

OPERANDS = ("to", "by", "of", "count", "with", "member", "reason")

Place = Callable[[Sequence[int | str]], str]


def near(word: object, known: Iterable[str], *, shown: int = 8) -> str:
    """The remedy for a word that isn't known: the nearest, else the known ones."""
    candidates = sorted({str(name) for name in known})
    lowered = {name.lower(): name for name in reversed(candidates)}
    close = difflib.get_close_matches(str(word).lower(), list(lowered), n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(lowered[name] for name in close)}?"
    if not candidates:
        return "there is none to choose from"
    more = f" and {len(candidates) - shown} more" if len(candidates) > shown else ""
    return f"use one of {', '.join(candidates[:shown])}{more}"


def written_error(
    error: ValidationError,
    model: type[BaseModel],
    place: Place,
    *,
    named: Place | None = None,
    verbs: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> VorstError:
    """One error, or several at once: each with its place, what is wrong and what to write instead.

    `named` says how to call a path in a message; `verbs` are the operations of each section that has some.
    """
    found: list[VorstError] = []
    for detail in error.errors(include_url=False):
        models, path = _walk(model, detail["loc"])
        name = (named or path_text)(path)
        what, remedy = _explained(detail, model, models, path, verbs)
        found.append(InputError(f"{name}{what}", where=place(path), remedy=remedy))
    if len(found) == 1:
        return found[0]
    return SeveralErrors(f"{len(found)} defects", found, where=place(()), remedy="mend each")


def _explained(
    detail: Any,
    model: type[BaseModel],
    models: Sequence[type[BaseModel]],
    path: Sequence[int | str],
    verbs: Mapping[str, tuple[str, ...]],
) -> tuple[str, str]:
    """What is wrong, to be read after the path's name, and the remedy."""
    if detail["type"] == "extra_forbidden":
        known = {key for m in _walk(model, detail["loc"][:-1])[0] for key in _keys(m)}
        return ": there is no such key", near(path[-1], known)
    if detail["type"] == "missing":
        return " is missing", "add it"
    if detail["type"] == "union_tag_not_found":
        return _no_verb(detail["input"], path, verbs)
    if detail["type"] in ("model_type", "model_attributes_type", "dict_type"):
        known = {key for m in models for key in _keys(m)}
        return (
            f": should be a mapping, not {detail['input']!r:.60}",
            f"give it keys: {', '.join(sorted(known))}",
        )
    if detail["type"] == "tuple_type":
        return f": should be a list, not {detail['input']!r:.60}", "start each member with a dash"
    message = str(detail["msg"]).removeprefix("Value error, ").replace("Tuple should", "the list should")
    value = detail.get("input")
    shown = "" if isinstance(value, dict | list | tuple) or value is None else f", found {value!r:.80}"
    if detail["type"] == "literal_error":
        expected = str(detail["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f": {message}{shown}", near(value, expected)
    return f": {message}{shown}", "mend the value"


def _no_verb(given: Any, path: Sequence[int | str], verbs: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """An operation that says no verb of its section, or several."""
    section = next((part for part in reversed(path) if part in verbs), "")
    allowed = verbs.get(str(section), ())
    if not isinstance(given, dict):
        return f": should be a mapping, not {given!r:.60}", f"start it with one of {', '.join(allowed)}"
    several = [verb for verb in allowed if verb in given]
    if several:
        return f" says {' and '.join(several)} at once", "make an operation of each"
    word = next((key for key in given if key not in OPERANDS), None)
    if word is None:
        return ": no operation", f"start it with one of {', '.join(allowed)}"
    return f": no operation {word!r}", near(word, allowed)


def path_text(path: Iterable[int | str]) -> str:
    """A path as a person writes it: facility[0].set."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text or "file"


def _walk(
    model: type[BaseModel], loc: Iterable[int | str]
) -> tuple[list[type[BaseModel]], tuple[int | str, ...]]:
    """The models that may stand at an error's location, and the location without the tags of unions."""
    models: list[type[BaseModel]] = [model]
    path: list[int | str] = []
    for part in loc:
        if isinstance(part, int):
            path.append(part)
            continue
        inner = [m for owner in models for m in _models_at(owner, part)]
        tagged = [m for m in models if getattr(m, "verb", None) == part]
        is_tag = len(models) > 1 and tagged and path and isinstance(path[-1], int)
        if is_tag:
            models = tagged
            continue
        path.append(part)
        is_field = any(part in (name, f.alias) for m in models for name, f in m.model_fields.items())
        models = inner if is_field else models  # else the key of a mapping of such models
    return models, tuple(path)


def _models_at(model: type[BaseModel], key: str) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return list(_inside(field.annotation))
    return []


def _inside(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for part in typing.get_args(annotation):
        yield from _inside(part)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
