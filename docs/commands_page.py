"""docs/commands.md: every command of `gwanmun`, its arguments and options, from the commands' own help."""

import inspect
from typing import Any

from docs.markdown import anchor, table

_HEAD = """# Commands

`gwanmun COMMAND --help` says the same on the terminal; `gwanmun --version` prints the version.
"""


def commands_page() -> str:
    """The page."""
    group = command_group()
    names = sorted(group.commands)
    index = [(f"[`{name}`](#{anchor(name)})", _first_line(group.commands[name])) for name in names]
    sections = (_section(name, group.commands[name]) for name in names)
    return "\n".join([_HEAD, _paragraphs(group.help), table(["Command", "Does"], index), *sections])


def command_group() -> Any:
    """The command line as its parser sees it."""
    import typer.main

    from flows.cli.app import app

    return typer.main.get_command(app)


def _section(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    arguments = [param for param in command.get_params(context) if param.param_type_name == "argument"]
    words = [each.metavar if each.required else f"[{each.metavar}]" for each in arguments]
    usage = " ".join(["gwanmun", name, *words, "[OPTIONS]"])
    parts = [f"## {name}\n", f"```\n{usage}\n```\n", _paragraphs(command.help)]
    for kind, heading in (("argument", "Argument"), ("option", "Option")):
        records = [
            param.get_help_record(context)
            for param in command.get_params(context)
            if param.param_type_name == kind and param.name != "help"
        ]
        if any(records):
            parts.append(table([heading, "Meaning"], [(f"`{record[0]}`", record[1]) for record in records if record]))
    if command.epilog:
        parts.append(f"{' '.join(command.epilog.split())}\n")
    return "\n".join(parts)


def _paragraphs(text: str | None) -> str:
    """The help as Markdown: paragraphs that show a command become code, the parser's `\\b` marks go."""
    paragraphs = [each.strip() for each in inspect.cleandoc(text or "").replace("\b", "").split("\n\n")]
    shown = [f"```\n{each}\n```" if each.startswith("gwanmun ") else " ".join(each.split()) for each in paragraphs]
    return "\n\n".join(each for each in shown if each) + "\n"


def _first_line(command: Any) -> str:
    return inspect.cleandoc(command.help or "").split("\n\n")[0].replace("\n", " ")
