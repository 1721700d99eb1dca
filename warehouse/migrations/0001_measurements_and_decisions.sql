-- The first schema: what the three stages measured, row by row, and what was decided on it.
-- `run_id` and the columns ending in `_no` say where a row stands in its record, so that records are read back exactly.

comment on table schema_version is 'Which migrations made this database; a changed or newer one is refused.';
comment on column schema_version.name is 'The migration''s file, or views.sql.';
comment on column schema_version.version is 'The migration''s number; empty for views.sql, which is applied anew whenever it changes.';
comment on column schema_version.sha256 is 'SHA-256 of the file''s text.';
comment on column schema_version.applied_at is 'When it was applied.';

create table runs (
    run_id varchar,
    programme varchar not null,
    round varchar not null,
    team varchar not null,
    stage varchar not null check (stage in ('benchmark', 'independence', 'data-quality')),
    subject varchar not null,
    key varchar not null,
    submission_sha256 varchar not null,
    model_sha256 varchar not null,
    environment json not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    status varchar not null check (status in ('complete', 'failed')),
    message varchar not null,
    recorded_at timestamptz not null default now(),
    primary key (run_id)
);
comment on table runs is 'One run: one stage measured once for one team, keyed by the content that went in. The same key is never measured twice.';
comment on column runs.run_id is 'A readable identifier, one for each key: stage, suite, team and the first digits of the key.';
comment on column runs.programme is 'The programme that it was measured for.';
comment on column runs.round is 'The round in which it was measured; a later round with the same content uses it too.';
comment on column runs.team is 'The team whose submission was measured.';
comment on column runs.stage is 'benchmark, independence or data-quality.';
comment on column runs.subject is 'The suite for the benchmark stage, empty for the others.';
comment on column runs.key is 'SHA-256 of what was measured: the team''s submission, suites and references by content, and the version of the measurement.';
comment on column runs.submission_sha256 is 'SHA-256 of all that the team handed in.';
comment on column runs.model_sha256 is 'SHA-256 of the model''s files alone.';
comment on column runs.environment is 'What may differ between machines without changing what was asked: device, dtype, versions of libraries.';
comment on column runs.started_at is 'When measuring began.';
comment on column runs.finished_at is 'When measuring ended.';
comment on column runs.status is 'complete, or failed: it could not be measured, and `message` says why.';
comment on column runs.message is 'Why the run failed; empty where it did not.';
comment on column runs.recorded_at is 'When these rows were written.';

create table suite_scores (
    run_id varchar not null,
    suite varchar not null,
    settings json not null,
    primary key (run_id)
);
comment on table suite_scores is 'A suite measured for one model, one row a run of the benchmark stage.';
comment on column suite_scores.run_id is 'The run that this row belongs to.';
comment on column suite_scores.suite is 'The suite.';
comment on column suite_scores.settings is 'What must be equal between models to be compared: harness, prompts, few-shot examples, seed.';

create table task_scores (
    run_id varchar not null,
    task_no integer not null,
    task varchar not null,
    metric varchar not null,
    value double not null,
    stderr double,
    ci95 double[],
    n bigint not null,
    primary key (run_id, task_no)
);
comment on table task_scores is 'A task''s score with its uncertainty.';
comment on column task_scores.run_id is 'The run that this row belongs to.';
comment on column task_scores.task_no is 'The task''s place in the suite, from 0.';
comment on column task_scores.task is 'The task.';
comment on column task_scores.metric is 'The metric that counts, as the harness names it.';
comment on column task_scores.value is 'The metric''s raw value; for shares from 0 to 1, which rules multiply by 100.';
comment on column task_scores.stderr is 'Its standard error; empty where the metric has none.';
comment on column task_scores.ci95 is 'Its 95 % interval, lower and upper end; empty where the metric has none.';
comment on column task_scores.n is 'Over how many items.';

