from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from unfind.errors import UsageError
from unfind.models import precision
from unfind.models.precision import PRECISIONS, autocast, best_device, cpu_has_bf16, has_bf16

CPU = torch.device("cpu")


def convolved(asked: str) -> torch.dtype:
    with autocast(CPU, asked):
        return F.conv2d(torch.rand(1, 1, 4, 4), torch.rand(1, 1, 3, 3)).dtype


def test_bf16_and_fp32_insist() -> None:
    assert convolved("bf16") == torch.bfloat16
    assert convolved("fp32") == torch.float32


@pytest.mark.parametrize(("native", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_is_bf16_where_the_machine_computes_it(
    native: bool, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bf16", lambda device: native)
    assert convolved("auto") == expected


def test_the_context_ends() -> None:
    with autocast(CPU, "bf16"):
        assert torch.is_autocast_enabled("cpu")
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize("asked", ["", "fp16", "BF16"])
def test_another_precision_is_wrong_use(asked: str) -> None:
    with pytest.raises(UsageError, match=rf"{', '.join(PRECISIONS)}, got '{asked}'"):
        autocast(CPU, asked)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fpu avx2 avx512f avx512_bf16", True), ("fpu amx_bf16 amx_tile", True), ("fpu avx2 avx512f", False), ("", False)],
)
def test_a_processor_lists_what_it_can(flags: str, expected: bool, tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text(f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert cpu_has_bf16(listing) is expected


def test_without_a_listing_bf16_is_not_assumed(tmp_path: Path) -> None:
    assert cpu_has_bf16(tmp_path / "absent") is False


@pytest.mark.parametrize(("onednn", "listed"), [(True, True), (True, False), (False, True)])
def test_a_cpu_needs_both_the_library_and_the_instructions(
    onednn: bool, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: onednn)
    monkeypatch.setattr(precision, "cpu_has_bf16", lambda: listed)
    assert has_bf16(CPU) is (onednn and listed)


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_is_asked_without_emulation(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def supported(*, including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert has_bf16(torch.device("cuda")) is native


def test_other_devices_stay_at_full_precision() -> None:
    assert has_bf16(torch.device("meta")) is False


@pytest.mark.parametrize(("gpu", "kind"), [(True, "cuda"), (False, "cpu")])
def test_the_best_device_is_a_gpu_where_there_is_one(gpu: bool, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert best_device().type == kind
