# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meson install` makes of a build, below a DESTDIR; and tests of it that print TAP."""
import os
import subprocess
from pathlib import Path


def run(*command, **environment):
    """Output of a command that must succeed; none of the caller's GStreamer settings reach it."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(('GST_', 'LD_', 'DESTDIR'))}
    clean.update(environment)
    result = subprocess.run([str(word) for word in command], env=clean, text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, f'{" ".join(map(str, command))} failed:\n{result.stdout}'
    return result.stdout


def install(build, root):
    return run('meson', 'install', '-C', build, '--no-rebuild', '--destdir', root)


def below(root, path):
    return Path(root) / str(path).lstrip('/')


def report(tests, subject):
    """Calls each of the tests with the subject."""
    print(f'1..{len(tests)}')
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace('_', ' ')
        try:
            function(subject)
            print(f'ok {number} {name}', flush=True)
        except AssertionError as error:
            print(f'not ok {number} {name}')
            print(''.join(f'# {line}\n' for line in str(error).splitlines()), end='', flush=True)
