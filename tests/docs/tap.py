# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints results in the Test Anything Protocol. A test is a name and a function: it returns a reason to be skipped or
nothing, and fails by AssertionError."""
from concurrent.futures import ThreadPoolExecutor


def outcome(test):
    name, function = test
    try:
        reason = function()
        return (f'ok - {name} # SKIP {reason}' if reason else f'ok - {name}'), []
    except AssertionError as error:
        return f'not ok - {name}', str(error).splitlines()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        return f'not ok - {name}', [repr(error)]


def run(tests, parallel=1):
    """Returns the exit status."""
    print(f'1..{len(tests)}', flush=True)
    failed = 0
    with ThreadPoolExecutor(parallel) as pool:
        for verdict, why in pool.map(outcome, tests):
            print('\n'.join([verdict, *(f'# {line}' for line in why)]), flush=True)
            failed += verdict.startswith('not')
    return 1 if failed else 0
