# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results of all kinds of tests in one form, and the reading of Meson's test log and of TAP into it."""
import json
import re
from dataclasses import dataclass, field

TAP_LINE = re.compile(r'^(not )?ok\b\s*\d*\s*-?\s*([^#]*?)\s*(?:#\s*(skip|todo)\S*\s*(.*))?$', re.IGNORECASE)
TAP_PLAN_SKIP = re.compile(r'^1\.\.0\s*#\s*skip\S*\s*(.*)$', re.IGNORECASE)
FINDING = re.compile(r'(Address|Leak|Thread|UndefinedBehavior)Sanitizer|: runtime error: ')
LIBRARY_DEBUG = re.compile(r'^# \S*-DEBUG: ')  # GLib's test framework shows every library's


@dataclass
class Results:
    passed: int = 0
    failed: list = field(default_factory=list)   # (name, why)
    skipped: list = field(default_factory=list)  # (name, why)
    unsteady: list = field(default_factory=list)  # (name, why it failed the first time)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.unsteady += other.unsteady

    def fail(self, name, why):
        self.failed.append((name, why))
        return self

    def skip(self, name, why):
        self.skipped.append((name, why))
        return self

    def summary(self):
        line = f'{self.passed} passed, {len(self.failed)} failed'
        return f'{line}, {len(self.skipped)} skipped' if self.skipped else line


def read_tap(prefix, text):
    results = Results()
    for line in text.splitlines():
        plan = TAP_PLAN_SKIP.match(line)
        if plan:
            results.skip(prefix, plan.group(1) or 'no reason given')
        match = TAP_LINE.match(line)
        if not match:
            continue
        failed, name, directive, reason = match.groups()
        name = f'{prefix}: {name}'
        if directive:
            results.skip(name, reason or 'no reason given')
        elif failed:
            results.fail(name, 'see its output above')
        else:
            results.passed += 1
    return results


def read_meson_test(part, run):
    """One line of testlog.json: the test's own points when it speaks TAP, else Meson's verdict on the whole."""
    name = f'{part}: {run["name"]}'
    output = run.get('stdout') or ''
    verdict = run['result']
    results = read_tap(name, output)
    points = results.passed + len(results.failed) + len(results.skipped)
    good = verdict in ('OK', 'EXPECTEDFAIL', 'SKIP')
    if not good:
        lines = [line for line in output.splitlines() if not LIBRARY_DEBUG.match(line)]
        print('\n'.join([f'Output of {name}:', *lines[-60:]]), flush=True)
    if not good and not results.failed:
        # It died, hung or broke its plan: what did not run is one failure, whatever passed before.
        results.fail(name, f'{verdict.lower()}, exit status {run.get("returncode")}')
    elif verdict == 'SKIP' and points == 0:
        lines = (output + (run.get('stderr') or '')).strip().splitlines()
        results.skip(name, lines[-1] if lines else 'no reason given')
    elif good and points == 0:
        results.passed += 1
    return results


def is_finding(run):
    """Whether a sanitizer has spoken: that is a defect, however often the test passes afterwards."""
    return bool(FINDING.search((run.get('stdout') or '') + (run.get('stderr') or '')))


def read_meson_log(part, path):
    """A list of (line of testlog.json, Results)."""
    with open(path, encoding='utf-8') as log:
        runs = [json.loads(line) for line in log if line.strip()]
    return [(run, read_meson_test(part, run)) for run in runs]
