from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unfind.errors import ModelError, UsageError
from unfind.models.bring_your_own import Embedding, load_own, parse_spec
from unfind.models.encoder import Architecture, build_encoder

Own = Callable[..., str]
DATA = Path(os.environ.get("UNFIND_DATA", Path(__file__).parents[3] / "shared" / "data"))

CLASSIFIER = """
    import torch.nn as nn

    class Classifier(nn.Module):
        def embed(self, images):
            return images.mean((2, 3))

        def forward(self, images):
            return self.embed(images).sum(1, keepdim=True)

    def load():
        return Classifier()
"""


def test_forward_gives_the_features(own: Own) -> None:
    backbone = load_own(own())
    assert isinstance(backbone, Embedding)
    assert backbone.method == "forward"
    images = torch.rand(2, 3, 20, 20)
    torch.testing.assert_close(backbone.eval()(images), backbone.module(images))


def test_embed_is_preferred_where_there_is_one(own: Own) -> None:
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(load_own(own(CLASSIFIER))(images), images.mean((2, 3)))


def test_embed_that_is_a_layer_is_called_too() -> None:
    module = nn.Module()
    module.embed = nn.Flatten()
    assert Embedding(module)(torch.rand(2, 3, 4, 4)).shape == (2, 48)


def test_embed_that_cannot_be_called_is_passed_over() -> None:
    module = nn.Identity()
    module.embed = torch.ones(3)  # type: ignore[assignment]
    assert Embedding(module).method == "forward"


def test_its_weights_are_trained_and_stored(own: Own) -> None:
    backbone = load_own(own())
    assert "module.conv.weight" in backbone.state_dict()
    backbone(torch.rand(2, 3, 20, 20)).sum().backward()
    assert all(weights.grad is not None for weights in backbone.parameters())


def test_weights_and_modules_beside_the_file_are_found(own: Own, tmp_path: Path) -> None:
    torch.save(torch.full((6,), 7.0), tmp_path / "bias.pth")
    own("WIDTH = 6", name="widths_beside.py")
    spec = own("""
        import torch, torch.nn as nn
        from widths_beside import WIDTH

        def load():
            net = nn.Sequential(nn.Flatten(), nn.Linear(3, WIDTH))
            net[1].bias.data = torch.load("bias.pth", weights_only=True)
            return net
    """)
    assert load_own(spec)(torch.zeros(1, 3, 1, 1)).tolist() == [[7.0] * 6]


@pytest.mark.parametrize("works", [True, False])
def test_folder_and_import_path_are_as_before(own: Own, works: bool) -> None:
    folder, path = Path.cwd(), list(sys.path)
    spec = own() if works else own("raise ValueError('no')")
    try:
        load_own(spec)
    except ModelError:
        assert not works
    assert Path.cwd() == folder
    assert sys.path == path


def test_a_file_may_hold_dataclasses(own: Own) -> None:
    spec = own("""
        from __future__ import annotations
        from dataclasses import dataclass
        import torch.nn as nn

        @dataclass
        class Settings:
            width: int = 4

        def load():
            return nn.Sequential(nn.Flatten(), nn.Linear(3, Settings().width))
    """)
    assert load_own(spec)(torch.zeros(1, 3, 1, 1)).shape == (1, 4)


def test_files_of_the_same_name_do_not_get_mixed_up(own: Own) -> None:
    text = "import torch.nn as nn\ndef load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3, {}))"
    first, second = own(text.format(4), name="a/net.py"), own(text.format(5), name="b/net.py")
    widths = [load_own(spec)(torch.zeros(1, 3, 1, 1)).shape[1] for spec in (first, second, first)]
    assert widths == [4, 5, 4]


def test_another_function_is_called_by_its_name(own: Own) -> None:
    spec = own(
        "import torch.nn as nn\ndef load():\n    return 1\ndef wide():\n    return nn.Flatten()", function="wide"
    )
    assert load_own(spec)(torch.zeros(1, 3, 2, 2)).shape == (1, 12)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Python file at .*absent\.py, got none"):
        load_own(f"{tmp_path / 'absent.py'}:load")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="got none"):
        load_own(f"{tmp_path / 'nowhere' / 'net.py'}:load")


