"""The network and its training. Needs PyTorch, which the app does not: see requirements/train.txt."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.training
torch = pytest.importorskip("torch", reason="the marker says what to install")

from ser_core import audio  # noqa: E402
from ser_core.corpora import CORPORA  # noqa: E402
from ser_core.emotions import EMOTIONS, LABELS  # noqa: E402
from ser_core.features import Baseline, Inputs  # noqa: E402
from ser_core.features.cues import AverageSpeech  # noqa: E402
from ser_core.models.estimators import Network  # noqa: E402
from ser_core.training.neural import (  # noqa: E402
    batch_draws,
    masking,
    network,
    network_runs,
    onnx_export,
    optimisation,
)
from ser_core.training.neural.network import SETTINGS, Net, Phase, Settings  # noqa: E402
from ser_core.training.neural.training_clips import Clips, Copy  # noqa: E402
from ser_core.training.runs import Run  # noqa: E402
from tests.conftest import ROOT  # noqa: E402
from tests.support.synthesis import RATE, voice  # noqa: E402

EVENLY = (("ravdess", 0.5), ("crema-d", 0.5))
AVERAGE = AverageSpeech(np.zeros(64), 5.0, 3.0)
SMALL = Settings(
    channels=(4, 8),
    hidden=8,
    phases=(
        Phase(2, 3e-3, EVENLY, undisturbed=0.6, noisy=0.3),
        Phase(2, 1e-3, EVENLY, undisturbed=0.5, noisy=0.5),
        Phase(2, 1e-3, EVENLY, undisturbed=0.5, noisy=0.5, enrolled=True),
    ),
    clips_per_epoch=64,
    batch=16,
    group=4,
    frames=64,
)


@pytest.fixture(scope="module")
def clips():
    """Noise in which angry clips are bright and neutral ones dark; CREMA-D lacks calm and surprised."""
    rng = np.random.default_rng(0)
    rows, spectrograms = [], []
    for corpus in ("ravdess", "crema-d"):
        for emotion in CORPORA[corpus].emotions:
            for number in range(6):
                n = int(rng.integers(50, 90))
                tilt = np.linspace(-10, 10, 64) * (EMOTIONS.index(emotion) - 3.5) / 3.5
                spectrograms.append((rng.normal(-30, 5, (n, 64)) + tilt).astype(np.float16))
                rows.append(
                    (
                        f"{corpus}-{emotion}-{number}",
                        corpus,
                        f"{corpus}-{number // 2}",
                        ("male", "female")[number % 2],
                        emotion,
                    )
                )
    table = pd.DataFrame(rows, columns=["path", "corpus", "speaker", "gender", "emotion"]).assign(
        statement="", intensity="", sha256="x"
    )
    starts = np.concatenate([[0], np.cumsum([len(spectrogram) for spectrogram in spectrograms])])
    return Clips(table, [Copy(np.concatenate(spectrograms), starts)] * 2)


def everything(clips):
    return np.ones(len(clips.table), dtype=bool)


def test_it_keeps_within_its_size():
    net = Net()
    assert sum(parameter.numel() for parameter in net.parameters()) < 1_000_000
    done = []

    def count(module, _, output):
        if isinstance(module, (torch.nn.Conv1d, torch.nn.Conv2d)):
            done.append(output[0].numel() * module.weight[0].numel())

    for module in net.modules():
        module.register_forward_hook(count)
    net.eval()(
        torch.zeros(1, 2, 300, 64), torch.ones(1, 300, dtype=torch.bool)
    )  # three seconds of speech
    assert 10e6 < sum(done) < 60e6


def test_a_gain_of_the_clip_changes_nothing():
    log_mel, heard = torch.randn(2, 80, 64) * 10 - 40, torch.ones(2, 80, dtype=torch.bool)
    torch.testing.assert_close(
        network.normalised(log_mel + 17.0, heard),
        network.normalised(log_mel, heard),
        atol=1e-4,
        rtol=1e-4,
    )


def test_a_steady_frequency_response_is_gone_from_the_second_view():
    log_mel, heard = torch.randn(1, 80, 64) - 40, torch.ones(1, 80, dtype=torch.bool)
    response = torch.linspace(-3, 3, 64)
    before, after = (network.normalised(x, heard)[:, 1] for x in (log_mel, log_mel + response))
    torch.testing.assert_close(after, before, atol=1e-3, rtol=1e-3)


def test_what_a_batch_pads_a_clip_with_hardly_matters(clips):
    net = Net(SMALL).eval()
    rows = np.arange(len(clips.table))
    together = network.embeddings(net, clips, rows)
    alone = np.concatenate([network.embeddings(net, clips, rows[[row]]) for row in rows[::7]])
    np.testing.assert_allclose(together[::7], alone, atol=0.05)


def test_it_learns_and_the_same_seed_gives_the_same_net(clips, tmp_path):
    longer = dataclasses.replace(
        SMALL, phases=(dataclasses.replace(SMALL.phases[0], epochs=20),), clips_per_epoch=128
    )
    nets = [
        optimisation.train(clips, everything(clips), 0, tmp_path / f"{number}.pt", longer)
        for number in range(2)
    ]
    first, second = (
        network.logits(net, network.embeddings(net, clips, np.arange(len(clips.table))))[0]
        for net in nets
    )
    np.testing.assert_array_equal(first, second)
    has = clips.has[clips.corpus]
    right = np.where(has, first, -np.inf).argmax(axis=1) == clips.emotion
    assert right.mean() > 0.4  # guessing: 0.14


@pytest.mark.parametrize("epochs", [1, 2, 3, 5])
def test_an_interrupted_training_goes_on_and_ends_in_the_same_net(clips, tmp_path, epochs):
    whole = optimisation.train(clips, everything(clips), 0, tmp_path / "whole.pt", SMALL)

    def stop_after_some_epochs(*arguments):
        if torch.load(tmp_path / "cut.pt", weights_only=True)["epochs"] == epochs:
            raise KeyboardInterrupt
        return original(*arguments)

    original = optimisation._loss
    optimisation._loss = lambda *arguments: (
        original(*arguments)
        if not (tmp_path / "cut.pt").exists()
        else stop_after_some_epochs(*arguments)
    )
    try:
        with pytest.raises(KeyboardInterrupt):
            optimisation.train(clips, everything(clips), 0, tmp_path / "cut.pt", SMALL)
    finally:
        optimisation._loss = original
    resumed = optimisation.train(clips, everything(clips), 0, tmp_path / "cut.pt", SMALL)
    for ours, theirs in zip(
        whole.state_dict().values(), resumed.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_only_the_chosen_rows_are_trained_on_and_corpora_and_emotions_are_balanced(clips):
    rows = everything(clips) & (clips.emotion != EMOTIONS.index("sad"))
    chances = batch_draws.clip_chances(clips, rows, SETTINGS.phases[0])
    assert chances.sum() == pytest.approx(1)
    assert (chances[~rows] == 0).all()
    by_emotion = pd.Series(chances).groupby([clips.corpus, clips.emotion]).sum()
    for corpus in (0, 1):
        of_corpus = by_emotion[corpus][by_emotion[corpus] > 0]
        np.testing.assert_allclose(of_corpus, of_corpus.iloc[0])


def loss(logits, truth, has):
    tensors = torch.tensor([logits]), torch.tensor([EMOTIONS.index(truth)]), torch.tensor([has])
    return float(optimisation._emotion_loss(*tensors, Settings(label_smoothing=0.0)))


def test_calm_is_as_good_as_neutral_where_a_corpus_lacks_it_and_no_other_label_is():
    lacking = [emotion in CORPORA["crema-d"].emotions for emotion in EMOTIONS]
    calm_logits = [9.0 if emotion == "calm" else 0.0 for emotion in EMOTIONS]
    assert loss(calm_logits, "neutral", lacking) < 0.1
    assert loss(calm_logits, "angry", lacking) > 5
    assert loss(calm_logits, "neutral", [True] * 8) > 5


def test_an_absent_label_costs_less_than_a_wrong_one():
    lacking = [emotion in CORPORA["crema-d"].emotions for emotion in EMOTIONS]
    logits = {
        wrong: [2.0 if emotion == wrong else 0.0 for emotion in EMOTIONS]
        for wrong in ("surprised", "happy")
    }
    assert loss(logits["surprised"], "angry", lacking) < loss(logits["happy"], "angry", lacking)


def test_a_group_is_one_speaker_who_is_enrolled_with_other_neutral_clips(clips):
    rows = everything(clips) & (clips.emotion != EMOTIONS.index("sad"))
    draws = batch_draws.BatchDraws(clips, rows, SMALL.phases[-1])
    for seed in range(20):
        chosen, log_mel, n_frames = draws.groups(SMALL, np.random.default_rng(seed))
        assert log_mel.shape == (SMALL.batch, SMALL.frames, 64)
        assert len(n_frames) == SMALL.batch
        assert rows[chosen].all()
        for group in chosen.reshape(-1, SMALL.group):
            baseline, learnt = group[: SMALL.baseline], group[SMALL.baseline :]
            assert clips.table["speaker"].iloc[group].nunique() == 1
            assert set(clips.table["emotion"].iloc[baseline]) == {"neutral"}
            if (clips.table["emotion"].iloc[learnt] != "neutral").all():
                assert len(set(baseline)) == SMALL.baseline


def test_a_group_is_disturbed_in_one_way(clips):
    log_mel = torch.from_numpy(np.tile(clips.whole(np.array([0]))[0], (6, 1, 1)))
    heard = torch.ones(log_mel.shape[:2], dtype=torch.bool)
    changed = masking.disturb(log_mel, heard, np.random.default_rng(3), 0.0, 2.0, group=3)
    torch.testing.assert_close(changed[0], changed[2])
    assert not torch.equal(changed[0], changed[3])


def test_a_baseline_changes_nothing_before_it_was_learnt_and_something_afterwards(clips, tmp_path):
    fresh, learnt = (
        Net(SMALL).eval(),
        optimisation.train(clips, everything(clips), 0, tmp_path / "net.pt", SMALL),
    )
    for net, changes in ((fresh, False), (learnt, True)):
        embedded = network.embeddings(net, clips, np.arange(4))
        assert (np.abs(network.shifts(net, embedded, embedded[::-1].copy())).max() > 0) == changes


def random_nets(n):
    """Networks whose baseline matters."""
    torch.manual_seed(0)
    nets = [Net().eval() for _ in range(n)]
    for net in nets:
        torch.nn.init.normal_(net.relative[-1].weight, std=0.3)
    return nets


@pytest.fixture(scope="module")
def exported():
    nets = random_nets(2)
    return nets, onnx_export.export(nets)


@pytest.mark.parametrize("with_baseline", [False, True])
@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0])
def test_onnx_gives_what_pytorch_gives(exported, seconds, with_baseline):
    nets, artefact = exported
    inputs = Inputs(audio.from_samples(voice(seconds=seconds), RATE))
    baseline = Baseline(
        [
            Inputs(audio.from_samples(voice(seconds=seconds, f0=220.0), RATE))
            for seconds in (2.0, 3.0)
        ]
    )
    log_mels = [torch.from_numpy(each.log_mel[None].copy()) for each in (inputs, *baseline.clips)]
    served = onnx_export.Served(nets).eval()
    with torch.no_grad():
        nothing = torch.zeros(1, 512), torch.zeros(1)
        mean = torch.stack([served(log_mel, *nothing)[2] for log_mel in log_mels[1:]]).mean(0)
        expected = (
            served(log_mels[0], mean, torch.ones(1))
            if with_baseline
            else served(log_mels[0], *nothing)
        )
        alone = served(log_mels[0], *nothing)
    assert torch.allclose(alone[0], expected[0]) != with_baseline
    for task, probabilities in zip(LABELS, expected, strict=False):
        (given,) = Network(artefact, task, AVERAGE).member_probabilities(
            [inputs], baseline if with_baseline else None
        )
        np.testing.assert_allclose(given[0], probabilities[0].numpy(), atol=3e-3)  # half precision


def test_the_exported_model_names_no_file_of_the_computer_it_was_made_on(exported):
    _, artefact = exported
    for trace in (str(ROOT), "site-packages", ".py", "Traceback", 'File "'):
        assert trace.encode() not in artefact


def test_several_clips_at_once_are_as_each_on_its_own(exported):
    log_mel = np.random.default_rng(0).normal(-40, 8, (5, 120, 64)).astype(np.float32)
    session = Network(exported[1], "emotion", AVERAGE)._session
    nothing = {"baseline": np.zeros((1, 512), np.float32), "given": np.zeros(1, np.float32)}
    together = session.run(["emotion"], {"log_mel": log_mel, **nothing})[0]
    alone = np.concatenate(
        [session.run(["emotion"], {"log_mel": clip[None], **nothing})[0] for clip in log_mel]
    )
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_finished_networks_are_not_trained_again(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(network_runs, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(optimisation.train, "__defaults__", (SMALL,))
    half = (clips.table["speaker"].str[-1].astype(int) < 2).to_numpy()
    run = Run("half", "unseen_speakers", 1, half, ~half & False, ~half)
    first = network_runs.train_all(clips, [run], [0])["half", 0]
    assert first.rows.tolist() == np.flatnonzero(~half).tolist()
    np.testing.assert_allclose(first.probabilities["as_it_is"]["emotion"].sum(axis=1), 1)
    monkeypatch.setattr(optimisation, "_train_phase", lambda *_: pytest.fail("trained again"))
    again = network_runs.train_all(clips, [run], [0])["half", 0]
    np.testing.assert_array_equal(
        first.probabilities["as_it_is"]["gender"], again.probabilities["as_it_is"]["gender"]
    )
    tested = first.rows[:3]
    with_baseline = first.predict_enrolled(
        tested[::-1].copy(), [first.rows[[5]], first.rows[[6, 7]], first.rows[[8]]]
    )
    np.testing.assert_allclose(with_baseline.sum(axis=1), 1)
    np.testing.assert_allclose(
        with_baseline[2], first.predict_enrolled(tested[:1], [first.rows[[8]]])[0], atol=1e-6
    )