create table items (
    run_id varchar not null,
    item_no bigint not null,
    task varchar not null,
    item bigint not null,
    repeat integer not null,
    prompt_sha256 varchar not null,
    loglikelihoods double[] not null,
    prediction bigint,
    output varchar not null,
    correct double not null,
    tokens bigint not null,
    primary key (run_id, item_no)
);
comment on table items is 'One item of one task as it was answered: what every score can be computed from again.';
comment on column items.run_id is 'The run that this row belongs to.';
comment on column items.item_no is 'The row''s place among the run''s items, from 0.';
comment on column items.task is 'The task.';
comment on column items.item is 'The item''s index in the task''s test split.';
comment on column items.repeat is 'Which draw of a generated answer, from 0.';
comment on column items.prompt_sha256 is 'SHA-256 of the prompt that the model saw.';
comment on column items.loglikelihoods is 'Natural log-likelihood of each choice; empty for generated answers.';
comment on column items.prediction is 'The index of the chosen answer; empty for generated answers.';
comment on column items.output is 'The generated text; empty for choices.';
comment on column items.correct is 'The task metric''s value for this item, 0 or 1 for accuracies.';
comment on column items.tokens is 'Tokens scored or generated.';

create table lineage_traces (
    run_id varchar not null,
    subject varchar not null,
    verdict varchar not null,
    seconds double not null,
    bytes_read bigint not null,
    primary key (run_id)
);
comment on table lineage_traces is 'One submission traced against all references, one row a run of the independence stage.';
comment on column lineage_traces.run_id is 'The run that this row belongs to.';
comment on column lineage_traces.subject is 'The folder that was traced.';
comment on column lineage_traces.verdict is 'The worst over references: derived, indeterminate, independent or not_applicable.';
comment on column lineage_traces.seconds is 'How long it took.';
comment on column lineage_traces.bytes_read is 'Bytes of weights read.';

create table lineage_references (
    run_id varchar not null,
    reference_no integer not null,
    reference varchar not null,
    verdict varchar not null,
    p_value double,
    log10_p double,
    architecture_same_family boolean not null,
    architecture_shared_settings varchar[] not null,
    architecture_tokenizer_shared double,
    architecture_note varchar not null,
    primary key (run_id, reference_no)
);
comment on table lineage_references is 'The submission against one reference; the worst component counts. Architecture is a separate finding that convicts nobody.';
comment on column lineage_references.run_id is 'The run that this row belongs to.';
comment on column lineage_references.reference_no is 'The reference''s place in the trace, from 0.';
comment on column lineage_references.reference is 'The reference model.';
comment on column lineage_references.verdict is 'derived, indeterminate, independent or not_applicable.';
comment on column lineage_references.p_value is 'Corrected p-value of the worst component; 0 where it underflows.';
comment on column lineage_references.log10_p is 'Its decimal logarithm, which does not underflow.';
comment on column lineage_references.architecture_same_family is 'Whether both have the same model family.';
comment on column lineage_references.architecture_shared_settings is 'Settings in common.';
comment on column lineage_references.architecture_tokenizer_shared is 'Share of the vocabularies in common, Jaccard, from 0 to 1.';
comment on column lineage_references.architecture_note is 'What the likeness of architectures means, and does not.';

create table lineage_components (
    run_id varchar not null,
    reference_no integer not null,
    component_no integer not null,
    component varchar not null,
    verdict varchar not null,
    p_value double,
    log10_p double,
    relation varchar,
    share_of_parameters double not null,
    explanation_ko varchar not null,
    explanation_en varchar not null,
    primary key (run_id, reference_no, component_no)
);
comment on table lineage_components is 'One component of the submission against one reference.';
comment on column lineage_components.run_id is 'The run that this row belongs to.';
comment on column lineage_components.reference_no is 'The reference''s place in the trace, from 0.';
comment on column lineage_components.component_no is 'The component''s place within that reference, from 0.';
comment on column lineage_components.component is 'language_model, vision_tower, audio_tower or projector.';
comment on column lineage_components.verdict is 'derived, indeterminate, independent or not_applicable.';
comment on column lineage_components.p_value is 'p-value, corrected over the whole trace.';
comment on column lineage_components.log10_p is 'Its decimal logarithm, which does not underflow.';
comment on column lineage_components.relation is 'How it derives: copied, fine-tuned, transformed, pruned, expanded, merged, partial, shared-initialisation or unknown.';
comment on column lineage_components.share_of_parameters is 'The component''s share of the submission''s parameters, from 0 to 1.';
comment on column lineage_components.explanation_ko is 'The finding in one sentence, Korean.';
comment on column lineage_components.explanation_en is 'The finding in one sentence, English.';