@pytest.mark.parametrize("text", ["x = 1", "load = 5"])
def test_a_function_that_is_not_there_is_refused(own: Own, text: str) -> None:
    with pytest.raises(ModelError, match=r"function 'load' in .*net\.py, got none"):
        load_own(own(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def load(:", "to import .*got SyntaxError"),
        ("import a_module_that_nobody_has", "to import .*got ModuleNotFoundError"),
        ("1 / 0", "to import .*got ZeroDivisionError: division by zero"),
        ("def load():\n    open('weights.pth')", r"load\(\) in .*got FileNotFoundError.*weights\.pth"),
        ("def load(path):\n    return path", r"load\(\) in .*got TypeError.*path"),
    ],
)
def test_a_file_that_fails_is_refused_with_its_own_words(own: Own, text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_own(own(text))


def test_a_file_that_failed_can_be_mended(own: Own) -> None:
    with pytest.raises(ModelError):
        load_own(own("1 / 0", name="mended.py"))
    assert "unfind_backbone_mended" not in sys.modules
    # Of another length, so that a compiled copy of the same second is not taken for it.
    load_own(own("import torch.nn as nn\nload = nn.Identity", name="mended.py"))


@pytest.mark.parametrize("value", ["None", "{'state_dict': 1}", "lambda images: images"])
def test_what_is_no_module_is_refused(own: Own, value: str) -> None:
    with pytest.raises(ModelError, match=r"to return a torch module, got .*: return the net"):
        load_own(own(f"def load():\n    return {value}"))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("images", r"got \(2, 3, 32, 32\): pool them"),
        ("images.mean((2, 3)) / 0 * 0", "NaN or infinity"),
        ("images.mean((0, 2, 3))", r"got \(3,\)"),
        ("(images,)", "got tuple"),
        ("images @ images[:, :, :5]", "takes .*got RuntimeError"),
    ],
)
def test_features_of_no_use_are_refused_by_the_encoder(own: Own, features: str, message: str) -> None:
    spec = own(f"""
        import torch.nn as nn

        class Net(nn.Module):
            def forward(self, images):
                return {features}

        load = Net
    """)
    with pytest.raises(ModelError, match=message):
        build_encoder(Architecture(spec, size=32, dimension=4), seed=0)


def test_a_spec_is_split_at_its_last_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert parse_spec("a/net.py:load") == (tmp_path.resolve() / "a" / "net.py", "load")
    assert parse_spec("/x/C:net.py:load_2") == (Path("/x/C:net.py"), "load_2")
    assert parse_spec("~/net.py:load") == (tmp_path.resolve() / "home" / "net.py", "load")


@pytest.mark.parametrize(
    "spec", ["", "net.py", "net.py:", "net.txt:load", ":load", "net.py:a b", "net.py:f()", "net.py:1", "net.py:f:g"]
)
def test_a_spec_of_another_form_is_wrong_use(spec: str) -> None:
    with pytest.raises(UsageError, match=r"FILE\.py:FUNCTION"):
        parse_spec(spec)


@pytest.mark.parametrize("spec", ["~nobody_of_this_name/net.py:load", "a\0b.py:load"])
def test_a_path_that_cannot_be_is_wrong_use(spec: str) -> None:
    with pytest.raises(UsageError, match="Expected a path"):
        parse_spec(spec)


@given(
    file=st.text(max_size=12) | st.text("~/.:py", max_size=8).map(lambda stem: stem + ".py"),
    function=st.text(max_size=6) | st.just("load"),
)
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_path_and_a_name_or_wrong_use(file: str, function: str) -> None:
    try:
        path, name = parse_spec(f"{file}:{function}")
    except UsageError as error:
        assert str(error).startswith("Expected")  # noqa: PT017 - either outcome is right
    else:
        assert path.is_absolute()
        assert path.name.endswith(".py")
        assert name.isidentifier()


def test_a_real_backbone_with_its_weights_beside_it() -> None:
    file = DATA / "backbones" / "mnv2.py"
    if not file.is_file():
        pytest.skip(f"no backbone at {file}: set UNFIND_DATA to a folder that has one")
    encoder = build_encoder(Architecture(f"{file}:load", size=64, dimension=16), seed=0).eval()
    assert isinstance(encoder.backbone, Embedding)
    assert encoder.backbone.method == "embed"
    images = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        features, embeddings = encoder.backbone(images), encoder(images)
    assert features.shape == (3, 1280)
    torch.testing.assert_close(features, encoder.backbone.module.features(images).mean((2, 3)))
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(3))
    assert torch.pdist(features).min() > 0.1
