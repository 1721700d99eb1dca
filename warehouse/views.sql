-- What a person asks for, put together from the tables. Applied anew whenever this file changes.

create or replace view decisions as
select
    decision_id,
    recorded_at,
    programme,
    round,
    rules_version,
    policy,
    places,
    vacancies,
    list(team order by standing_no) filter (status = 'advances') as advances,
    list(team order by standing_no) filter (status = 'eliminated') as eliminated,
    list(team order by standing_no) filter (status = 'review') as review,
    list(team order by standing_no) filter (status = 'withdrawn') as withdrawn,
    counts,
    simulated,
    rules_sha256,
    decision_sha256
from (select *, decision_id = max(decision_id) over (partition by programme, round) as counts from decision_log)
join standings using (decision_id)
group by all
order by decision_id;
comment on view decisions is 'Every recorded decision in one row: who advances, who is out, under which rules. The last one of a round counts.';
comment on column decisions.decision_id is 'The decision''s number, from 1.';
comment on column decisions.recorded_at is 'When it was recorded.';
comment on column decisions.programme is 'The programme.';
comment on column decisions.round is 'The round.';
comment on column decisions.rules_version is 'The version of the rules, as the programme writes it.';
comment on column decisions.policy is 'The policy; empty where no gate needs one.';
comment on column decisions.places is 'Planned places.';
comment on column decisions.vacancies is 'Places left vacant.';
comment on column decisions.advances is 'Teams that advance, best first; empty where there are none.';
comment on column decisions.eliminated is 'Teams that are out.';
comment on column decisions.review is 'Teams for the panel to decide on.';
comment on column decisions.withdrawn is 'Teams that withdrew.';
comment on column decisions.counts is 'Whether this is the round''s last decision, the one that counts.';
comment on column decisions.simulated is 'Whether the programme''s data are simulated.';
comment on column decisions.rules_sha256 is 'SHA-256 of rules, policy and suites as they were applied.';
comment on column decisions.decision_sha256 is 'SHA-256 of the whole decision in its canonical spelling.';

create or replace view scoreboard as
select
    programme,
    round,
    rank,
    team,
    name_ko,
    name_en,
    total::double as total,
    status,
    eliminated_by,
    cut_probability,
    scores,
    gates,
    simulated,
    rules_version,
    decision_id
from decisions
join standings using (decision_id)
where counts
order by programme, round, rank nulls last, standing_no;
comment on view scoreboard is 'The standings of the decision that counts, round by round, best first.';
comment on column scoreboard.programme is 'The programme.';
comment on column scoreboard.round is 'The round.';
comment on column scoreboard.rank is 'The team''s rank; empty for a team without a total.';
comment on column scoreboard.team is 'The team.';
comment on column scoreboard.name_ko is 'Its name, Korean.';
comment on column scoreboard.name_en is 'Its name, English.';
comment on column scoreboard.total is 'Its total as a number to reckon with; `standings.total` has the exact text.';
comment on column scoreboard.status is 'advances, eliminated, review or withdrawn.';
comment on column scoreboard.eliminated_by is 'The first gate that put it out, or eliminate_bottom.';
comment on column scoreboard.cut_probability is 'Probability of being among the lowest, where the rules ask for confidence.';
comment on column scoreboard.scores is 'Node of the score tree → points as decimal text: scores[''benchmark''].';
comment on column scoreboard.gates is 'Gate → result that counts: gates[''independence''].';
comment on column scoreboard.simulated is 'Whether the programme''s data are simulated.';
comment on column scoreboard.rules_version is 'The version of the rules.';
comment on column scoreboard.decision_id is 'The decision; its reasons stand in `standing_reasons`.';

create or replace view latest_scores as
select
    programme,
    round,
    team,
    suite,
    task,
    metric,
    value,
    stderr,
    ci95[1] as ci95_low,
    ci95[2] as ci95_high,
    n,
    clusters,
    chance,
    ci95[1] <= chance and chance <= ci95[2] as at_chance,
    answers,
    unparsed,
    truncated,
    thinking_truncated,
    prompts_truncated,
    spread_min,
    spread_max,
    spread_sd,
    pass_at,
    majority,
    finished_at,
    run_id
