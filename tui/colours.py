"""The colours of tones, for a dark and for a light theme; each is legible on that theme's surfaces (contrast ≥ 4.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.theme import Theme

from tui.views.spans import Line

DARK_THEME = Theme(
    name="vorst-dark",
    primary="#5AA9E6",
    secondary="#2C6FA8",
    accent="#F2B84B",
    foreground="#E4E8EE",
    background="#11151C",
    surface="#171D27",
    panel="#202938",
    success="#6FCF97",
    warning="#F2B84B",
    error="#FF7A70",
    dark=True,
)
LIGHT_THEME = Theme(
    name="vorst-light",
    primary="#1B5E99",
    secondary="#B9D8F0",
    accent="#8A5A00",
    foreground="#1B2430",
    background="#F4F6F9",
    surface="#FFFFFF",
    panel="#E3E9F1",
    success="#176B3A",
    warning="#8A5A00",
    error="#B3261E",
    dark=False,
)


@dataclass(frozen=True)
class Palette:
    """Colours by tone: `text` tones colour letters, `fill` tones colour the ground under them (ground, letters)."""

    text: Mapping[str, str]
    fill: Mapping[str, tuple[str, str]]

    def style(self, tone: str) -> Style:
        """The style of a tone; a tone nobody coloured is plain."""
        bold = tone.endswith("!")
        tone = tone.removesuffix("!")
        if tone in self.fill:
            ground, letters = self.fill[tone]
            return Style(color=letters, bgcolor=ground, bold=bold)
        if tone in self.text:
            return Style(color=self.text[tone], bold=bold)
        return Style(bold=True) if bold or tone == "strong" else Style.null()

    def paint(self, lines: Iterable[Line]) -> Text:
        """Lines as one text; nothing in them is markup."""
        text = Text(no_wrap=False)
        for number, spans in enumerate(lines):
            if number:
                text.append("\n")
            for piece in spans:
                text.append(piece.text, self.style(piece.tone))
        return text


DARK = Palette(
    text={
        "muted": "#93A0B2",
        "good": "#6FCF97",
        "warn": "#F2B84B",
        "bad": "#FF7A70",
        "accent": "#5AA9E6",
        "retire": "#B5A3A0",
        "retain": "#D6C36A",
        "relocate": "#5AA9E6",
        "rehost": "#6FCF97",
        "replatform": "#C99BEF",
    },
    fill={
        "on-retire": ("#4A4240", "#E9E1DF"),
        "on-retain": ("#5A5020", "#F5EDC4"),
        "on-relocate": ("#1D4E79", "#E3F1FC"),
        "on-rehost": ("#1E5B3A", "#DFF5E8"),
        "on-replatform": ("#55357A", "#F1E4FC"),
        "on-kit": ("#2E3748", "#C4CEDD"),
        "on-none": ("#2A3240", "#C4CEDD"),
        "on-bad": ("#A3231B", "#FFFFFF"),
        "on-reserved": ("#3A3F1D", "#E2E6B8"),
        "on-free": ("#171D27", "#7C8A9E"),
        "on-empty": ("#171D27", "#7C8A9E"),
        "on-cursor": ("#F2B84B", "#11151C"),
        "cold": ("#12324D", "#8EC8F2"),
        "hot": ("#4A2019", "#F5B5A5"),
        "freeze": ("#3B2A52", "#D9C4F2"),
        "holiday": ("#403318", "#F2D79A"),
        "wave": ("#2C6FA8", "#FFFFFF"),
        "group": ("#2C7A75", "#FFFFFF"),
        "step": ("#4F7A3B", "#FFFFFF"),
        "rollback": ("#33404F", "#C4CEDD"),
        "critical": ("#8A2F5D", "#FFFFFF"),
        "heat0": ("#1E3A4C", "#CFE6F2"),
        "heat1": ("#1F5B5B", "#DDF5F3"),
        "heat2": ("#3A7A45", "#F0FBF0"),
        "heat3": ("#75661A", "#FFFFFF"),
        "heat4": ("#A8590F", "#FFFFFF"),
        "heat5": ("#A3231B", "#FFFFFF"),
        "owner0": ("#1D4E79", "#E3F1FC"),
        "owner1": ("#1E5B3A", "#DFF5E8"),
        "owner2": ("#6B4A12", "#FBEBCB"),
        "owner3": ("#55357A", "#F1E4FC"),
        "owner4": ("#7A2E4A", "#FBE0EA"),
        "owner5": ("#2F5F66", "#DDF3F5"),
    },
)
LIGHT = Palette(
    text={
        "muted": "#566273",
        "good": "#176B3A",
        "warn": "#8A5A00",
        "bad": "#B3261E",
        "accent": "#1B5E99",
        "retire": "#6B5651",
        "retain": "#6F5D00",
        "relocate": "#1B5E99",
        "rehost": "#176B3A",
        "replatform": "#6B3FA0",
    },
    fill={
        "on-retire": ("#DDD3D0", "#3F302C"),
        "on-retain": ("#F3E9B5", "#4A3F00"),
        "on-relocate": ("#C3DFF5", "#0E3A63"),
        "on-rehost": ("#C4EBD3", "#0D4A27"),
        "on-replatform": ("#E3D0F7", "#42216B"),
        "on-kit": ("#DCE3EC", "#3B4757"),
        "on-none": ("#DCE3EC", "#3B4757"),
        "on-bad": ("#C62F26", "#FFFFFF"),
        "on-reserved": ("#E8EBC4", "#454A12"),
        "on-free": ("#FFFFFF", "#6A7686"),
        "on-empty": ("#FFFFFF", "#6A7686"),
        "on-cursor": ("#8A5A00", "#FFFFFF"),
        "cold": ("#D5EAFB", "#0F4470"),
        "hot": ("#FBDDD6", "#7A2415"),
        "freeze": ("#E5D8F5", "#42216B"),
        "holiday": ("#F8E9C6", "#5E4200"),
        "wave": ("#1B5E99", "#FFFFFF"),
        "group": ("#23706B", "#FFFFFF"),
        "step": ("#41672F", "#FFFFFF"),
        "rollback": ("#C9D2DD", "#2C3745"),
        "critical": ("#A32A66", "#FFFFFF"),
        "heat0": ("#D8E9F5", "#17384F"),
        "heat1": ("#BFE5DF", "#0C4540"),
        "heat2": ("#CDE8B8", "#26470E"),
        "heat3": ("#F5E29A", "#4D3F00"),
        "heat4": ("#F8C08A", "#5C2C00"),
        "heat5": ("#C62F26", "#FFFFFF"),
        "owner0": ("#C3DFF5", "#0E3A63"),
        "owner1": ("#C4EBD3", "#0D4A27"),
        "owner2": ("#F5DFB5", "#523600"),
        "owner3": ("#E3D0F7", "#42216B"),
        "owner4": ("#F7CFDD", "#641C37"),
        "owner5": ("#C7E6E9", "#0F4349"),
    },
)


def palette(app: App[object]) -> Palette:
    """The palette of the theme in use."""
    return DARK if app.current_theme.dark else LIGHT
