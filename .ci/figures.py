"""Prints the binary's size and how long it takes to start: python3 .ci/figures.py BINARY [RUNS]."""

import pathlib
import statistics
import subprocess
import sys
import time


def start_milliseconds(binary, runs):
    """Milliseconds of each `BINARY --version`, the process's start included."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run([binary, "--version"], check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def main():
    binary = sys.argv[1]
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    times = start_milliseconds(binary, runs)
    size = pathlib.Path(binary).stat().st_size
    print(f"binary: {size} bytes ({size / 1e6:.1f} MB)")
    print(f"start (--version, {runs} runs): median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms")


if __name__ == "__main__":
    main()
