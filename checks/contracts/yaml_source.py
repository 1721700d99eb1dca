"""YAML as the users wrote it: decimals stay decimals, a key written twice is an error, and every key has a line.

Binary floating point would turn 69.37 into 69.3700000000000045…; here it becomes Decimal("69.37"). Of YAML 1.1's surprises
none is left: the key `on` is text, 010 is ten, and 1:30 is no number.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from checks.contracts.errors import InputFault
from checks.contracts.fields import day_of, decimal_of
from checks.contracts.plain_files import refuse_pipe

#: A hand-written file is kilobytes; more is a mistake or an attack.
MAX_BYTES = 4_000_000
#: Aliases can make a small file unfold into a huge one.
MAX_NODES = 200_000


class _Loader(yaml.SafeLoader):
    """SafeLoader for what people write: numbers are decimal and exact, days are days, a key is text."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping with its keys as they are written: YAML 1.1 reads the key `on` as true."""
        node = super().compose_mapping_node(anchor)
        node.value = [(_as_text(name), value) for name, value in node.value]
        return node


def _as_text(name: yaml.Node) -> yaml.Node:
    if not isinstance(name, yaml.ScalarNode) or name.tag == "tag:yaml.org,2002:merge":
        return name
    return yaml.ScalarNode("tag:yaml.org,2002:str", name.value, name.start_mark, name.end_mark, name.style)


def _number(loader: _Loader, node: yaml.ScalarNode) -> Any:
    """A whole number, a decimal, or the text where it is neither; an endless whole number stays a decimal, which is quick."""
    text = str(node.value)
    number = decimal_of(text)
    if number is None:
        return text
    return int(text) if re.fullmatch(r"[-+]?[0-9]{1,100}", text) else number


def _day(loader: _Loader, node: yaml.ScalarNode) -> Any:
    """A day, or the text where there is no such day: the file's model then says where and what it expects."""
    return day_of(str(node.value)) or str(node.value)


#: Of YAML 1.1's numbers those that everybody reads alike: no octal 010, no 1:30 that means 90, no 1_000, no hexadecimal.
_RESOLVED = {
    "int": ("-+0123456789", re.compile(r"^[-+]?[0-9]+$"), _number),
    "float": ("-+0123456789.", re.compile(r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"), _number),
    "timestamp": ("0123456789", re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), _day),
}
_Loader.yaml_implicit_resolvers = {
    first: [each for each in known if each[0].rsplit(":", 1)[-1] not in _RESOLVED]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, (_first, _pattern, _made) in _RESOLVED.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _pattern, list(_first))
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _made)


class YamlSource:
    """One parsed file: `data` for the typed model, `line_of` and `key_of` for messages."""

    def __init__(self, path: Path) -> None:
        """Raises InputFault where the file is missing, too large, not UTF-8, not YAML or has a key twice."""
        self.path = path
        text = _read(path)
        try:
            root = yaml.compose(text, Loader=_Loader)
            if root is None:
                raise InputFault(path, found="an empty file", expected="a YAML mapping")
            self.root: yaml.Node = root
            _refuse_unfolding(path, self.root)
            self._refuse_doubled_keys(self.root, "")
            self.data: Any = yaml.load(text, Loader=_Loader)
        except yaml.reader.ReaderError as error:
            found, before = f"the character {error.character:#06x}", text[: error.position]
            raise InputFault(path, found=found, expected="text", line=before.count("\n") + 1) from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = str(getattr(error, "problem", None) or "text that is not YAML")
            line = mark.line + 1 if mark is not None else None
            raise InputFault(path, "", problem.removeprefix("found "), "valid YAML", line) from None
        except RecursionError:
            raise InputFault(path, found="nesting without end", expected="valid YAML") from None
        except (KeyError, ValueError, TypeError):
            raise InputFault(path, found="a tag that does not fit its value", expected="valid YAML") from None
        if not isinstance(self.data, dict):
            line = self.root.start_mark.line + 1
            raise InputFault(path, found=kind_of(self.data), expected="a YAML mapping", line=line)

    def locate(self, location: tuple[int | str, ...], missing: bool = False) -> tuple[str, int]:
        """The dotted key and the line of a pydantic error location, whose union tags are no keys and are skipped.

        With `missing` the last part is a key that the file lacks.
        """
        node, key, line = self.root, "", self.root.start_mark.line + 1
        for part in location:
            if isinstance(node, yaml.MappingNode):
                pairs = {str(name.value): (name, value) for name, value in node.value}
                if str(part) in pairs:
                    name, node = pairs[str(part)]
                    key, line = f"{key}.{part}" if key else str(part), name.start_mark.line + 1
                elif missing and part == location[-1]:
                    key = f"{key}.{part}" if key else str(part)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                key, line = f"{key}[{part}]", node.start_mark.line + 1
        return key, line

    def _refuse_doubled_keys(self, node: yaml.Node, key: str) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for name, value in node.value:
                where = f"{key}.{name.value}" if key else str(name.value)
                if str(name.value) in seen:
                    raise InputFault(self.path, where, "the key twice", "it once", line=name.start_mark.line + 1)
                seen.add(str(name.value))
                self._refuse_doubled_keys(value, where)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._refuse_doubled_keys(value, f"{key}[{index}]")


