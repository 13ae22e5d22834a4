"""Checks an evidence pack without Rolecall; hashes and audit chain need nothing but Python.

    python verify_pack.py PACK.zip [--key public_key.pem]

It checks that every file is the one the manifest names, that the manifest was signed with the key
(the one given, else the one in the pack, which proves only that the pack is of one piece), and
that the audit lines form one unbroken chain. Lines of other portals are withheld: they show their
place and hash alone. The signature needs the package `cryptography`. Exit status 0 when all holds.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
MANIFEST, SIGNATURE, PUBLIC_KEY, AUDIT = (
    "manifest.json", "manifest.sig", "public_key.pem", "audit.jsonl",
)  # fmt: skip
OUTSIDE = {MANIFEST, SIGNATURE, PUBLIC_KEY}
START = "0" * 64
LARGEST = 2 * 1024**3  # bytes a pack may unpack to; beyond, it is no evidence but an attack


@dataclass
class Report:
    """What was found: faults, and what was checked."""

    faults: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    maker_proved: bool = False  # signed with a key that did not come with the pack

    @property
    def holds(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


def check_pack(path: Path, public_pem: bytes | None = None) -> Report:
    """Check one pack; a damaged one is a fault, not an error."""
    report = Report()
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > LARGEST:
                report.faults.append("the pack is too large to be one of ours")
                return report
            names = archive.namelist()
            if len(set(names)) < len(names):
                report.faults.append("the pack holds two files of one name")
                return report
            files = {info.filename: archive.read(info) for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile, RuntimeError, ValueError) as error:
        report.faults.append(f"the pack cannot be read: {error}")
        return report
    manifest = _manifest(files, report)
    if manifest is not None:
        _check_files(files, manifest, report)
        _check_signature(files, public_pem, report)
        _check_chain(files, manifest, report)
    return report


def _manifest(files: Mapping[str, bytes], report: Report) -> dict[str, Any] | None:
    try:
        manifest = json.loads(files[MANIFEST])
        named = manifest["files"]
        if manifest["format"] != FORMAT or not isinstance(named, dict):
            raise ValueError("another format")
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        report.faults.append(f"{MANIFEST} is missing or damaged: {error}")
        return None
    return dict(manifest)


def _check_files(files: Mapping[str, bytes], manifest: Mapping[str, Any], report: Report) -> None:
    named: Mapping[str, Any] = manifest["files"]
    for path, facts in named.items():
        wanted = facts.get("sha256") if isinstance(facts, dict) else None
        if path not in files:
            report.faults.append(f"{path} is missing")
        elif hashlib.sha256(files[path]).hexdigest() != wanted:
            report.faults.append(f"{path} was changed after the pack was made")
    for path in sorted(files.keys() - named.keys() - OUTSIDE):
        report.faults.append(f"{path} was put in after the pack was made")
    report.checked.append(f"{len(named)} files against the manifest")


def _check_signature(files: Mapping[str, bytes], public_pem: bytes | None, report: Report) -> None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        report.checked.append("signature NOT checked: install the package cryptography")
        return
    pem = public_pem if public_pem is not None else files.get(PUBLIC_KEY, b"")
    try:
        key = load_pem_public_key(pem)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")
        key.verify(base64.b64decode(files.get(SIGNATURE, b"")), files[MANIFEST])
    except InvalidSignature:
        report.faults.append("the signature does not belong to this manifest and key")
    except (ValueError, TypeError) as error:
        report.faults.append(f"the signature cannot be checked: {error}")
    else:
        whose = "the key given" if public_pem is not None else "the key in the pack itself"
        report.maker_proved = public_pem is not None
        report.checked.append(f"signature with {whose} ({hashlib.sha256(pem).hexdigest()[:16]})")


def _check_chain(files: Mapping[str, bytes], manifest: Mapping[str, Any], report: Report) -> None:
    if AUDIT not in files:
        return
    previous, number = START, 0
    for number, line in enumerate(_lines(files[AUDIT]), 1):
        fault = _fault_of(line, previous, number)
        if fault:
            report.faults.append(f"audit chain: {fault}")
            return
        previous = str(line["hash"])
    wanted = manifest.get("audit_last_hash")
    if previous != wanted:
        report.faults.append(f"audit chain: it ends at {previous}, not at {wanted}")
        return
    report.checked.append(f"audit chain of {number} lines")


def _fault_of(line: Mapping[str, Any], previous: str, number: int) -> str:
    if line.get("seq") != number:
        return f"line {number} is missing or out of order"
    if line.get("previous") != previous:
        return f"line {number} does not follow the line before it"
    withheld = set(line) == {"seq", "previous", "hash", "withheld"}
    if not withheld and line.get("hash") != line_hash(line):
        return f"line {number} was changed after it was written"
    return "" if isinstance(line.get("hash"), str) else f"line {number} has no hash"


def line_hash(line: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a line without its own hash."""
    kept = {name: value for name, value in line.items() if name != "hash"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _lines(body: bytes) -> Iterable[dict[str, Any]]:
    for text in body.splitlines():
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = {}
        yield value if isinstance(value, dict) else {}


def _verdict(report: Report) -> str:
    if not report.holds:
        return "DO NOT TRUST THIS PACK"
    if report.maker_proved:
        return "everything holds"
    return (
        "everything holds, but who made the pack is not proved: give --key, from somebody you trust"
    )


def main(arguments: list[str]) -> int:
    """Exit status 0 when everything holds, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Checks an evidence pack without Rolecall.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--key", type=Path, help="the public key, from somebody you trust")
    chosen = parser.parse_args(arguments)
    report = check_pack(chosen.pack, chosen.key.read_bytes() if chosen.key else None)
    for line in report.checked:
        print(f"checked: {line}")  # noqa: T201 -- a script of its own
    for line in report.faults:
        print(f"FAULT: {line}")  # noqa: T201
    print(_verdict(report))  # noqa: T201
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
