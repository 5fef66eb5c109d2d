# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the project in each of its set-ups and runs the tests that belong there. Started by ./tests/run."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from results import Results, is_finding, read_meson_log, read_tap

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / 'build'
JOBS = os.environ.get('LT_JOBS') or str(os.cpu_count() or 2)
# More failures than this are no coincidence.
UNSTEADY_AT_MOST = 4
# The build directories lie at the same depth, so one's objects serve another built with the same flags (main, plain).
NINJA = {**os.environ, 'NINJA_STATUS': '[%f/%t, %e s] ', 'CCACHE_NOHASHDIR': '1'}
# Enough optimisation to be quick, not enough to slow the compiler down.
# Full debug information would take half of the compiler's time; -g1 is what a stack trace needs.
SANITIZED = ['-Dbuildtype=custom', '-Doptimization=1', '-Ddebug=false', '-Dcpp_args=-g1', '-Db_lundef=false',
             '-Dtests=enabled']


def say(text):
    print(text, flush=True)


def run(command, **options):
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False, **options)


def configure(name, arguments, environment=None):
    """A build directory that was made with other arguments is made anew. Returns the directory, or None."""
    directory = BUILD / name
    stamp = directory / 'set-up.json'
    wanted = json.dumps([arguments, environment])
    made = (directory / 'build.ninja').exists() and stamp.exists() and stamp.read_text() == wanted
    if not made:
        shutil.rmtree(directory, ignore_errors=True)
        log = run(['meson', 'setup', directory, *arguments], env={**os.environ, **(environment or {})},
                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if log.returncode != 0:
            say(log.stdout)
            return None
        stamp.write_text(wanted)
    return directory


def compile_targets(directory, targets=()):
    return run(['ninja', '-C', directory, '-j', JOBS, *targets], env=NINJA).returncode == 0


def meson_test(part, directory, arguments, processes=JOBS):
    """A list of (line of Meson's log, Results), or None when nothing ran."""
    log = directory / 'meson-logs' / f'{part}.json'
    log.unlink(missing_ok=True)
    run(['meson', 'test', '-C', directory, '--logbase', part, '--print-errorlogs', '--num-processes', processes,
         *arguments], env=NINJA)
    return read_meson_log(part, log) if log.exists() else None


def test_part(part, directory, arguments):
    """Runs the tests. A few that failed get a second chance, each with the machine to itself, unless a sanitizer found
    something: those that pass then are named as unsteady."""
    runs = meson_test(part, directory, arguments)
    if runs is None:
        return Results().fail(part, 'its tests could not be built or started')
    results = Results()
    doubtful = {one['name'].split(' / ', 1)[-1]: found for one, found in runs if found.failed and not is_finding(one)}
    if len(doubtful) > UNSTEADY_AT_MOST:
        doubtful = {}
    for one, found in runs:
        if one['name'].split(' / ', 1)[-1] not in doubtful:
            results.add(found)
    if doubtful:
        for one, found in meson_test(f'{part}-again', directory, ['--no-rebuild', *doubtful], processes=1) or []:
            name = one['name'].split(' / ', 1)[-1]
            if not found.failed and name in doubtful:
                results.unsteady += doubtful[name].failed
            results.add(found)
            doubtful.pop(name, None)
    for found in doubtful.values():
        results.add(found)
    return results


def build_and_test(part, name, setup, arguments, everything=True, environment=None):
    directory = configure(name, setup, environment)
    if directory is None:
        return Results().fail(part, 'meson setup failed')
    if everything and not compile_targets(directory):
        return Results().fail(part, 'the build failed')
    return test_part(part, directory, arguments)


def sources():
    listed = run(['git', 'ls-files', '-co', '--exclude-standard', '*.cpp', '*.h'], stdout=subprocess.PIPE,
                 stderr=subprocess.DEVNULL, text=True)
    if listed.returncode == 0:
        return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]
    folders = ('lib', 'elements', 'plugins', 'pipelines', 'tests')  # not a git checkout
    return [file for folder in folders for file in sorted((ROOT / folder).rglob('*')) if file.suffix in ('.cpp', '.h')]


