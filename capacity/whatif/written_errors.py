"""Says what is wrong with what a person wrote, in the words of the file, with the nearest word that would be right.

Takes a model's validation errors; where a path stands in a file is the caller's to say.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from inventory.errors import InputError, SeveralErrors, VorstError

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
    error: ValidationError, model: type[BaseModel], place: Place, verbs: dict[str, tuple[str, ...]]
) -> VorstError:
    """One error, or several at once: each with its place, what is wrong and what to write instead."""
    found: list[VorstError] = [
        _explained(detail, model, place, verbs) for detail in error.errors(include_url=False)
    ]
    if len(found) == 1:
        return found[0]
    return SeveralErrors(f"{len(found)} defects", found, where=place(()), remedy="mend each")


def _explained(
    detail: Any, model: type[BaseModel], place: Place, verbs: dict[str, tuple[str, ...]]
) -> InputError:
    models, path = _walk(model, detail["loc"])
    where, name = place(path), path_text(path)
    if detail["type"] == "extra_forbidden":
        known = {key for m in _walk(model, detail["loc"][:-1])[0] for key in _keys(m)}
        return InputError(f"{name}: there is no such key", where=where, remedy=near(path[-1], known))
    if detail["type"] == "missing":
        return InputError(f"{name} is missing", where=where, remedy="add it")
    if detail["type"] == "union_tag_not_found":
        section = next((part for part in reversed(path) if part in verbs), "")
        allowed = verbs.get(str(section), ())
        given = list(detail["input"]) if isinstance(detail["input"], dict) else [detail["input"]]
        several = [verb for verb in allowed if verb in given]
        if several:
            return InputError(
                f"{name} says {' and '.join(several)} at once",
                where=where,
                remedy="make two operations of it",
            )
        word = next(
            (key for key in given if key not in {"to", "by", "of", "count", "with"}), given and given[0]
        )
        return InputError(
            f"{name}: no operation {word!r}",
            where=where,
            remedy=near(word, allowed) if word else f"start with one of {', '.join(allowed)}",
        )
    message = str(detail["msg"]).removeprefix("Value error, ")
    value = detail.get("input")
    shown = "" if isinstance(value, dict | list) or value is None else f", found {value!r:.80}"
    remedy = "mend the value"
    if detail["type"] == "literal_error":
        remedy = near(
            value, str(detail["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        )
    del models
    return InputError(f"{name}: {message}{shown}", where=where, remedy=remedy)


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
        models = inner
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