from runs
join suite_scores using (run_id)
join task_scores using (run_id)
where status = 'complete'
qualify finished_at = max(finished_at) over (partition by programme, team, suite)
order by programme, team, suite, task_no;
comment on view latest_scores is 'Each team''s newest score in each task, with its uncertainty.';
comment on column latest_scores.programme is 'The programme.';
comment on column latest_scores.round is 'The round in which it was measured.';
comment on column latest_scores.team is 'The team.';
comment on column latest_scores.suite is 'The suite.';
comment on column latest_scores.task is 'The task.';
comment on column latest_scores.metric is 'The metric that counts.';
comment on column latest_scores.value is 'The metric''s raw value; for shares from 0 to 1.';
comment on column latest_scores.stderr is 'Its standard error.';
comment on column latest_scores.ci95_low is 'The lower end of its 95 % interval.';
comment on column latest_scores.ci95_high is 'The upper end of its 95 % interval.';
comment on column latest_scores.n is 'Over how many items; they stand in `items`.';
comment on column latest_scores.clusters is 'How many groups of items the error takes as independent; empty where each item stands by itself.';
comment on column latest_scores.chance is 'What guessing among the choices comes to.';
comment on column latest_scores.at_chance is 'Whether the interval holds that: the score then says nothing.';
comment on column latest_scores.answers is 'How many answers were judged: items times ways of asking.';
comment on column latest_scores.unparsed is 'From how many of them no answer could be taken.';
comment on column latest_scores.truncated is 'How many of them ended at their limit of tokens.';
comment on column latest_scores.thinking_truncated is 'In how many the thoughts ended at their budget.';
comment on column latest_scores.prompts_truncated is 'In how many the prompt lost its beginning.';
comment on column latest_scores.spread_min is 'The smallest of the scores of the ways of asking; empty for one way.';
comment on column latest_scores.spread_max is 'The largest of them.';
comment on column latest_scores.spread_sd is 'Their sample standard deviation.';
comment on column latest_scores.pass_at is 'k → the chance that one of k draws is right.';
comment on column latest_scores.majority is 'The score of each item''s most frequent answer.';
comment on column latest_scores.finished_at is 'When measuring ended.';
comment on column latest_scores.run_id is 'The run.';

create or replace view paired_scores as
with newest as (
    select programme, suite, team, run_id
    from runs
    join suite_scores using (run_id)
    where status = 'complete'
    qualify finished_at = max(finished_at) over (partition by programme, team, suite)
),
answered as (
    select programme, suite, task, item, team, avg(correct) as correct, any_value(cluster) as cluster
    from newest
    join items using (run_id)
    group by all
),
differing as (
    select
        programme,
        suite,
        task,
        one.team as team,
        other.team as against,
        coalesce(nullif(one.cluster, ''), item::varchar) as unit,
        one.correct - other.correct as difference,
        one.correct in (0, 1) and other.correct in (0, 1) and coalesce(one.cluster, '') = '' as plain,
        difference - avg(difference) over pair as deviation
    from answered one
    join answered other using (programme, suite, task, item)
    where one.team < other.team
    window pair as (partition by programme, suite, task, one.team, other.team)
),
by_unit as (
    select
        programme,
        suite,
        task,
        team,
        against,
        unit,
        count(*) as n,
        sum(difference) as difference,
        sum(deviation) as deviation,
        sum(deviation * deviation) as squares,
        count(*) filter (difference > 0) as only_first,
        count(*) filter (difference < 0) as only_second,
        bool_and(plain) as plain
    from differing
    group by all
),
summed as (
    select
        programme,
        suite,
        task,
        team,
        against,
        sum(n)::bigint as n,
        count(*) as units,
        sum(difference) / sum(n) as difference,
        sum(squares) as squares,
        sum(deviation * deviation) as unit_squares,
        sum(only_first)::bigint as only_first,
        sum(only_second)::bigint as only_second,
        bool_and(plain) as plain
    from by_unit
    group by all
)
select
    programme,
    suite,
    task,
    team,
    against,
    n,
    units,
    difference,
    case when units > 1 then sqrt(greatest(0, squares / (n * (n - 1)) + (unit_squares - squares) / (n * n))) end as stderr,
    difference / nullif(stderr, 0) as z,
    only_first,
    only_second,
    case when plain then least(1, 2 * list_sum([
        exp(
            lgamma(only_first + only_second + 1) - lgamma(k + 1) - lgamma(only_first + only_second - k + 1)
            - (only_first + only_second) * ln(2)
        )
        for k in range(0, least(only_first, only_second) + 1)
    ])) end as p_value
