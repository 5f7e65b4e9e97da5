"""The settings of a workspace: `vorst.toml`, overridden by VORST_* variables, overridden by flags; read in one place.

`VORST_DATABASE_URL` sets `database.url`, `VORST_PLAN_SEED` sets `plan.seed`, and so on. Secrets are not settings: the
NetBox token comes from VORST_NETBOX_TOKEN or a file that VORST_NETBOX_TOKEN_FILE names, and is written nowhere.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from capacity.calendar_settings import CalendarSettings
from capacity.uncertainty.settings import RiskSettings
from inventory.errors import InputError, WorkspaceError

FILE = "vorst.toml"

TEXT = """\
# Settings of this workspace. A VORST_* variable overrides a value (VORST_DATABASE_URL), a flag overrides both.

[database]
# A SQLite file, relative to this folder, or postgresql://user@host/name for a team.
url = "vorst.db"

[plan]
# The first day of work, 00:00 in the planning zone.
start = 2027-01-04
seed = 0
# Where hard limits hold within the range of an uncertain demand: high, or mid.
planning_value = "high"

[calendar]
# Crews, vans, windows and rates. What is left out keeps its default; `vorst facility --calendar` shows all of it.
# Every figure here is an assumption until someone confirms it.
time_zone = "Europe/Brussels"
horizon_days = 730
rollback_days = 7
intersite_latency_ms = 2.0
# The communities' school holidays, each date with its source; calendar.school and school_hands say for whom they count.
# school_holidays = "school-holidays.csv"
"""


class DatabaseSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1)] = "vorst.db"
    """A SQLite path (relative to the workspace) or a PostgreSQL address."""


class PlanSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    start: date | datetime = date(2027, 1, 4)
    """The first day of work; midnight in the planning zone when only a day is given."""
    seed: Annotated[int, Field(ge=0)] = 0
    """The same seed and inputs give the same plan, byte for byte."""
    planning_value: Literal["high", "mid"] = "high"
    """Where hard limits hold within an uncertain demand's range."""


class ResilienceSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    trip_share: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """A breaker opens above this share of its rating: an assumption of `vorst fail`."""


class Settings(BaseSettings):
    """All settings of one workspace."""

    model_config = SettingsConfigDict(
        env_prefix="VORST_", env_nested_delimiter="_", env_nested_max_split=1, extra="forbid"
    )

    database: DatabaseSettings = DatabaseSettings()
    plan: PlanSettings = PlanSettings()
    calendar: CalendarSettings = CalendarSettings()
    resilience: ResilienceSettings = ResilienceSettings()
    risk: RiskSettings = RiskSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flag, then variable, then file."""
        file = cls.model_config.get("toml_file")
        if file is None:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(folder: Path) -> Settings:
    """The settings of the workspace in `folder`.

    Raises WorkspaceError when there is no `vorst.toml`, InputError naming the key for a value that can't be used.
    """
    file = folder / FILE
    if not file.is_file():
        raise WorkspaceError(
            "this folder is not a workspace", where=str(folder), remedy=f"run `vorst init {folder}` first"
        )
    try:
        tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", where=str(file), remedy="mend the syntax there") from None

    class OfThisFolder(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return _with_school_holidays(OfThisFolder(), folder)
    except ValidationError as error:
        raise _explained(error, file) from None
    except SettingsError as error:
        raise InputError(
            str(error).replace(' from source "EnvSettingsSource"', ""),
            where="a VORST_ variable",
            remedy="name a single key, such as VORST_PLAN_SEED, or write a table as JSON",
        ) from None


def _with_school_holidays(settings: Settings, folder: Path) -> Settings:
    """The settings with the table of school holidays read that they name."""
    name = settings.calendar.school_holidays
    if not isinstance(name, str):
        return settings
    from capacity.school_holidays import read_school_holidays

    try:
        text = (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(folder / name),
            remedy="put the table there, or correct calendar.school_holidays",
        ) from None
    calendar = settings.calendar.model_copy(update={"school_holidays": read_school_holidays(text, name)})
    return settings.model_copy(update={"calendar": calendar})


def _explained(error: ValidationError, file: Path) -> InputError:
    detail: Any = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return InputError(f"{key} is no setting", where=str(file), remedy="remove it, or correct its name")
    return InputError(
        f"{key}: {detail['msg']}", where=str(file), remedy="correct it there or in its VORST_ variable"
    )
