"""What is open: the programme, its round, the decision, and the runs behind it, read once and kept while nothing changes.

Pages ask for `view()`; where there is nothing to show it says so in words and ends the page.

    >>> shown = view()                                                      # doctest: +SKIP
    >>> shown.trace("t1").verdict                                           # doctest: +SKIP
    'independent'
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import streamlit as st

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.contracts.programme import Round, Team
from checks.records.decisions import Decision, Standing
from checks.records.lineage import Trace
from checks.records.quality import QualityReport
from checks.records.record import Stage, Text
from checks.records.scores import SuiteScores
from checks.rules.inputs import RoundInputs
from checks.rules.paired import PairedTest, paired_tests
from dashboard.round_read import ReadRound, ShownRun, files_of, read_inputs, read_round
from dashboard.words import shell
from dashboard.words.language import LANGUAGE_NAMES, LANGUAGES, Language, inline, plain_label, stacked_html
from warehouse.reader import load_quality, load_scores, load_trace
from warehouse.store import Warehouse

#: The environment variable by which `launch` tells the pages which programme to show.
PROGRAMME_VARIABLE = "GWANMUN_PROGRAMME"
#: What was read is looked at again after this, for weights that changed where no small file did.
KEPT_SECONDS = 300

#: How far everything was when it was read: the published snapshot, and name, time and size of every small file.
Stamp = tuple[object, ...]


@dataclass(frozen=True)
class View:
    """One round as one reader sees it. `supposed` stands in the decision's place on the what-if page."""

    language: Language
    loaded: LoadedProgramme
    read: ReadRound
    stamp: Stamp
    supposed: Decision | None = None

    @property
    def round(self) -> Round:
        """The round that was chosen."""
        return self.read.round

    @property
    def warehouse(self) -> Warehouse:
        """Where the measurements are."""
        return Warehouse(self.loaded.warehouse)

    @property
    def simulated(self) -> bool:
        """Whether the programme says that its data are simulated."""
        return self.loaded.programme.simulated

    @property
    def what_if(self) -> bool:
        """Whether a supposition is shown and not the decision."""
        return self.supposed is not None

    @property
    def recorded(self) -> bool:
        """Whether the decision that is shown was recorded by a run of the round."""
        return self.read.recorded is not None

    @property
    def decision(self) -> Decision:
        """The supposition, else the recorded decision, else what the rules give now; ends the page where there is none."""
        found = self.supposed or self.read.decision
        if found is None:
            _nothing_yet(self, self.read.undecided)
        return found

    @property
    def note(self) -> Text | None:
        """What has to be said beside the decision: it is not recorded, or the files have changed since."""
        if self.read.recorded is None:
            return shell.NOT_RECORDED
        if self.read.current is None:
            return _with_reason(shell.NO_LONGER_DECIDABLE, self.read.undecided)
        return None if self.up_to_date else shell.CHANGED_SINCE

    @property
    def up_to_date(self) -> bool:
        """Whether the runs that are shown are of the files as they are now."""
        return self.read.up_to_date

    @property
    def runs(self) -> Sequence[ShownRun]:
        """The runs that the decision rests on, those that failed included."""
        return self.read.runs

    def standing(self, team: str) -> Standing | None:
        """A team's standing; None while nothing is decided."""
        decision = self.supposed or self.read.decision
        return next((each for each in decision.standings if each.team == team), None) if decision else None

    def scores(self, team: str, suite: str) -> SuiteScores | None:
        """A team's scores on a suite, or None where it was not measured."""
        run = self._complete(team, "benchmark", suite)
        return None if run is None else _scores(str(self.loaded.warehouse), run.run_id)

    def paired(self, suite: str) -> list[PairedTest]:
        """Every two teams on the items of the suite that both answered."""
        complete = {team.id: self._complete(team.id, "benchmark", suite) for team in self.round.teams}
        runs = tuple((team, run.run_id) for team, run in complete.items() if run is not None)
        return _paired(str(self.loaded.warehouse), runs)

    def trace(self, team: str) -> Trace | None:
        """A team's independence findings, or None where they were not measured."""
        run = self._complete(team, "independence")
        return None if run is None else _trace(str(self.loaded.warehouse), run.run_id)

    def quality(self, team: str) -> QualityReport | None:
        """A team's data-quality report, or None where it was not measured."""
        run = self._complete(team, "data-quality")
        return None if run is None else _quality(str(self.loaded.warehouse), run.run_id)

    def why_not_measured(self, team: str, stage: Stage) -> Text:
        """Why a team has no result in a stage: it failed, and with which message, or it has not run."""
        failed = (run.message for run in self.runs if (run.team, run.stage, run.status) == (team, stage, "failed"))
        return next(failed, None) or shell.NOT_MEASURED

    def inputs_or_stop(self, policy: str | None = None) -> RoundInputs:
        """All that the rules look at, as the files are now, under another policy where one is named; else ends the page."""
        try:
            return _kept_inputs(self.loaded, self.round.id, policy, (str(self.loaded.path), self.stamp))
        except InputFault as fault:
            show_fault(self.language, fault)
            st.stop()

    def current_or_stop(self) -> Decision:
        """What the rules give for the files as they are now, which a supposition is held against; else ends the page."""
        if self.read.current is None:
            _nothing_yet(self, self.read.undecided)
        return self.read.current

    def _complete(self, team: str, stage: Stage, subject: str = "") -> ShownRun | None:
        wanted = (team, stage, subject, "complete")
        return next((run for run in self.runs if (run.team, run.stage, run.subject, run.status) == wanted), None)


