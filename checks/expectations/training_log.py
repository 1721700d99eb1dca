"""Suite `training_log`: whether the log is one of a run that really went from step 1 to the end."""

from checks.expectations.check import Check
from checks.records.record import Text

_NO_LOG = Text(ko="학습 로그가 제출되지 않았다", en="no training log was handed in")
_L1 = "check L1: steps and tokens without gaps"

CHECKS: tuple[Check, ...] = (
    Check(
        "training_log",
        "lines-readable",
        "hard",
        Text(ko="로그의 모든 줄을 읽을 수 있다", en="every line of the log can be read"),
        "the contract's fields step, tokens, loss",
        high=0,
        needs=_NO_LOG,
    ),
    Check(
        "training_log",
        "steps-increase",
        "hard",
        Text(ko="단계 번호가 계속 커진다", en="steps increase from line to line"),
        _L1,
        high=0,
        needs=_NO_LOG,
    ),
    Check(
        "training_log",
        "no-gaps",
        "hard",
        Text(ko="첫 단계부터 끝까지 빠진 구간이 없다", en="no stretch is left out, from the first step to the last"),
        _L1 + "; the logging interval is the most common one; the log must reach the last checkpoint",
        high=0,
        needs=_NO_LOG,
    ),
    Check(
        "training_log",
        "tokens-follow-steps",
        "hard",
        Text(ko="토큰 수가 단계 수 × 배치 토큰과 같다", en="tokens grow by steps × tokens in a batch, exactly"),
        _L1,
        high=0,
        needs=Text(
            ko="학습 로그와 batch_tokens 신고가 필요하다",
            en="a training log and evidence.training.batch_tokens are needed",
        ),
    ),
    Check(
        "training_log",
        "token-total",
        "hard",
        Text(ko="로그의 전체 토큰이 말뭉치 목록과 맞는다", en="the log's tokens add up to the inventory's"),
        _L1 + "; the inventory's sum of tokens × epochs",
        high="token_total_max",
        seen=Text(ko="차이 {value:.4%}", en="{value:.4%} apart"),
        needs=Text(
            ko="학습 로그와 말뭉치 목록이 모두 필요하다", en="both a training log and a corpus inventory are needed"
        ),
    ),
    Check(
        "training_log",
        "losses-finite",
        "hard",
        Text(ko="손실이 모두 유한한 수이다", en="every loss is a finite number"),
        "check L1",
        high=0,
        needs=_NO_LOG,
    ),
    Check(
        "training_log",
        "learning-rates-valid",
        "hard",
        Text(ko="학습률이 모두 0 이상의 유한한 수이다", en="every learning rate is a finite number, not below zero"),
        "check L5",
        high=0,
        needs=Text(ko="로그에 learning_rate가 없다", en="the log has no learning_rate"),
    ),
    Check(
        "training_log",
        "gradient-norms-valid",
        "soft",
        Text(ko="기울기 노름이 모두 0보다 큰 유한한 수이다", en="every gradient norm is a finite number above zero"),
        "check L5",
        high=0,
        needs=Text(ko="로그에 grad_norm이 없다", en="the log has no grad_norm"),
    ),
    Check(
        "training_log",
        "times-increase",
        "soft",
        Text(ko="시각이 거꾸로 가지 않는다", en="times do not run backwards"),
        "check L5",
        high=0,
        needs=Text(ko="로그에 time이 없다", en="the log has no time"),
    ),
    Check(
        "training_log",
        "first-loss",
        "soft",
        Text(ko="첫 손실이 무작위 예측의 값 ln V에 가깝다", en="the first loss is near ln V, that of a random guess"),
        "check L2",
        high="first_loss_distance",
        seen=Text(ko="ln V와의 차이 {value:.3f}", en="{value:.3f} from ln V"),
        needs=Text(
            ko="10단계 이내의 손실과 어휘 크기가 필요하다",
            en="a loss within the first ten steps and the vocabulary's size are needed",
        ),
        note=Text(
            ko="필요조건일 뿐이다. 본체를 빌리고 임베딩만 새로 만든 모델도 여기서 시작한다",
            en="necessary, never sufficient: a borrowed body with new embeddings starts here too",
        ),
    ),
    Check(
        "training_log",
        "compute",
        "hard",
        Text(ko="신고된 가속기로 낼 수 있는 속도이다", en="the speed is one that the declared accelerators can reach"),
        "check L4: (6 N + 12 L H Q T) × tokens a second ÷ (count × peak), Chowdhery et al. 2022, arXiv 2204.02311, appendix B",
        low="flops_utilisation_min",
        high="flops_utilisation_max",
        seen=Text(ko="최대 연산 성능의 {value:.1%}", en="{value:.1%} of the peak"),
        needs=Text(
            ko="로그의 시각과 sequence_length 신고가 필요하다",
            en="the log's times and evidence.training.sequence_length are needed",
        ),
    ),
    Check(
        "training_log",
        "loss-noise",
        "soft",
        Text(ko="손실이 실제 학습처럼 흔들린다", en="the loss moves from line to line as in real training"),
        "check L5: an edited log is usually too smooth",
        low="loss_noise_min",
        seen=Text(ko="상대 흔들림 {value:.5f}", en="relative noise {value:.5f}"),
        needs=_NO_LOG,
    ),
    Check(
        "training_log",
        "hash-chain",
        "hard",
        Text(ko="각 줄이 앞줄의 해시를 담고 있다", en="every line holds the hash of the line before"),
        "check L6: prev_sha256 is the SHA-256 of the previous line's bytes, 64 zeros for the first",
        high=0,
        needs=_NO_LOG,
        note=Text(
            ko="사슬은 나중에 고치지 않았음을 보일 뿐, 언제 썼는지는 외부 기록이 있어야 안다",
            en="the chain shows that no line was changed alone; when it was written needs an outside record",
        ),
    ),
)
