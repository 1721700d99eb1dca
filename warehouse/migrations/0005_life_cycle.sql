-- The life of a round: one hash-chained record a step, and what a decision's rules were when they were frozen.

create table round_events (
    programme varchar not null,
    round varchar not null,
    event_no integer not null,
    kind varchar not null check (kind in (
        'frozen', 'amended', 'measured', 'decided', 'appeals_open', 'final', 'ruling', 'countersigned', 'conflict')),
    happened_at varchar not null,
    by_whom varchar not null,
    content json not null,
    link varchar not null,
    primary key (programme, round, event_no)
);
comment on table round_events is 'What was done to a round, by whom and when: an append-only chain, of which each record holds the hash of the one before. `gwanmun history` shows and checks it.';
comment on column round_events.programme is 'The programme.';
comment on column round_events.round is 'The round.';
comment on column round_events.event_no is 'The record''s place in the round''s chain, from 0.';
comment on column round_events.kind is 'frozen, amended (a new version of the rules after the freeze), measured, decided, appeals_open, final; ruling and countersigned (the two signatures on a ruling that was typed), conflict (of interest, recused).';
comment on column round_events.happened_at is 'When, ISO 8601 in UTC, spelt as it was hashed.';
comment on column round_events.by_whom is 'Who.';
comment on column round_events.content is 'What the step says: the frozen rules and hashes, the runs, the decision''s hash, the ruling.';
comment on column round_events.link is 'SHA-256 of this record''s canonical JSON and of the link before it.';

create table decision_amendments (
    decision_id integer not null,
    amendment_no integer not null,
    rules_version varchar not null,
    frozen_at varchar not null,
    key varchar not null,
    before varchar,
    after varchar,
    text_ko varchar not null,
    text_en varchar not null,
    primary key (decision_id, amendment_no)
);
comment on table decision_amendments is 'What had been changed after the freeze when a round was decided, key by key; empty for a round whose rules stayed.';
comment on column decision_amendments.decision_id is 'The decision that this row belongs to.';
comment on column decision_amendments.amendment_no is 'The change''s place, from 0.';
comment on column decision_amendments.rules_version is 'The version of the rules that brought the change.';
comment on column decision_amendments.frozen_at is 'When that version was frozen.';
comment on column decision_amendments.key is 'The key of the rules, or of what was handed in, that changed.';
comment on column decision_amendments.before is 'Its value before; empty where it was not there.';
comment on column decision_amendments.after is 'Its value since; empty where it is there no longer.';
comment on column decision_amendments.text_ko is 'The change in one sentence, Korean.';
comment on column decision_amendments.text_en is 'The change in one sentence, English.';

-- A result may be invalidated after it was published: one more status, which a check of a table cannot be taught in place.
alter table standings rename to standings_before;
create table standings (
    decision_id integer not null,
    standing_no integer not null,
    team varchar not null,
    name_ko varchar not null,
    name_en varchar not null,
    rank integer,
    total varchar,
    status varchar not null check (status in ('advances', 'eliminated', 'review', 'withdrawn', 'invalidated')),
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
comment on column standings.status is 'advances, eliminated, review, withdrawn, or invalidated: found wrong after it was published, its rank and total kept on record.';
comment on column standings.eliminated_by is 'The first gate that put it out, or eliminate_bottom.';
comment on column standings.scores is 'Node of the score tree → points as decimal text.';
comment on column standings.gates is 'Gate → result that counts: pass, fail, conditional or indeterminate.';
comment on column standings.cut_probability is 'Probability of being among the lowest, where the rules ask for confidence.';
insert into standings by name select * from standings_before;
drop table standings_before;
