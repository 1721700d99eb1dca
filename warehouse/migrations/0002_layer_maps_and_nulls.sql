-- Which test found a layer's match and how much of the layer, and what a statistic is held against: enough to draw both.

alter table lineage_components add column subject_layers integer default 0;
alter table lineage_components add column reference_layers integer default 0;
comment on column lineage_components.subject_layers is 'How many layers the submission''s component has, numbered from 0; 0 where it has none, or was measured before layers were counted.';
comment on column lineage_components.reference_layers is 'How many the reference''s component has.';

alter table lineage_layers add column test varchar default '';
alter table lineage_layers add column share double;
comment on column lineage_layers.test is 'The test that found the match, by its name in lineage_tests.';
comment on column lineage_layers.share is 'How much of the layer, from 0 to 1: of its parameters where they are copied, else of the units tested that find themselves.';

alter table lineage_tests add column decides boolean default false;
alter table lineage_tests add column null_kind varchar;
alter table lineage_tests add column null_mean double;
alter table lineage_tests add column null_deviation double;
alter table lineage_tests add column null_units integer;
comment on column lineage_tests.decides is 'Whether a finding of likeness rests on this test.';
comment on column lineage_tests.null_kind is 'What the statistic is held against: renumberings (of this very pair''s units) or binomial (a share of held-out units); empty where the test has no null.';
comment on column lineage_tests.null_mean is 'The null''s mean, exact for renumberings.';
comment on column lineage_tests.null_deviation is 'The null''s standard deviation, exact for renumberings.';
comment on column lineage_tests.null_units is 'How many units were renumbered, or held out.';

alter table lineage_chain_links add column decides boolean default false;
alter table lineage_chain_links add column null_kind varchar;
alter table lineage_chain_links add column null_mean double;
alter table lineage_chain_links add column null_deviation double;
alter table lineage_chain_links add column null_units integer;
comment on column lineage_chain_links.decides is 'As in lineage_tests; a chain needs all of its links.';
comment on column lineage_chain_links.null_kind is 'As in lineage_tests; links are recorded without a null.';
comment on column lineage_chain_links.null_mean is 'As in lineage_tests.';
comment on column lineage_chain_links.null_deviation is 'As in lineage_tests.';
comment on column lineage_chain_links.null_units is 'As in lineage_tests.';

alter table lineage_traces add column screened varchar[] default [];
comment on column lineage_traces.screened is 'References of a catalogue that were looked at and showed no sign, and were not tested; a programme names its references, so that none is screened only.';