def view() -> View:
    """What the page shows, in the language and round that are chosen; ends the page with a message on a faulty file."""
    language = _language()
    loaded = _programme_or_stop(language)
    try:
        round_ = loaded.round(_kept("round") or None)
        stamp = _stamp(loaded)
        with st.spinner(plain_label(inline(shell.READING, language)), show_time=True):
            read = _kept_round(loaded, round_.id, (str(loaded.path), stamp))
    except InputFault as fault:
        show_fault(language, fault)
        st.stop()
    return View(language, loaded, read, stamp)


def with_decision(shown: View, supposed: Decision) -> View:
    """The same view with a supposition in the decision's place: everything drawn from it is marked WHAT-IF."""
    return replace(shown, supposed=supposed)


def chosen_language() -> Language:
    """The switch of languages in the side bar; the address remembers it (`?lang=ko`)."""
    with st.sidebar:
        chosen = st.radio(
            plain_label(inline(shell.LANGUAGE, "both")),
            LANGUAGES,
            index=LANGUAGES.index(_language()),
            format_func=lambda each: LANGUAGE_NAMES[each],
            key="language",
        )
    _keep("lang", chosen)
    return chosen


def chosen_round(language: Language) -> None:
    """The programme's title and, where there are several, the choice of a round; ends the page on a faulty programme."""
    loaded = _programme_or_stop(language)
    rounds = {each.id: each for each in loaded.programme.rounds}
    asked = _kept("round")
    with st.sidebar:
        st.html(f'<div class="gw-programme">{stacked_html(loaded.programme.title, language)}</div>')
        if len(rounds) > 1:
            asked = st.selectbox(
                plain_label(inline(shell.ROUND, language)),
                list(rounds),
                index=list(rounds).index(asked) if asked in rounds else len(rounds) - 1,
                format_func=lambda each: plain_label(inline(rounds[each].title, language)),
                key="round",
            )
    _keep("round", asked if asked in rounds else loaded.round().id)


