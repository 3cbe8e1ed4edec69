"""An SVG file as a part of an HTML page: no script, nothing fetched, its own names, the page's colours and font."""

import re
from xml.etree import ElementTree

from span_theorem.errors import InputError

_NAMES = ("g", "path", "defs", "use", "text", "tspan", "clipPath", "rect", "title", "image")
_NUMBERS = ("d", "x", "y", "width", "height", "viewBox", "transform", "style")
_ATTRIBUTES = (*_NUMBERS, "id", "clip-path")
_STYLE = re.compile(
    r"(?:fill|stroke|font|opacity|text|image-rendering)[a-z-]*: *(?:(?!url)[\w #.,%'()+-])*", re.ASCII
)
_COLOURS = {
    "#000000": "currentColor",
    "#ffffff": "var(--page)",
    "#4d4d4d": "var(--muted)",
    "#666666": "var(--muted)",
}
_PIXEL = 4 / 3
"""Of a point, in which the file gives its size."""


def inline(text: str, source: str, prefix: str, alternative: str) -> str:
    """An ``svg`` element for a page.

    Args:
        text: of an SVG file; of what it holds only plain drawing is kept.
        source: where it comes from, for the message.
        prefix: put before every name in it, so that several figures do not share one.
        alternative: what it shows, for readers who do not see it.

    Raises:
        InputError: it is no SVG.
    """
    try:
        if "<!ENTITY" in text:
            raise ElementTree.ParseError("it declares entities")
        root = ElementTree.fromstring(text)
        if _local(root) != "svg":
            raise ElementTree.ParseError("it is another kind of XML")
        width, height = (float(number) for number in root.get("viewBox", "").split()[2:])
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{source} is not an SVG figure: {error}") from None
    made = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width * _PIXEL:.0f}",
            "height": f"{height * _PIXEL:.0f}",
            "role": "img",
            "aria-label": alternative,
        },
    )
    _copy(root, made, prefix)
    return ElementTree.tostring(made, encoding="unicode", short_empty_elements=True)


def _copy(source: ElementTree.Element, target: ElementTree.Element, prefix: str) -> None:
    for element in source:
        name = _local(element)
        if name not in _NAMES or _is_paper(element):
            continue
        made = ElementTree.SubElement(target, name)
        for key, value in element.attrib.items():
            kept = _attribute(key.rpartition("}")[2], value, prefix)
            if kept is not None:
                made.set(key.rpartition("}")[2], kept)
        if name in ("text", "tspan", "title") and (element.text or "").strip(" \n"):
            made.text = element.text
        _copy(element, made, prefix)


def _attribute(name: str, value: str, prefix: str) -> str | None:
    if name == "id":
        return prefix + value
    if name == "href":
        return f"#{prefix}{value[1:]}" if value[:1] == "#" else _picture(value)
    if name == "clip-path":
        match = re.fullmatch(r"url\(#(\w+)\)", value)
        return f"url(#{prefix}{match[1]})" if match else None
    if name not in _ATTRIBUTES:
        return None
    if name == "style":
        value = ";".join(filter(_STYLE.fullmatch, map(str.strip, value.split(";"))))
        value = re.sub("font-family: [^;]*;?", "", value)
        value = re.sub("#[0-9a-f]{6}", lambda colour: _COLOURS.get(colour[0], colour[0]), value)
    return re.sub(r"\s+", " ", re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", value))


def _picture(value: str) -> str | None:
    return value if re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=\s]*", value) else None


def _is_paper(element: ElementTree.Element) -> bool:
    """The white ground of the whole figure: the page has its own."""
    return element.get("id") == "patch_1"


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