create table lineage_layers (
    run_id varchar not null,
    reference_no integer not null,
    component_no integer not null,
    layer_no integer not null,
    subject_layer integer not null,
    reference_layer integer not null,
    p_value double,
    log10_p double,
    primary key (run_id, reference_no, component_no, layer_no)
);
comment on table lineage_layers is 'A layer of the submission that matches a layer of the reference.';
comment on column lineage_layers.run_id is 'The run that this row belongs to.';
comment on column lineage_layers.reference_no is 'The reference''s place in the trace, from 0.';
comment on column lineage_layers.component_no is 'The component''s place within that reference, from 0.';
comment on column lineage_layers.layer_no is 'The row''s place within that component, from 0.';
comment on column lineage_layers.subject_layer is 'The submission''s layer.';
comment on column lineage_layers.reference_layer is 'The reference''s layer.';
comment on column lineage_layers.p_value is 'p-value of the match.';
comment on column lineage_layers.log10_p is 'Its decimal logarithm.';

create table lineage_tests (
    run_id varchar not null,
    reference_no integer not null,
    component_no integer not null,
    test_no integer not null,
    test varchar not null,
    statistic double,
    identity boolean not null,
    p_value double,
    log10_p double,
    tensor_group varchar not null,
    scope varchar not null,
    note_ko varchar,
    note_en varchar,
    primary key (run_id, reference_no, component_no, test_no)
);
comment on table lineage_tests is 'One test on one group of a component''s tensors against one reference.';
comment on column lineage_tests.run_id is 'The run that this row belongs to.';
comment on column lineage_tests.reference_no is 'The reference''s place in the trace, from 0.';
comment on column lineage_tests.component_no is 'The component''s place within that reference, from 0.';
comment on column lineage_tests.test_no is 'The row''s place within that component, from 0.';
comment on column lineage_tests.test is 'The test.';
comment on column lineage_tests.statistic is 'Its statistic.';
comment on column lineage_tests.identity is 'Whether values are bit for bit the same; then there is no p-value.';
comment on column lineage_tests.p_value is 'Uncorrected p-value.';
comment on column lineage_tests.log10_p is 'Its decimal logarithm.';
comment on column lineage_tests.tensor_group is 'The disjoint group of tensors that it looked at; two groups must agree before anything is called derived.';
comment on column lineage_tests.scope is 'What was compared, in words.';
comment on column lineage_tests.note_ko is 'What the number means, Korean.';
comment on column lineage_tests.note_en is 'What the number means, English.';

create table lineage_coverage (
    run_id varchar not null,
    tensor_no integer not null,
    tensor varchar not null,
    component varchar not null,
    role varchar not null,
    layer integer,
    parameters bigint not null,
    used boolean not null,
    reason varchar not null,
    primary key (run_id, tensor_no)
);
comment on table lineage_coverage is 'One tensor of the submission: which role it played, or why it took no part. What was not read is said.';
comment on column lineage_coverage.run_id is 'The run that this row belongs to.';
comment on column lineage_coverage.tensor_no is 'The row''s place in the ledger, from 0.';
comment on column lineage_coverage.tensor is 'The tensor''s name.';
comment on column lineage_coverage.component is 'The component that it belongs to.';
comment on column lineage_coverage.role is 'Its role there.';
comment on column lineage_coverage.layer is 'Its layer; empty outside layers.';
comment on column lineage_coverage.parameters is 'How many values it has.';
comment on column lineage_coverage.used is 'Whether a test looked at it.';
comment on column lineage_coverage.reason is 'Why it took no part.';

