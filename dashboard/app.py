"""The dashboard's entry: the switch of languages, the round, and the pages.

`dashboard.launch` starts it, with the settings that keep it to this machine: do not start it by hand.
"""

import streamlit as st

from dashboard.look import STYLE_SHEET
from dashboard.opened import chosen_language, chosen_round
from dashboard.words import panels, ranking, robustness, shell, stages, what_if
from dashboard.words.language import inline

PAGES = {
    shell.DECISION: [
        ("ranking", ranking.TITLE),
        ("team", stages.TEAM_TITLE),
        ("robustness", robustness.TITLE),
        ("what_if", what_if.TITLE),
        ("panels", panels.TITLE),
    ],
    shell.STAGES: [
        ("benchmark", stages.BENCHMARK_TITLE),
        ("independence", stages.INDEPENDENCE_TITLE),
        ("data_quality", stages.QUALITY_TITLE),
    ],
    shell.TOOLS: [("query", what_if.QUERY_TITLE)],
}


def main() -> None:
    """Draws what stands around every page, then the page."""
    st.set_page_config(page_title="Gwanmun 관문", page_icon="🏛️", layout="wide")
    st.html(STYLE_SHEET)
    language = chosen_language()
    pages = {
        inline(title, language): [
            st.Page(
                f"screens/{name}.py",
                title=inline(text, language),
                url_path=name,
                default=name == "ranking",
            )
            for name, text in group
        ]
        for title, group in PAGES.items()
    }
    page = st.navigation(pages)
    chosen_round(language)
    page.run()


main()
