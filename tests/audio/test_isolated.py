"""Decoding in a process of its own: what a file does to the decoder costs that file and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ser_core import audio
from ser_core.audio import decoder_process, decoding, isolated, worker
from ser_core.errors import ErrorCode, SerError
from tests.conftest import ROOT
from tests.support.hostile import cases
from tests.support.synthesis import FORMATS, bad_inputs, odd_inputs, voice, wav

# A decoder that does what a broken native one could, by the first word of the file; other files it decodes.
MISBEHAVING = """
import os, signal, sys, time
from ser_core import audio
from ser_core.audio import decoder_process as worker
decode = audio.decode
def misbehave(data, **bounds):
    word = bytes(data[:5])
    if word == b"crash": os.kill(os.getpid(), signal.SIGSEGV)
    if word == b"exit!": os._exit(3)
    if word == b"sleep": time.sleep(600)
    if word == b"spins":
        while True: pass
    if word == b"grows": return [bytearray(2**24) for _ in range(10_000)]
    if word == b"write":
        os.write(os.open("harmed", os.O_WRONLY | os.O_CREAT), b"x")
        return decode(data[5:], **bounds)
    if word == b"print":
        os.write(1, b"noise"); print("more noise", flush=True)
        return decode(data[5:], **bounds)
    if word == b"lies!":
        worker._write(answers(), worker.ANSWER.pack(2**31))
        time.sleep(600)
    if word == b"huge!":
        text = b'{"n_samples": 1000000000000, "notes": [], "source_rate": 1, "source_channels": 1}'
        worker._write(answers(), worker.ANSWER.pack(len(text)), text)
        time.sleep(600)
    return decode(data, **bounds)
def answers():
    import gc, io
    return next(one for one in gc.get_objects() if isinstance(one, io.BufferedWriter) and one.fileno() > 2)
warm = worker._load_decoders
def load_decoders():
    warm()
    audio.decode = misbehave
