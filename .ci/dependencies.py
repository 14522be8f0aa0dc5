"""Holds the resolved dependencies against deny.toml: licences, banned crates, sources. Needs cargo and Python 3, no network.

cargo-deny itself (with the advisory database, which needs GitHub) runs in the workflow; this is the part that runs anywhere.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def rules(text):
    """The allowed licences, the banned crates and the allowed registries of a deny.toml."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    licences = re.search(r"^allow = \[(.*?)\]", text, re.S | re.M)
    bans = re.search(r"^deny = \[(.*?)^\]", text, re.S | re.M)
    registries = re.search(r"^allow-registry = \[(.*?)\]", text, re.S | re.M)
    if not (licences and bans and registries):
        raise SystemExit("deny.toml: allow, deny and allow-registry lists are expected")
    quoted = lambda part: set(re.findall(r'"([^"]+)"', part.group(1)))
    return quoted(licences), set(re.findall(r'name = "([^"]+)"', bans.group(1))), quoted(registries)


def permitted(expression, allowed):
    """Whether an SPDX expression can be satisfied with allowed licences only. The old `A/B` means `A OR B`."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def either():
        nonlocal position
        result = both()
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            result = both() or result
        return result

    def both():
        nonlocal position
        result = one()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            result = one() and result
        return result

    def one():
        nonlocal position
        if position >= len(tokens):
            return False
        token = tokens[position]
        position += 1
        if token == "(":
            result = either()
            position += 1
            return result
        if tokens[position : position + 1] == ["WITH"]:
            token = f"{token} WITH {tokens[position + 1]}"
            position += 2
        return token in allowed

    return either() and position == len(tokens)


def problems(packages, allowed, banned, registries):
    """One sentence for each package that breaks a rule."""
    found = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["name"] in banned:
            found.append(f"{name} is banned by deny.toml; find who needs it: cargo tree -e features -i {package['name']}")
        if not permitted(package["license"] or "", allowed):
            found.append(f"{name} has licence {package['license']!r}, which deny.toml does not allow")
        source = package["source"]
        if source is not None and source.removeprefix("registry+") not in registries:
            found.append(f"{name} comes from {source}; deny.toml allows only crates.io")
    return found


def self_test():
    """The rules must be able to fail."""
    allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"}
    good = ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 WITH LLVM-exception OR GPL-3.0"]
    bad = ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "MIT WITH LLVM-exception"]
    wrong = [one for one in good if not permitted(one, allowed)] + [one for one in bad if permitted(one, allowed)]
    planted = [{"name": "openssl-sys", "version": "1.0.0", "license": "GPL-3.0", "source": "git+https://example.org/x"}]
    if wrong or len(problems(planted, allowed, {"openssl-sys"}, {"https://github.com/rust-lang/crates.io-index"})) != 3:
        raise SystemExit(f"dependencies.py does not find what is planted: {wrong}")


def main():
    self_test()
    allowed, banned, registries = rules((ROOT / "deny.toml").read_text(encoding="utf-8"))
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    found = problems(packages, allowed, banned, registries)
    print(f"{len(packages)} packages held against deny.toml: {len(found)} problems")
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
