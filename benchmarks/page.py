"""What the page costs in a browser without a window: python benchmarks/page.py [--repeats N] [--out FILE]

Photos are generated, so that anybody can repeat it. The clock runs in the page, from the choice of a file until its
card says that the mark was read back. Beside it stands the processor time of the whole browser, which is what a core of
its own would take at most: it does not depend on who else uses the machine.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from unfind.gallery.store import Gallery
from unfind.report.bench_json import write_bench
from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.service.page import PageFacts
from unfind.service.page_mark import find_networks
from unfind.studies.bench_document import Figure, bench_document
from unfind.triggers.key import Key
from unfind.triggers.shipped import FOLDER as SHIPPED_MARK

SIZES = {"1 MP": (1152, 864), "12 MP": (4000, 3000)}
MARKS = ("spread-spectrum", "learned")
TARGETS = {"seconds": 1.0, "bytes": 6_000_000}
PATIENCE = 300_000


class MeanColour:
    """Stands where a model stands; the page's first two tabs do not ask it."""

    fingerprint, dimension = "mean-colour", 3

    def __call__(self, images: Any, /) -> Any:
        means = np.stack([image.reshape(-1, 3).mean(axis=0) + 1.0 for image in images]).astype(np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def photo(size: tuple[int, int], seed: int) -> bytes:
    """A JPEG with light and texture of all sizes, as photos have them."""
    random, (width, height) = np.random.default_rng(seed), size
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 8):
        grain = random.normal(0, 46 / octave, (2**octave, 2**octave, 3))
        coarse = Image.fromarray(np.uint8(np.clip(grain + 128, 0, 255)))
        total += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.float32) - 128
    file = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(total + 120, 0, 255))).save(file, "JPEG", quality=90)
    return file.getvalue()


@contextmanager
def served(folder: Path, facts: PageFacts) -> Iterator[str]:
    """The address of a service with an empty gallery."""
    limits = ServiceLimits()
    Gallery.create(folder / "album", dimension=3, fingerprint=MeanColour.fingerprint)
    backend = Backend(Gallery.open(folder / "album"), MeanColour(), limits.photo)
    app = create_app(backend, KeyRing(folder / "keys.json"), facts=facts)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


def first_load(browser: Any, address: str) -> dict[str, Any]:
    """Bytes that came, and the hosts they came from, until nothing more was asked for."""
    context = browser.new_context()
    page, sizes, hosts = context.new_page(), [], set()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    context.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    page.wait_for_load_state("networkidle")
    context.close()
    return {"bytes": int(sum(sizes)), "hosts": len(hosts)}


def processor_seconds() -> float:
    """Processor time of all processes below this one, the browser's among them; Linux only, elsewhere 0."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended since
            continue
        number = int(stat.parent.name)
        parents[number], used[number] = int(words[1]), int(words[11]) + int(words[12])
    below, total = {os.getpid()}, 0
    while more := {number for number, parent in parents.items() if parent in below} - below:
        below |= more
        total += sum(used[number] for number in more)
    return total / os.sysconf("SC_CLK_TCK") if below else 0.0


def seconds(page: Page, data: bytes, number: int) -> tuple[float, float]:
    """From choosing one photo until it is protected: by the page's own clock, and of the processor."""
    page.evaluate(
        """number => {
          const list = document.querySelector("#panel-protect .photos");
          document.querySelector("#panel-protect .drop input:not([webkitdirectory])")
            .addEventListener("change", () => (window.began = performance.now()), { once: true, capture: true });
          new MutationObserver((_, observer) => {
            if (list.querySelectorAll(".photo.good").length !== number) return;
            window.took = performance.now() - window.began;
            observer.disconnect();
          }).observe(list, { subtree: true, childList: true, attributes: true });
        }""",
        number,
    )
    chosen = {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": data}
    before = processor_seconds()
    page.set_input_files("#panel-protect .drop input[type=file]:not([webkitdirectory])", chosen)
    expect(page.locator("#panel-protect .photo.good")).to_have_count(number, timeout=PATIENCE)
    return float(page.evaluate("window.took")) / 1000, processor_seconds() - before


def measured(browser: Any, address: str, key: Path, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds for each size of photo, after two that warm up; large photos once."""
    context = browser.new_context(reduced_motion="reduce")
    page, number, found = context.new_page(), 1, {}
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    page.set_input_files("#panel-protect .key input[type=file]", key)
    seconds(page, photo((640, 480), 98), number)
    number += 1
    seconds(page, photo((640, 480), 99), number)
    for name, size in SIZES.items():
        found[name] = []
        for seed in range(repeats if name == "1 MP" else 1):
            number += 1
            found[name].append(seconds(page, photo(size, seed), number))
    context.close()
    return found


def figures_of(browser: Any, mark: str, facts: PageFacts, folder: Path, repeats: int) -> dict[str, Figure]:
    """What the page costs with one mark."""
    folder.mkdir()
    key = folder / "bench.key"
    Key.from_seed(1).save(key)
    with served(folder, facts) as address:
        load = first_load(browser, address)
        found = {
            f"{mark}, first load": Figure([load["bytes"]], "bytes", at_most=TARGETS["bytes"]),
            f"{mark}, hosts asked": Figure([load["hosts"]], "hosts", at_most=1),
        }
        for size, took in measured(browser, address, key, repeats).items():
            most = TARGETS["seconds"] if size == "1 MP" else None
            clock, processor = zip(*took, strict=True)
            found[f"{mark}, {size}, clock"] = Figure(clock, "s", at_most=most)
            found[f"{mark}, {size}, processor"] = Figure(processor, "s of one core", at_most=most)
    return found


def document(repeats: int) -> dict[str, Any]:
    """All figures, as a bench document."""
    began, figures, load = time.perf_counter(), dict[str, Figure](), os.getloadavg()[0]
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    networks = find_networks(SHIPPED_MARK)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for mark in MARKS if networks else MARKS[:1]:
            facts = PageFacts("learned", networks=networks) if mark == "learned" else PageFacts()
            figures |= figures_of(browser, mark, facts, Path(folder) / mark, repeats)
        version = browser.version
        browser.close()
    seeds, seconds_in_all = range(repeats), time.perf_counter() - began
    more = {"chromium": version, "load_before": load}
    return bench_document("page", "generated photos", seeds, seconds_in_all, figures, **more)


def main() -> int:
    """Measure, write, and say by the exit code whether all targets hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="photos of each size")
    parser.add_argument("--out", type=Path, help="write the JSON here too")
    arguments = parser.parse_args()
    found = document(arguments.repeats)
    if arguments.out:
        write_bench(arguments.out, found)
    print(json.dumps(found, indent=2))
    return int(any(figure["holds"] is False for figure in found["figures"].values()))


if __name__ == "__main__":
    sys.exit(main())