create table lineage_chain (
    run_id varchar not null,
    chain_no integer not null,
    component varchar not null,
    result varchar not null check (result in ('supported', 'missing', 'contradicted')),
    explanation_ko varchar not null,
    explanation_en varchar not null,
    primary key (run_id, chain_no)
);
comment on table lineage_chain is 'Positive evidence: whether a component descends from the step-0 weights and checkpoints that were handed in.';
comment on column lineage_chain.run_id is 'The run that this row belongs to.';
comment on column lineage_chain.chain_no is 'The component''s place in the chain''s findings, from 0.';
comment on column lineage_chain.component is 'The component.';
comment on column lineage_chain.result is 'supported, missing or contradicted.';
comment on column lineage_chain.explanation_ko is 'The finding in one sentence, Korean.';
comment on column lineage_chain.explanation_en is 'The finding in one sentence, English.';

create table lineage_chain_links (
    run_id varchar not null,
    chain_no integer not null,
    link_no integer not null,
    test varchar not null,
    statistic double,
    identity boolean not null,
    p_value double,
    log10_p double,
    tensor_group varchar not null,
    scope varchar not null,
    note_ko varchar,
    note_en varchar,
    primary key (run_id, chain_no, link_no)
);
comment on table lineage_chain_links is 'One link of that chain: a checkpoint held against the next.';
comment on column lineage_chain_links.run_id is 'The run that this row belongs to.';
comment on column lineage_chain_links.chain_no is 'The component''s place in the chain''s findings, from 0.';
comment on column lineage_chain_links.link_no is 'The link''s place in the chain, from 0.';
comment on column lineage_chain_links.test is 'The test.';
comment on column lineage_chain_links.statistic is 'Its statistic.';
comment on column lineage_chain_links.identity is 'Whether values are bit for bit the same; then there is no p-value.';
comment on column lineage_chain_links.p_value is 'Uncorrected p-value.';
comment on column lineage_chain_links.log10_p is 'Its decimal logarithm.';
comment on column lineage_chain_links.tensor_group is 'The disjoint group of tensors that it looked at; two groups must agree before anything is called derived.';
comment on column lineage_chain_links.scope is 'What was compared, in words.';
comment on column lineage_chain_links.note_ko is 'What the number means, Korean.';
comment on column lineage_chain_links.note_en is 'What the number means, English.';

create table quality_reports (
    run_id varchar not null,
    thresholds_sha256 varchar not null,
    items_scanned bigint not null,
    primary key (run_id)
);
comment on table quality_reports is 'What the data-quality stage looked at, one row a run.';
comment on column quality_reports.run_id is 'The run that this row belongs to.';
comment on column quality_reports.thresholds_sha256 is 'SHA-256 of the thresholds under which the results were judged.';
comment on column quality_reports.items_scanned is 'How many benchmark items the corpus sample was searched for.';

create table quality_measurements (
    run_id varchar not null,
    measurement_no integer not null,
    suite varchar not null,
    check_id varchar not null,
    subject varchar not null,
    state varchar not null check (state in ('measured', 'missing', 'not_applicable')),
    value double,
    rows bigint not null,
    bad bigint not null,
    observed varchar not null,
    examples varchar[] not null,
    primary key (run_id, measurement_no)
);
comment on table quality_measurements is 'One check''s number before anybody judges it: other thresholds need no second measurement.';
comment on column quality_measurements.run_id is 'The run that this row belongs to.';
comment on column quality_measurements.measurement_no is 'The row''s place in the report, from 0.';
comment on column quality_measurements.suite is 'manifest, inventory, sample, training_log, checkpoints, items or results.';
comment on column quality_measurements.check_id is 'The check.';
comment on column quality_measurements.subject is 'What was checked: a file, a source, a task.';
comment on column quality_measurements.state is 'measured, missing (the evidence was not handed in) or not_applicable.';
comment on column quality_measurements.value is 'What was seen; empty where nothing was measured.';
comment on column quality_measurements.rows is 'Over how many rows.';
comment on column quality_measurements.bad is 'How many of them offend.';
comment on column quality_measurements.observed is 'What was seen, in words.';
comment on column quality_measurements.examples is 'A few of the rows that offend.';