def part_format():
    results = Results()
    for file in sources():
        name = f'format: {file.relative_to(ROOT)}'
        check = run(['clang-format-14', '--dry-run', '-Werror', file], stderr=subprocess.PIPE, text=True)
        if check.returncode != 0:
            say(check.stderr)
            results.fail(name, 'not as clang-format-14 would have it')
        elif 'SPDX-License-Identifier: LGPL-2.1-or-later' not in file.read_text(encoding='utf-8').split('\n', 1)[0]:
            results.fail(name, 'its first line does not state the licence')
        else:
            results.passed += 1
    return results


MAIN = ['-Dwerror=true', '-Ddebug=false', '-Dtests=enabled']


def part_main():
    return build_and_test('main', 'main', MAIN, ['--no-suite', 'install'])


def part_plain():
    # Not optimised: what only shows then, and half the time.
    return build_and_test('plain', 'plain', ['-Dwerror=true', '-Dbuildtype=custom', '-Doptimization=0', '-Ddebug=false',
                                             '-Dauto_features=disabled', '-Dtests=enabled'],
                          ['--no-suite', 'install'])


def part_asan():
    return build_and_test('asan', 'asan', ['-Db_sanitize=address,undefined', *SANITIZED],
                          ['--no-suite', 'install', '--no-suite', 'launch'], everything=False)


def part_tsan():
    return build_and_test('tsan', 'tsan', ['-Db_sanitize=thread', *SANITIZED], ['--suite', 'threaded'], everything=False)


def part_fuzz():
    return build_and_test('fuzz', 'fuzz', ['-Dfuzzers=enabled', '-Db_sanitize=address,undefined', *SANITIZED],
                          ['--suite', 'search'], everything=False, environment={'CXX': 'clang++'})


def part_soak():
    return build_and_test('soak', 'main', MAIN, ['--setup', 'soak', '--suite', 'soak'])


def part_install():
    return build_and_test('install', 'main', MAIN, ['--suite', 'install'])


def output_of(*command):
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ''


def why_no_node():
    version = output_of('node', '--version').strip()
    if not version:
        return 'node is missing'
    if int(version.lstrip('v').split('.')[0]) < 18:
        return f'node {version} is older than 18'
    return '' if output_of('npm', '--version') else 'npm is missing'


# What npm says when it is not the package that is at fault but the way to it.
UNREACHABLE = re.compile(r'\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|'
                         r'ERR_SOCKET_TIMEOUT|E401|E403|E407|E5\d\d)\b')


