-- In which ways a model was computed with. Runs measured before did not keep it.

alter table suite_scores add column engine json default '{}';
comment on column suite_scores.engine is 'How the model was computed with: ways of scoring and writing (and why not the quicker one), the budget of its batches. Empty where nothing was asked again.';
