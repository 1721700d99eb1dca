-- Of imported scores the settings say how their tool measured; where they come from stands apart.

comment on column suite_scores.engine is 'How the model was computed with: ways of scoring and writing (and why not the quicker one), the budget of its batches; of imported scores, under `imported`, the tool, the model that it names and SHA-256 of every file. Empty where nothing was asked again.';
