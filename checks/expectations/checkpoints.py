"""Suite `checkpoints`: whether the weights began as declared and moved no further than the optimiser could move them.

Only components declared from scratch are held to the initial law and the displacement bound.
"""

from checks.expectations.check import Check
from checks.records.record import Text

_NEEDS_LAW = Text(
    ko="0단계 체크포인트와 초기화 분포 신고가 필요하다", en="a step-0 checkpoint and evidence.training.init are needed"
)
_C1 = "check C1: the initial law of every matrix"

CHECKS: tuple[Check, ...] = (
    Check(
        "checkpoints",
        "step-zero",
        "soft",
        Text(
            ko="0단계 체크포인트가 제출되었거나 시드로 다시 뽑을 수 있다",
            en="a step-0 checkpoint was handed in, or can be drawn again",
        ),
        "check C0; its absence is not proof of anything, so it never fails by itself; what a committed seed draws stands for it",
        low=1,
        seen=Text(ko="체크포인트 {rows}개 중 0단계 {value:.0f}개", en="{value:.0f} at step 0 among {rows} checkpoints"),
        needs=Text(ko="0단계 체크포인트가 제출되지 않았다", en="no step-0 checkpoint was handed in"),
    ),
    Check(
        "checkpoints",
        "seed-committed",
        "hard",
        Text(ko="학습 시작 전에 시드를 맡겼다", en="the seed was committed before training began"),
        "check C0: the hash is that of the declared seed, left no later than on the day of the log's first line",
        high=0,
        seen=Text(ko="어긋난 점 {bad}가지", en="{bad} things do not fit"),
        needs=Text(
            ko="맡긴 시드(evidence.training.seed_commitment)와 로그의 시각이 필요하다",
            en="a committed seed (evidence.training.seed_commitment) and the log's times are needed",
        ),
    ),
    Check(
        "checkpoints",
        "seed-redrawn",
        "hard",
        Text(
            ko="0단계 가중치가 맡긴 시드로 다시 뽑은 것과 같다",
            en="the step-0 weights are those that the committed seed draws",
        ),
        "check C0: transformers' own initialisation of the model's config.json after torch.manual_seed, nothing of the team's run",
        high=0,
        seen=Text(ko="텐서 {rows}개 중 다른 것 {bad}개", en="{bad} of {rows} tensors are otherwise"),
        needs=Text(
            ko="맡긴 시드, 그 가중치를 뽑은 판의 transformers와 PyTorch가 필요하다",
            en="a committed seed, and the versions of transformers and PyTorch that drew from it, are needed",
        ),
        note=Text(
            ko="시드 하나로 나오는 가중치에는 학습된 것이 들어 있을 수 없다",
            en="weights that one seed gives cannot hold anything that was learnt",
        ),
    ),
    Check(
        "checkpoints",
        "same-tensors",
        "hard",
        Text(
            ko="모든 체크포인트의 텐서 이름과 모양이 제출 모델과 같다",
            en="every checkpoint has the submission's tensors, by name and shape",
        ),
        "check C5",
        high=0,
        needs=Text(ko="체크포인트가 제출되지 않았다", en="no checkpoints were handed in"),
    ),
    Check(
        "checkpoints",
        "hashes",
        "hard",
        Text(ko="가중치 파일이 신고한 해시와 같다", en="the weights' files have the declared hashes"),
        "check C5: SHA-256 of every file of weights of the model and the checkpoints",
        high=0,
        needs=Text(
            ko="파일 해시(evidence.hashes)가 제출되지 않았다", en="no hashes of files were handed in (evidence.hashes)"
        ),
    ),
    Check(
        "checkpoints",
        "validation-loss",
        "hard",
        Text(
            ko="다시 계산한 검증 손실이 로그와 같다",
            en="the validation loss computed again is the log's, at every checkpoint",
        ),
        "check C5: within three standard errors over the held-out documents",
        high="validation_errors_max",
        seen=Text(
            ko="최대 {value:.2f} 표준오차 (체크포인트 {rows}개)",
            en="at most {value:.2f} standard errors over {rows} checkpoints",
        ),
        needs=Text(
            ko="검증 문서(evidence.validation)와 체크포인트 단계의 validation_loss가 필요하다",
            en="held-out documents (evidence.validation) and the log's validation_loss at the checkpoints are needed",
        ),
    ),
    Check(
        "checkpoints",
        "noise-scale",
        "soft",
        Text(
            ko="로그의 손실이 신고한 크기의 배치만큼 흔들린다",
            en="the logged loss moves as means over batches of the declared size do",
        ),
        "check L5: σ ÷ √(batch tokens × loss_window), σ over held-out documents by the weights of each checkpoint",
        low="noise_scale_min",
        high="noise_scale_max",
        seen=Text(
            ko="기대되는 흔들림의 {value:.2f}배 (로그 {rows:,}줄)",
            en="{value:.2f} times the expected noise over {rows:,} lines",
        ),
        needs=Text(
            ko="학습 로그, 배치 토큰 수, 검증 문서와 체크포인트가 필요하다",
            en="a training log, evidence.training.batch_tokens, held-out documents and checkpoints are needed",
        ),
        note=Text(
            ko="알맞은 크기로 지어낸 흔들림은 가려내지 못한다",
            en="noise that was invented at the right size passes",
        ),
    ),
    Check(
        "checkpoints",
        "memorisation",
        "soft",
        Text(
            ko="구간에서 읽은 문서를 그 구간에서 외웠다",
            en="the documents of a segment were learnt in that segment, beyond held-out ones",
        ),
        "check C4: M(d, W) is the held-out loss less that of d; its mean over a segment's documents rises over the segment",
        low="memorisation_min",
        seen=Text(
            ko="문서 {rows:,}건에서 {value:+.2f} 표준오차", en="{value:+.2f} standard errors over {rows:,} documents"
        ),
        needs=(
            _ORDER := Text(
                ko="체크포인트, 검증 문서, 읽은 순서가 적힌 문서(evidence.segments)가 필요하다",
                en="checkpoints, held-out documents and documents with the step that read them (evidence.segments) are needed",
            )
        ),
        note=Text(
            ko="0 근처의 값은 외운 것도 외우지 않은 것도 보이지 못한다",
            en="a value near zero shows neither that documents were learnt nor that they were not",
        ),
    ),
    Check(
        "checkpoints",
        "not-memorised-before",
        "soft",
        Text(
            ko="구간의 문서를 그 구간 전에 이미 외우지 않았다",
            en="the documents of a segment were not known before it",
        ),
        "check C4: M is near zero for documents that are read later",
        high="memorised_early_max",
        seen=Text(
            ko="문서 {rows:,}건에서 {value:.2f} 표준오차", en="{value:.2f} standard errors over {rows:,} documents"
        ),
        needs=_ORDER,
    ),
    Check(
        "checkpoints",
        "initial-distribution",
        "hard",
        Text(ko="0단계 가중치가 신고한 분포를 따른다", en="the step-0 weights follow the declared distribution"),
        _C1 + "; Kolmogorov-Smirnov, corrected for the number of tensors",
        low="init_p_min",
        seen=Text(
            ko="보정한 최소 p = {value:.2g} (텐서 {rows}개)", en="least corrected p = {value:.2g} over {rows} tensors"
        ),
        needs=_NEEDS_LAW,
    ),
    Check(
        "checkpoints",
        "initial-kurtosis",
        "hard",
        Text(
            ko="0단계 가중치의 꼬리가 신고한 분포와 같다", en="the tails of the step-0 weights are the declared law's"
        ),
        _C1 + "; five standard errors are allowed for small tensors",
        high="init_kurtosis_max",
        seen=Text(ko="첨도 차이 최대 {value:.3f}", en="kurtosis at most {value:.3f} away"),
        needs=_NEEDS_LAW,
    ),
    Check(
        "checkpoints",
        "initial-row-spread",
        "hard",
        Text(
            ko="0단계 행렬의 행 크기가 고르다", en="the rows of the step-0 matrices are as alike as the law makes them"
        ),
        _C1 + "; five standard errors are allowed for few rows",
        low="init_row_spread_min",
        high="init_row_spread_max",
        seen=Text(ko="기대 퍼짐의 {value:.3f}배", en="{value:.3f} times the expected spread"),
        needs=_NEEDS_LAW,
    ),
    Check(
        "checkpoints",
        "initial-largest-singular",
        "hard",
        Text(ko="0단계 행렬에 학습된 방향이 없다", en="no direction of the step-0 matrices stands out"),
        _C1 + "; Marchenko and Pastur 1967, with three Tracy-Widom deviations allowed for small matrices",
        high="init_largest_singular_max",
        seen=Text(ko="무작위 행렬 한계의 {value:.3f}배", en="{value:.3f} times the edge of a random matrix"),
        needs=_NEEDS_LAW,
    ),
    Check(
        "checkpoints",
        "initial-vectors",
        "hard",
        Text(ko="0단계의 이득은 1, 편향은 0이다", en="gains are one and biases zero at step 0"),
        _C1 + "; gains kept as an offset from one may all be zero",
        high=0,
        seen=Text(ko="벡터 {rows}개 중 다른 것 {bad}개", en="{bad} of {rows} vectors are otherwise"),
        needs=_NEEDS_LAW,
    ),
    Check(
        "checkpoints",
        "displacement",
        "hard",
        Text(
            ko="가중치가 학습률이 허용하는 만큼만 움직였다", en="no weight moved further than the learning rates allow"
        ),
        "check C2: max |ΔW| ≤ 1.5 × Σ lr, with decay and rounding allowed for; Adam's steps are bounded by its learning rate",
        high="displacement_max",
        seen=Text(ko="Σ 학습률의 {value:.3g}배 (구간 {rows}개)", en="{value:.3g} × Σ lr over {rows} intervals"),
        needs=Text(
            ko="체크포인트, 로그의 학습률, Adam 계열 옵티마이저 신고가 필요하다",
            en="checkpoints, the log's learning rates and a declared optimiser of Adam's family are needed",
        ),
    ),
    Check(
        "checkpoints",
        "replayed-weights",
        "hard",
        Text(
            ko="다시 실행한 구간의 가중치가 체크포인트와 같다",
            en="segments that were run again end in the checkpoint's weights",
        ),
        "check C3: ‖W − W′‖ ≤ 3 × the spread of two honest replays on the same hardware",
        high="replay_distance_max",
        seen=Text(
            ko="정직한 재실행 차이의 {value:.3g}배 (구간 {rows}개)",
            en="{value:.3g} times the spread of honest replays, over {rows} segments",
        ),
        needs=Text(ko="다시 실행한 구간이 없다", en="no segment was run again"),
    ),
    Check(
        "checkpoints",
        "replayed-segments",
        "soft",
        Text(ko="세 구간 이상을 다시 실행했다", en="three segments or more were run again"),
        "check C3: at least three segments that the evaluator chose",
        low="replay_segments_min",
        seen=Text(ko="구간 {value:.0f}개", en="{value:.0f} segments"),
        needs=Text(ko="다시 실행한 구간이 없다", en="no segment was run again"),
    ),
    Check(
        "checkpoints",
        "early-checkpoint",
        "soft",
        Text(
            ko="0단계 직후의 체크포인트가 있어 변위 한계가 의미 있다",
            en="a checkpoint soon after step 0 makes the bound mean something",
        ),
        "check C2: over a long interval the bound allows any weights",
        high="first_interval_max",
        seen=Text(
            ko="첫 구간의 학습률 합은 초기 표준편차의 {value:.3g}배",
            en="learning rates add up to {value:.3g} initial deviations",
        ),
        needs=Text(
            ko="0단계와 이어지는 체크포인트, 학습률, 초기화 신고가 필요하다",
            en="step 0, a checkpoint after it, learning rates and evidence.training.init are needed",
        ),
    ),
)