create table quality_results (
    run_id varchar not null,
    result_no integer not null,
    suite varchar not null,
    check_id varchar not null,
    subject varchar not null,
    outcome varchar not null check (outcome in ('pass', 'fail', 'conditional')),
    severity varchar not null check (severity in ('hard', 'soft')),
    observed varchar not null,
    expected varchar not null,
    rows bigint not null,
    examples varchar[] not null,
    text_ko varchar not null,
    text_en varchar not null,
    primary key (run_id, result_no)
);
comment on table quality_results is 'One check''s verdict under the thresholds of the run, as Great Expectations gave it.';
comment on column quality_results.run_id is 'The run that this row belongs to.';
comment on column quality_results.result_no is 'The row''s place in the report, from 0.';
comment on column quality_results.suite is 'manifest, inventory, sample, training_log, checkpoints, items or results.';
comment on column quality_results.check_id is 'The check.';
comment on column quality_results.subject is 'What was checked: a file, a source, a task.';
comment on column quality_results.outcome is 'pass, fail or conditional.';
comment on column quality_results.severity is 'hard or soft: which of the policy''s two answers counts.';
comment on column quality_results.observed is 'What was seen.';
comment on column quality_results.expected is 'What was expected.';
comment on column quality_results.rows is 'Over how many rows.';
comment on column quality_results.examples is 'A few of the rows that offend.';
comment on column quality_results.text_ko is 'The verdict in one sentence, Korean.';
comment on column quality_results.text_en is 'The verdict in one sentence, English.';

create table contaminated_items (
    run_id varchar not null,
    contaminated_no integer not null,
    task varchar not null,
    item bigint not null,
    document varchar not null,
    kind varchar not null check (kind in ('exact', 'near')),
    longest_run bigint not null,
    coverage double not null,
    primary key (run_id, contaminated_no)
);
comment on table contaminated_items is 'A benchmark item that was found in the corpus sample.';
comment on column contaminated_items.run_id is 'The run that this row belongs to.';
comment on column contaminated_items.contaminated_no is 'The row''s place in the report, from 0.';
comment on column contaminated_items.task is 'The task.';
comment on column contaminated_items.item is 'The item''s index in the task''s test split.';
comment on column contaminated_items.document is 'The document of the sample that holds it.';
comment on column contaminated_items.kind is 'exact or near.';
comment on column contaminated_items.longest_run is 'The longest run in common, in weighted characters.';
comment on column contaminated_items.coverage is 'The share of the item that was found, from 0 to 1.';

create table decision_log (
    decision_id integer,
    programme varchar not null,
    round varchar not null,
    rules_version varchar not null,
    rules_sha256 varchar not null,
    policy varchar,
    what_if boolean not null check (not what_if),
    simulated boolean not null,
    places bigint not null,
    vacancies bigint not null,
    inputs map(varchar, varchar) not null,
    decision_sha256 varchar not null,
    recorded_at timestamptz not null default now(),
    primary key (decision_id)
);
comment on table decision_log is 'Every decision that was recorded, in their order; nothing here is ever changed or deleted, a later row supersedes. The view `decisions` reads easier.';
comment on column decision_log.decision_id is 'The decision''s number, from 1.';
comment on column decision_log.programme is 'The programme.';
comment on column decision_log.round is 'The round.';
comment on column decision_log.rules_version is 'The version of the rules, as the programme writes it.';
comment on column decision_log.rules_sha256 is 'SHA-256 of rules, policy and suites as they were applied.';
comment on column decision_log.policy is 'The policy; empty where no gate needs one.';
comment on column decision_log.what_if is 'Always false: what other rules would have come to is never recorded.';
comment on column decision_log.simulated is 'Whether the programme''s data are simulated.';
comment on column decision_log.places is 'Planned places.';
comment on column decision_log.vacancies is 'Places left vacant.';
comment on column decision_log.inputs is 'SHA-256 of every file and run that the decision rests on.';
comment on column decision_log.decision_sha256 is 'SHA-256 of the whole decision in its canonical spelling.';
comment on column decision_log.recorded_at is 'When it was recorded.';

