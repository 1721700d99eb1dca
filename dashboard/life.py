"""The life of a round on its page: what was changed after the freeze, above the decision, and the chain of records below it."""

from checks.rules.life_cycle import KIND_WORDS, STATE_WORDS, broken_at, state_of
from dashboard.blocks import label, mono, section, show_table
from dashboard.html_table import Html
from dashboard.opened import View
from dashboard.words import ranking as words
from dashboard.words.language import inline_html, stacked_html
from warehouse.life_cycle import load_chain


def show_amendments(shown: View) -> None:
    """Key by key, nothing where the rules are those that were frozen."""
    changed = shown.decision.amendments
    if not changed:
        return
    section(shown, words.CHANGED_AFTER, words.CHANGED_NOTE)
    rows = [
        [
            mono(each.key),
            each.before if each.before is not None else "–",
            each.after if each.after is not None else "–",
            each.rules_version,
            each.frozen_at[:10],
            Html(stacked_html(each.text, shown.language)),
        ]
        for each in changed
    ]
    columns = [words.KEY, words.FROZEN_AS, words.IS_NOW, words.VERSION, words.WHEN, words.EXPLANATION]
    show_table(shown, "amendments", columns, rows)


def show_life(shown: View) -> None:
    """Every record with who and when, and the state that they come to; nothing for a round of which there is none."""
    chain = load_chain(shown.warehouse, shown.loaded.programme.programme, shown.round.id)
    if not chain:
        return
    section(shown, words.LIFE, words.LIFE_NOTE)
    broken = broken_at(chain)
    rows = [
        [
            label(KIND_WORDS[event.kind], shown.language),
            event.at[:19].replace("T", " "),
            event.by,
            Html(f"{'× ' if broken is not None and place >= broken else ''}{mono(event.link[:16])}"),
        ]
        for place, event in enumerate(chain)
    ]
    state = Html(
        f"{inline_html(words.STATE, shown.language)}: {inline_html(STATE_WORDS[state_of(chain)], shown.language)}"
    )
    show_table(shown, "life", [words.STEP, words.WHEN, words.BY, words.LINK], rows, row_classes=[])
    show_table(shown, "state", [words.STATE], [[state]])
