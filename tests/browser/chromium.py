"""Finds a Chromium for the browser tests, or gets one: Debian's when that is allowed, else Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """The path of a browser: the variable CHROMIUM, one on the PATH, or the one that Playwright installed."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or playwright_chromium()


def playwright_chromium() -> str | None:
    """The Chromium that Playwright has installed, if any."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install_chromium() -> None:
    """Installs Debian's Chromium where we are root on Debian, else Playwright's own."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium found: installing Debian's")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        if subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], stdout=subprocess.DEVNULL).returncode == 0:
            return
    print("No Chromium found: installing Playwright's own")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Says which browser the tests will use; 1 with a sentence when there is none."""
    if find_chromium() is None:
        install_chromium()
    path = find_chromium()
    if path is None:
        print(
            "The browser tests need a Chromium and none could be had: install one (Debian: apt-get install chromium), "
            "set CHROMIUM to its path, or leave them out with `make test BROWSER=0`."
        )
        return 1
    print(f"Browser tests use {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