create table standings (
    decision_id integer not null,
    standing_no integer not null,
    team varchar not null,
    name_ko varchar not null,
    name_en varchar not null,
    rank integer,
    total varchar,
    status varchar not null check (status in ('advances', 'eliminated', 'review', 'withdrawn')),
    eliminated_by varchar,
    scores map(varchar, varchar) not null,
    gates map(varchar, varchar) not null,
    cut_probability double,
    primary key (decision_id, standing_no)
);
comment on table standings is 'One team''s place in a decision.';
comment on column standings.decision_id is 'The decision that this row belongs to.';
comment on column standings.standing_no is 'The standing''s place in the decision, from 0.';
comment on column standings.team is 'The team.';
comment on column standings.name_ko is 'Its name, Korean.';
comment on column standings.name_en is 'Its name, English.';
comment on column standings.rank is 'Its rank; empty for a team without a total.';
comment on column standings.total is 'Its total as exact decimal text, at most 12 places; empty for a team without one.';
comment on column standings.status is 'advances, eliminated, review or withdrawn.';
comment on column standings.eliminated_by is 'The first gate that put it out, or eliminate_bottom.';
comment on column standings.scores is 'Node of the score tree → points as decimal text.';
comment on column standings.gates is 'Gate → result that counts: pass, fail, conditional or indeterminate.';
comment on column standings.cut_probability is 'Probability of being among the lowest, where the rules ask for confidence.';

create table standing_reasons (
    decision_id integer not null,
    standing_no integer not null,
    reason_no integer not null,
    rule varchar not null,
    outcome varchar not null,
    text_ko varchar not null,
    text_en varchar not null,
    evidence varchar[] not null,
    primary key (decision_id, standing_no, reason_no)
);
comment on table standing_reasons is 'Why a team stands where it stands, one link of the chain a row.';
comment on column standing_reasons.decision_id is 'The decision that this row belongs to.';
comment on column standing_reasons.standing_no is 'The standing''s place in the decision, from 0.';
comment on column standing_reasons.reason_no is 'The link''s place in the chain, from 0.';
comment on column standing_reasons.rule is 'The rule that speaks.';
comment on column standing_reasons.outcome is 'What it came to.';
comment on column standing_reasons.text_ko is 'The reason in one sentence, Korean.';
comment on column standing_reasons.text_en is 'The reason in one sentence, English.';
comment on column standing_reasons.evidence is 'The runs, files and rulings that it rests on.';

create table gate_results (
    decision_id integer not null,
    standing_no integer not null,
    gate_no integer not null,
    gate varchar not null,
    team varchar not null,
    own varchar not null,
    result varchar not null,
    effect varchar not null check (effect in ('pass', 'review', 'eliminate')),
    primary key (decision_id, standing_no, gate_no)
);
comment on table gate_results is 'A gate''s result for one team: the check''s own, and the one that counts after a panel''s ruling.';
comment on column gate_results.decision_id is 'The decision that this row belongs to.';
comment on column gate_results.standing_no is 'The standing''s place in the decision, from 0.';
comment on column gate_results.gate_no is 'The gate''s place in the rules, from 0.';
comment on column gate_results.gate is 'The gate.';
comment on column gate_results.team is 'The team.';
comment on column gate_results.own is 'The check''s own result.';
comment on column gate_results.result is 'The result that counts.';
comment on column gate_results.effect is 'What it does to the team: pass, review or eliminate.';

create table gate_reasons (
    decision_id integer not null,
    standing_no integer not null,
    gate_no integer not null,
    reason_no integer not null,
    rule varchar not null,
    outcome varchar not null,
    text_ko varchar not null,
    text_en varchar not null,
    evidence varchar[] not null,
    primary key (decision_id, standing_no, gate_no, reason_no)
);
comment on table gate_reasons is 'Why a gate came to its result, one reason a row.';
comment on column gate_reasons.decision_id is 'The decision that this row belongs to.';
comment on column gate_reasons.standing_no is 'The standing''s place in the decision, from 0.';
comment on column gate_reasons.gate_no is 'The gate''s place in the rules, from 0.';
comment on column gate_reasons.reason_no is 'The reason''s place, from 0.';
comment on column gate_reasons.rule is 'The rule that speaks.';
comment on column gate_reasons.outcome is 'What it came to.';
comment on column gate_reasons.text_ko is 'The reason in one sentence, Korean.';
comment on column gate_reasons.text_en is 'The reason in one sentence, English.';
comment on column gate_reasons.evidence is 'The runs, files and rulings that it rests on.';