def kind_of(value: Any) -> str:
    """What a value of a YAML file is, in a user's words."""
    if value is None:
        return "nothing"
    return {dict: "a mapping", list: "a list", str: "text", bool: str(value).lower()}.get(type(value), str(value))


def line_of_key(path: Path, key: str) -> int | None:
    """The line of a key such as `rounds.round-1.score.benchmark.agency.from` or `tasks[0].use`: list entries by id or index.

    For messages about a file that was already read; None where the key is not found.
    """
    node: yaml.Node = YamlSource(path).root
    line: int | None = None
    for part in key.replace("[", ".").replace("]", "").split("."):
        step = _step(node, part)
        if step is None:
            return None
        line, node = step
    return line


def _step(node: yaml.Node, part: str) -> tuple[int, yaml.Node] | None:
    """The line and the value of a key of a mapping, or of an entry of a list (also of its `parts`) by index or id."""
    if isinstance(node, yaml.MappingNode):
        pairs = {str(name.value): (name, value) for name, value in node.value}
        if part in pairs:
            name, value = pairs[part]
            return name.start_mark.line + 1, value
        return _step(pairs["parts"][1], part) if "parts" in pairs else None
    if not isinstance(node, yaml.SequenceNode):
        return None
    for index, entry in enumerate(node.value):
        id_of_entry = _step(entry, "id") if isinstance(entry, yaml.MappingNode) else None
        if part == str(index) or (id_of_entry is not None and id_of_entry[1].value == part):
            return entry.start_mark.line + 1, entry
    return None


def _read(path: Path) -> str:
    refuse_pipe(path)
    try:
        if path.is_dir():
            raise InputFault(path, found="a folder", expected="a YAML file")
        if path.stat().st_size > MAX_BYTES:
            raise InputFault(path, found=f"{path.stat().st_size} bytes", expected=f"at most {MAX_BYTES}")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputFault(path, found="no such file", expected="a YAML file") from None
    except UnicodeDecodeError:
        raise InputFault(path, found="bytes that are not UTF-8", expected="UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise InputFault(path, found=getattr(error, "strerror", "") or str(error), expected="a readable file") from None


def _refuse_unfolding(path: Path, root: yaml.Node) -> None:
    """Counts the nodes as aliases unfold them, each node once: a bomb is refused before it is built."""
    sizes: dict[int, int] = {}
    building: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in building:
            raise InputFault(path, found="an alias that contains itself", expected="a finite file")
        if id(node) not in sizes:
            building.add(id(node))
            children = []
            if isinstance(node, yaml.MappingNode):
                children = [child for pair in node.value for child in pair]
            elif isinstance(node, yaml.SequenceNode):
                children = node.value
            sizes[id(node)] = 1 + sum(size(child) for child in children)
            building.discard(id(node))
        return sizes[id(node)]

    if size(root) > MAX_NODES:
        raise InputFault(path, found=f"{size(root)} values once aliases unfold", expected=f"at most {MAX_NODES}")