worker._load_decoders = load_decoders
worker.serve()
"""
GOOD = wav(voice(seconds=1.0))


@pytest.fixture
def misbehaving(monkeypatch, tmp_path):
    """Workers whose decoder misbehaves on request; none of them is left afterwards."""
    script = tmp_path / "misbehaving.py"
    script.write_text(MISBEHAVING)
    monkeypatch.setattr(worker, "_SERVE", f"exec(open({str(script)!r}).read())")
    monkeypatch.setattr(worker, "_DYING_SECONDS", 0.2)
    isolated._end_all()
    yield
    isolated._end_all()


def test_every_format_comes_out_as_it_would_here():
    for make in FORMATS.values():
        data = make(voice(seconds=2.0))
        here, there = audio.decode(data), isolated.decode(data)
        assert np.array_equal(here.samples, there.samples)
        assert (
            here.sample_rate,
            here.sha256,
            here.source_rate,
            here.source_channels,
            here.notes,
        ) == (
            there.sample_rate,
            there.sha256,
            there.source_rate,
            there.source_channels,
            there.notes,
        )
        assert not there.samples.flags.writeable


@pytest.mark.parametrize("name", bad_inputs())
def test_bad_input_ends_in_its_code(name):
    data, code = bad_inputs()[name]
    with pytest.raises(SerError) as raised:
        isolated.decode(data)
    assert raised.value.code == code
    assert raised.value.hint


def test_what_is_odd_is_noted():
    for data in odd_inputs().values():
        assert [note.code for note in isolated.decode(data).notes] == ["TRUNCATED"]


@pytest.mark.fault(
    "a file crashes a native decoder",
    "that file ends in DECODER_FAILED, which names the signal; the next one is decoded",
)
@pytest.mark.parametrize(("word", "reason"), [(b"crash", "signal 11"), (b"exit!", "exit code 3")])
def test_a_file_that_crashes_the_decoder_costs_that_file_only(misbehaving, word, reason):
    assert isolated.decode(GOOD).duration_s == 1.0
    with pytest.raises(SerError, match=reason) as raised:
        isolated.decode(word)
    assert raised.value.code == ErrorCode.DECODER_FAILED
    assert isolated.decode(GOOD).duration_s == 1.0


@pytest.mark.fault(
    "a file hangs a native decoder", "it is stopped in time and ends in DECODER_FAILED"
)
@pytest.mark.parametrize("word", [b"sleep", b"spins"])
def test_a_file_that_hangs_the_decoder_is_given_up_in_time(misbehaving, monkeypatch, word):
    monkeypatch.setattr(decoder_process, "time_limit", lambda _: 0.5)
    with pytest.raises(SerError, match=r"more than 0 s|more than 1 s") as raised:
        isolated.decode(word)
    assert raised.value.code == ErrorCode.DECODER_FAILED
    monkeypatch.undo()
    assert isolated.decode(GOOD).duration_s == 1.0


@pytest.mark.fault("a file fills the memory", "it is stopped and ends in DECODER_FAILED")
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the memory of a process is only bounded on Linux"
)
def test_a_file_that_fills_the_memory_is_stopped(misbehaving):
    with pytest.raises(SerError, match="MB of memory") as raised:
        isolated.decode(b"grows", max_seconds=10.0)
    assert raised.value.code == ErrorCode.DECODER_FAILED
    assert isolated.decode(GOOD).duration_s == 1.0


@pytest.mark.fault(
    "a decoder is taken over by a file and lies",
    "it is believed no further than it could be true, and replaced",
)
@pytest.mark.parametrize("word", [b"lies!", b"huge!"])
def test_a_decoder_that_was_taken_over_is_not_believed(misbehaving, word):
    with pytest.raises(SerError) as raised:
        isolated.decode(word, max_seconds=10.0)
    assert raised.value.code == ErrorCode.DECODER_FAILED
    assert isolated.decode(GOOD).duration_s == 1.0


def test_what_a_library_prints_does_not_come_between(misbehaving):
    assert isolated.decode(b"print" + GOOD).duration_s == 1.0
    assert isolated.decode(GOOD).duration_s == 1.0


@pytest.mark.skipif(
    not hasattr(os, "register_at_fork"), reason="limits on files are those of POSIX systems"
)
def test_the_decoder_writes_nothing_to_disk(misbehaving, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SerError):
        isolated.decode(b"write" + GOOD)
    harmed = tmp_path / "harmed"
    assert not harmed.exists() or harmed.stat().st_size == 0


@pytest.mark.fault("a waiting decoder is killed", "the next file starts another one")
def test_a_worker_that_was_killed_is_replaced():
    isolated.decode(GOOD)
    for waiting in isolated._idle:
        waiting.process.kill()
        waiting.process.wait()
    assert isolated.decode(GOOD).duration_s == 1.0


@pytest.mark.fault("no decoder can be started", "DECODER_FAILED says so, not that the file is bad")
def test_workers_that_do_not_start_are_told_from_bad_files(monkeypatch):
    isolated._end_all()
    monkeypatch.setattr(worker, "_SERVE", "sys.exit(7)")
    with pytest.raises(SerError, match="cannot be started: exit code 7"):
        isolated.decode(GOOD)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(SerError, match="cannot be started"):
        isolated.decode(GOOD)
    monkeypatch.undo()
    assert isolated.decode(GOOD).duration_s == 1.0


def test_many_threads_get_each_their_own_clip():
    clips = {seconds: wav(voice(seconds=seconds)) for seconds in np.arange(1.0, 3.0, 0.25)}
    durations: dict[float, set[float]] = {seconds: set() for seconds in clips}

    def decode_often(seconds: float) -> None:
        for _ in range(5):
            durations[seconds].add(isolated.decode(clips[seconds]).duration_s)

    threads = [threading.Thread(target=decode_often, args=(seconds,)) for seconds in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert durations == {seconds: {seconds} for seconds in clips}
    assert len(isolated._idle) <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_starts_workers_of_its_own():
    code = """
import os
from ser_core.audio import isolated
from tests.support.synthesis import voice, wav
good = wav(voice(seconds=1.0))
isolated.decode(good)
child = os.fork()
assert all(isolated.decode(good).duration_s == 1.0 for _ in range(20))
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
else:
    isolated._end_all()
    os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_workers_end_with_the_process_that_started_them():
    code = """
import os, signal
from ser_core.audio import isolated
from tests.support.synthesis import voice, wav
isolated.decode(wav(voice(seconds=1.0)))
print(isolated._idle[0].process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    assert_ends(int(ended.stdout))


def becomes_true(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds within some seconds."""
    deadline = time.monotonic() + 10
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds


