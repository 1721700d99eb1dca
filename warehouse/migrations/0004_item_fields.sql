-- Everything that is kept of an answer, and what a task's score says of its own certainty.
-- Rows measured before have the defaults: nothing was counted then.

alter table items add column variant integer default 0;
alter table items add column answer varchar default '';
alter table items add column thinking varchar default '';
alter table items add column thinking_tokens bigint default 0;
alter table items add column unparsed boolean default false;
alter table items add column truncated boolean default false;
alter table items add column thinking_truncated boolean default false;
alter table items add column prompt_truncated boolean default false;
alter table items add column cluster varchar default '';
alter table items add column seconds double;
comment on column items.variant is 'The way of asking, from 0: as written, then the suite''s templates, then the other orders of the choices; `task_ways` names them.';
comment on column items.answer is 'What the task''s filters took from the generated text; empty for choices.';
comment on column items.thinking is 'What the model wrote as thoughts before its answer.';
comment on column items.thinking_tokens is 'Tokens of the thoughts.';
comment on column items.unparsed is 'Whether no answer could be taken from the generated text: counted as wrong, and counted apart.';
comment on column items.truncated is 'Whether the generated text ended at its limit of tokens.';
comment on column items.thinking_truncated is 'Whether the thoughts ended at their budget, so that the model was made to answer.';
comment on column items.prompt_truncated is 'Whether the prompt was too long for the model and lost its beginning.';
comment on column items.cluster is 'What the item shares with others (the suite''s groups when it was measured): they count as one in errors; empty where it stands by itself.';
comment on column items.seconds is 'Its part of the time of the batch that it was answered in.';

alter table task_scores add column clusters bigint;
alter table task_scores add column chance double;
alter table task_scores add column answers bigint default 0;
alter table task_scores add column unparsed bigint default 0;
alter table task_scores add column truncated bigint default 0;
alter table task_scores add column thinking_truncated bigint default 0;
alter table task_scores add column prompts_truncated bigint default 0;
alter table task_scores add column spread_mean double;
alter table task_scores add column spread_min double;
alter table task_scores add column spread_max double;
alter table task_scores add column spread_sd double;
alter table task_scores add column pass_at map(varchar, double) default map {};
alter table task_scores add column majority double;
comment on column task_scores.clusters is 'How many groups of items the error takes as independent; empty where each item stands by itself.';
comment on column task_scores.chance is 'What guessing among the choices comes to; empty where there are none.';
comment on column task_scores.answers is 'How many answers were judged: items times ways of asking.';
comment on column task_scores.unparsed is 'From how many of them no answer could be taken.';
comment on column task_scores.truncated is 'How many of them ended at their limit of tokens.';
comment on column task_scores.thinking_truncated is 'In how many the thoughts ended at their budget.';
comment on column task_scores.prompts_truncated is 'In how many the prompt lost its beginning.';
comment on column task_scores.spread_mean is 'Of the scores of the ways of asking (`task_ways`): their mean, which is the score; empty for one way.';
comment on column task_scores.spread_min is 'The smallest of them.';
comment on column task_scores.spread_max is 'The largest of them.';
comment on column task_scores.spread_sd is 'Their sample standard deviation: what wording, order of choices and draw are worth.';
comment on column task_scores.pass_at is 'k → the chance that one of k draws is right, unbiased; empty where answers are not drawn several times.';
comment on column task_scores.majority is 'The score of each item''s most frequent answer.';

create table task_ways (
    run_id varchar not null,
    task_no integer not null,
    way_no integer not null,
    variant integer not null,
    name varchar not null,
    repeat integer not null,
    value double not null,
    unparsed bigint not null,
    truncated bigint not null,
    primary key (run_id, task_no, way_no)
);
comment on table task_ways is 'A task''s score in one way of asking and one draw, where there are several: how much of a score is the prompt''s.';
comment on column task_ways.run_id is 'The run that this row belongs to.';
comment on column task_ways.task_no is 'The task''s place in the suite, from 0.';
comment on column task_ways.way_no is 'The way''s place, from 0.';
comment on column task_ways.variant is 'The way of asking, as in `items`.';
comment on column task_ways.name is 'own (as written), template-1 … or order-1 ….';
comment on column task_ways.repeat is 'Which draw, from 0.';
comment on column task_ways.value is 'The metric''s raw value over all items.';
comment on column task_ways.unparsed is 'From how many outputs no answer could be taken.';
comment on column task_ways.truncated is 'How many outputs ended at their limit of tokens.';