from summed
order by programme, suite, task, team, against;
comment on view paired_scores is 'Every two teams on the items that both answered, task by task, by their newest runs: far sharper than two intervals side by side.';
comment on column paired_scores.programme is 'The programme.';
comment on column paired_scores.suite is 'The suite.';
comment on column paired_scores.task is 'The task.';
comment on column paired_scores.team is 'One team.';
comment on column paired_scores.against is 'The other.';
comment on column paired_scores.n is 'Over how many items.';
comment on column paired_scores.units is 'How many of them stand by themselves: items, or their clusters.';
comment on column paired_scores.difference is 'Mean of the items'' differences, the one minus the other, in the metric''s raw value.';
comment on column paired_scores.stderr is 'Its standard error, by clusters where items have them.';
comment on column paired_scores.z is 'The difference in standard errors; beyond 1.96 either way is 5 % by chance where units are many.';
comment on column paired_scores.only_first is 'On how many items the one did better.';
comment on column paired_scores.only_second is 'On how many the other did.';
comment on column paired_scores.p_value is 'McNemar''s exact p-value, two-sided, for items that are right or wrong and stand by themselves; empty elsewhere (the page has Student''s).';

create or replace view findings as
with newest as (
    select *
    from runs
    qualify finished_at = max(finished_at) over (partition by programme, team, stage, subject)
)
select
    programme,
    round,
    team,
    stage,
    component as subject,
    reference as against,
    c.verdict as outcome,
    relation,
    c.log10_p,
    share_of_parameters,
    explanation_ko as text_ko,
    explanation_en as text_en,
    run_id
from newest
join lineage_components c using (run_id)
join lineage_references using (run_id, reference_no)
where status = 'complete'
union all by name
select
    programme,
    round,
    team,
    stage,
    component as subject,
    'checkpoints' as against,
    result as outcome,
    explanation_ko as text_ko,
    explanation_en as text_en,
    run_id
from newest
join lineage_chain using (run_id)
where status = 'complete'
union all by name
select
    programme,
    round,
    team,
    stage,
    q.subject,
    suite || '.' || check_id as against,
    outcome,
    text_ko,
    text_en,
    run_id
from newest
join quality_results q using (run_id)
where status = 'complete'
union all by name
select programme, round, team, stage, subject, 'failed' as outcome, message as text_ko, message as text_en, run_id
from newest
where status = 'failed'
order by programme, team, stage, against, subject;
comment on view findings is 'What the newest runs found for each team: components against references, checks of the evidence, and runs that failed.';
comment on column findings.programme is 'The programme.';
comment on column findings.round is 'The round in which it was measured.';
comment on column findings.team is 'The team.';
comment on column findings.stage is 'independence or data-quality; benchmark only for a run that failed.';
comment on column findings.subject is 'What was looked at: a component, a file, a task, a suite.';
comment on column findings.against is 'What it was held against: a reference, the checkpoints handed in, a check.';
comment on column findings.outcome is 'derived, independent, indeterminate, not_applicable; supported, missing, contradicted; pass, fail, conditional; failed.';
comment on column findings.relation is 'How a derived component derives.';
comment on column findings.log10_p is 'Decimal logarithm of the corrected p-value.';
comment on column findings.share_of_parameters is 'The component''s share of the parameters, from 0 to 1.';
comment on column findings.text_ko is 'The finding in one sentence, Korean.';
comment on column findings.text_en is 'The finding in one sentence, English.';
comment on column findings.run_id is 'The run.';