def assert_ends(pid: int) -> None:
    assert becomes_true(lambda: not is_alive(pid))


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_nothing_is_imported_from_the_folder_of_the_clips(tmp_path):
    (tmp_path / "numpy.py").write_text("open('harmed', 'w')")
    (tmp_path / "clip.wav").write_bytes(GOOD)
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    code += "from ser_core.audio import isolated; print(isolated.load('clip.wav').duration_s)"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.strip() == "1.0", ended.stderr
    assert not (tmp_path / "harmed").exists()


def test_hours_in_a_small_file_are_cut_while_they_are_decoded(monkeypatch):
    bomb = FORMATS["mp3"](voice(seconds=20.0)) * 60
    clip = isolated.decode(bomb, max_seconds=60.0)
    assert clip.duration_s == pytest.approx(60.0, abs=0.1)
    assert [note.code for note in clip.notes] == ["TOO_LONG"]
    for module in (audio, decoding):  # the bound where none is named
        monkeypatch.setattr(module, "MAX_SECONDS", 90.0)
    assert audio.decode(bomb).duration_s == pytest.approx(90.0, abs=0.1)
    assert isolated.decode(bomb).duration_s == pytest.approx(90.0, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_hostile_files_of_every_kind_end_in_a_code_or_a_clip(seed):
    """A part of what `make fuzz` does."""
    codes, clips = [], []
    for case in cases(seed, n=150):
        try:
            clips.append(
                isolated.decode(case.data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=60.0)
            )
        except SerError as error:
            codes.append(error.code)
    assert len(clips) > 10
    assert len(set(codes)) > 4
    assert ErrorCode.DECODER_FAILED not in codes
    assert all(
        audio.MIN_SECONDS <= clip.duration_s <= 61 and np.isfinite(clip.samples).all()
        for clip in clips
    )


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="looks into the memory of a process"
)
@pytest.mark.parametrize("seconds", [1.5, 20.0])
def test_a_waiting_decoder_holds_nothing_of_the_last_file(seconds):
    """Its memory is looked through: neither the file nor its samples outlive their answer."""
    isolated._end_all()
    data = wav(voice(f0=137.0, seconds=seconds, seed=5))
    samples = isolated.decode(data).samples
    (waiting,) = isolated._idle
    middle = len(samples) // 2
    traces = [samples[middle : middle + 200].tobytes(), data[len(data) // 2 :][:400]]

    def memory_without_traces() -> bool:
        memory = memory_of(waiting.process.pid)
        assert b"soundfile" in memory  # it is this process's memory
        return not any(trace in memory for trace in traces)

    assert becomes_true(memory_without_traces)


def memory_of(pid: int) -> bytes:
    """All of a process's memory that it may write to."""
    parts = []
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in maps:
            span, permissions, *_ = line.split()
            if "w" in permissions:
                start, end = (int(edge, 16) for edge in span.split("-"))
                memory.seek(start)
                with contextlib.suppress(OSError):
                    parts.append(memory.read(end - start))
    return b"".join(parts)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_forked_while_another_thread_takes_a_worker_decodes_too():
    code = """
import os, signal
from ser_core.audio import isolated
from tests.support.synthesis import voice, wav
isolated._guard.acquire()  # as another thread would hold it
child = os.fork()
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
else:
    signal.alarm(30)
    assert isolated.decode(wav(voice(seconds=1.0))).duration_s == 1.0
    isolated._end_all()
    os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.mark.fault("the program is killed while a file hangs a decoder", "the decoder ends itself")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such alarm")
def test_a_hanging_decoder_whose_starter_was_killed_ends_itself(tmp_path):
    script, hangs = tmp_path / "misbehaving.py", tmp_path / "it-hangs"
    bounds = "worker.time_limit = lambda _: 0.5\nworker._GRACE_SECONDS = 0.5\n"
    hang = f"os.close(os.open({str(hangs)!r}, os.O_CREAT)); time.sleep(600)"
    misbehaving = MISBEHAVING.replace("worker.serve()", bounds + "worker.serve()")
    script.write_text(misbehaving.replace("time.sleep(600)", hang, 1))
    code = f"""
import os, signal, threading, time
from ser_core.audio import isolated, worker
worker._SERVE = "exec(open({str(script)!r}).read())"
isolated.start_worker()
decoder = isolated._idle[0]
decoder.wait_until_ready()
threading.Thread(target=isolated.decode, args=(b"sleep",), daemon=True).start()
print(decoder.process.pid, flush=True)
while not os.path.exists({str(hangs)!r}):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert_ends(int(ended.stdout))