def pick_team(shown: View) -> Team:
    """The team that is picked, or named in the address (`?team=t1`); kept from page to page."""
    teams = {team.id: team for team in shown.round.teams}
    asked = _kept("team")
    chosen = st.selectbox(
        plain_label(inline(shell.TEAM, shown.language)),
        list(teams),
        index=list(teams).index(asked) if asked in teams else 0,
        format_func=lambda each: inline(teams[each].name, shown.language),
        key="team",
    )
    _keep("team", chosen)
    return teams[chosen]


def show_fault(language: Language, fault: InputFault) -> None:
    """The one message about a faulty file: which, where in it, what was found and what is expected."""
    st.error(plain_label(inline(shell.FAULT, language)))
    st.code(fault.message, language=None, wrap_lines=True)
    st.html(f'<div class="gw-second">{stacked_html(shell.FAULT_HELP, language)}</div>')


def _with_reason(text: Text, reason: Text | None) -> Text:
    return text if reason is None else Text(ko=f"{text.ko}: {reason.ko}", en=f"{text.en}: {reason.en}")


def _nothing_yet(shown: View, why: Text | None) -> NoReturn:
    """Says that there is no decision yet, why, and the command that makes one; ends the page."""
    st.info(plain_label(inline(shell.NOTHING_YET, shown.language)))
    if why is not None:
        st.html(f"<div>{stacked_html(why, shown.language)}</div>")
    st.html(f"<div>{stacked_html(shell.RUN_FIRST, shown.language)}</div>")
    st.code(f"gwanmun run {shown.loaded.path}", language=None, wrap_lines=True)
    st.stop()


def _programme_or_stop(language: Language) -> LoadedProgramme:
    named = os.environ.get(PROGRAMME_VARIABLE)
    try:
        if not named:
            raise InputFault(PROGRAMME_VARIABLE, found="nothing", expected="the path of a programme.yaml")
        return load_programme(Path(named))
    except InputFault as fault:
        show_fault(language, fault)
        st.stop()


def _language() -> Language:
    return next((each for each in LANGUAGES if each == _kept("lang")), "both")


def _kept(name: str) -> str | None:
    """What was chosen on this page or an earlier one, else what the address asks for."""
    return st.session_state.get(f"kept-{name}") or st.query_params.get(name)


def _keep(name: str, value: str) -> None:
    """Widgets forget when their page is left, and so does the address; this does not."""
    st.session_state[f"kept-{name}"] = value
    st.query_params[name] = value


def _stamp(loaded: LoadedProgramme) -> Stamp:
    files = [path.stat() if path.is_file() else None for path in files_of(loaded)]
    seen = tuple(None if each is None else (each.st_mtime_ns, each.st_size) for each in files)
    return os.path.realpath(loaded.warehouse / "current.duckdb"), *seen


@st.cache_resource(max_entries=4, ttl=KEPT_SECONDS, show_spinner=False)
def _kept_round(_loaded: LoadedProgramme, round_id: str, key: Stamp) -> ReadRound:
    return read_round(_loaded, round_id)


@st.cache_resource(max_entries=4, ttl=KEPT_SECONDS, show_spinner=False)
def _kept_inputs(_loaded: LoadedProgramme, round_id: str, policy: str | None, key: Stamp) -> RoundInputs:
    return read_inputs(_loaded, round_id, policy)


@st.cache_resource(max_entries=16, show_spinner=False)
def _scores(folder: str, run_id: str) -> SuiteScores:
    return load_scores(Warehouse(Path(folder)), run_id)


@st.cache_resource(max_entries=16, show_spinner=False)
def _paired(folder: str, runs: tuple[tuple[str, str], ...]) -> list[PairedTest]:
    return paired_tests({team: _scores(folder, run_id) for team, run_id in runs})


@st.cache_resource(max_entries=16, show_spinner=False)
def _trace(folder: str, run_id: str) -> Trace:
    return load_trace(Warehouse(Path(folder)), run_id)


@st.cache_resource(max_entries=16, show_spinner=False)
def _quality(folder: str, run_id: str) -> QualityReport:
    return load_quality(Warehouse(Path(folder)), run_id)