def install_packages(folder):
    """What package-lock.json names, once. Returns (why not, whether the registry is to blame)."""
    lock = (folder / 'package-lock.json').read_text(encoding='utf-8')
    stamp = folder / 'node_modules' / '.installed-lock'
    if stamp.exists() and stamp.read_text(encoding='utf-8') == lock:
        return '', False
    npm = subprocess.run(['npm', 'ci', '--no-audit', '--no-fund'], cwd=folder, check=False, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    say(npm.stdout)
    if npm.returncode != 0:
        unreachable = bool(UNREACHABLE.search(npm.stdout))
        return ('npm could not reach its registry' if unreachable else
                'npm could not install what package-lock.json names'), unreachable
    stamp.write_text(lock, encoding='utf-8')
    return '', False


def node_tests(part, folder, environment):
    """Runs the tests in `folder` with node. `environment` is a function of the build directory. Without node, npm or
    npm's registry the part is skipped, and under CI=true, where nobody reads what was skipped, it fails."""
    title = f'{part}: {PARTS[part][1]}'
    why, missing = why_no_node(), True
    if not why:
        directory = configure('main', MAIN)
        if directory is None or not compile_targets(directory):
            return Results().fail(part, 'the build failed')
        why, missing = install_packages(folder)
    if why and missing and os.environ.get('CI') != 'true':
        return Results().skip(title, why)
    if why:
        return Results().fail(title, why)
    tests = subprocess.run(['node', '--test', '--test-reporter=tap'], cwd=folder, check=False, text=True, timeout=600,
                           env={**os.environ, **environment(directory)}, stdout=subprocess.PIPE)
    say(tests.stdout)
    results = read_tap(part, tests.stdout)
    if tests.returncode != 0 and not results.failed:
        results.fail(part, f'node ended with status {tests.returncode}')
    return results


def part_browser():
    return node_tests('browser', ROOT / 'tests' / 'browser', lambda directory: {
        'GST_PLUGIN_PATH_1_0': str(directory / 'plugins'),
        'GST_REGISTRY_1_0': str(directory / 'tests' / 'registry.bin'),
        'LT_ARTEFACTS': str(directory / 'meson-logs' / 'browser')})


def part_node():
    return node_tests('node', ROOT / 'tests' / 'node', lambda directory: {
        'GST_PLUGIN_PATH_1_0': str(directory / 'plugins'),
        'GST_REGISTRY_1_0': str(directory / 'tests' / 'registry.bin')})


def part_sdk():
    support = Path('tests') / 'support'
    return node_tests('sdk', ROOT / 'tests' / 'sdk', lambda directory: {
        'LT_EMULATOR': str(directory / support / 'gladia_emulator' / 'livetranscript-gladia-emulator'),
        'LT_DTMF_WAV': str(directory / support / 'dtmf-wav')})


PARTS = {
    'format': (part_format, 'clang-format and licence lines'),
    'main': (part_main, 'all features, warnings are errors; element tests under the leaks tracer'),
    'install': (part_install, 'the installed tree: plugins, library, headers, pkg-config'),
    'browser': (part_browser, 'the viewer page in Chromium'),
    'node': (part_node, "viewers on Node's ws, and all they hear against the documented schemas"),
    'sdk': (part_sdk, "Gladia's own client against the emulator"),
    'plain': (part_plain, 'all optional features off'),
    'asan': (part_asan, 'AddressSanitizer and UBSan, everything that runs in our own executables'),
    'tsan': (part_tsan, 'ThreadSanitizer, the threaded units'),
    'soak': (part_soak, '32 sessions for twenty minutes, with faults'),
    'fuzz': (part_fuzz, 'libFuzzer on every wire format, a fixed number of runs from a fixed seed'),
}
QUICK = ['format', 'main']
ON_REQUEST = ['soak']


def chosen(options):
    if options.quick:
        return QUICK
    if not options.only:
        return [name for name in PARTS if name not in ON_REQUEST]
    names = [name for word in options.only for name in word.split(',')]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f'No such part: {", ".join(unknown)}. There are: {", ".join(PARTS)}.')
    return names


def main():
    parser = argparse.ArgumentParser(prog='tests/run', description='Installs what is missing, builds, runs every test.')
    parser.add_argument('--quick', action='store_true', help='only ' + ' and '.join(QUICK))
    parser.add_argument('--only', action='append', metavar='PART', help='only this part; repeatable')
    parser.add_argument('--list', action='store_true', help='say which parts there are')
    options = parser.parse_args()
    if options.list:
        for name, (_, description) in PARTS.items():
            say(f'{name:10} {description}')
        return 0

    total = Results()
    for name in chosen(options):
        function, description = PARTS[name]
        say(f'\n=== {name}: {description}')
        started = time.monotonic()
        results = function()
        total.add(results)
        say(f'--- {name}: {results.summary()} ({time.monotonic() - started:.0f} s)')

    say('')
    for name, why in total.skipped:
        say(f'SKIPPED {name}: {why}')
    for name, why in total.unsteady:
        say(f'UNSTEADY {name}: {why}; it passed alone')
    for name, why in total.failed:
        say(f'FAILED {name}: {why}')
    say(total.summary())
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main())
