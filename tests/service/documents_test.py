#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an operator reads of the service: the manual page, the documents, the systemd unit.
Arguments: livetranscriptd, its manual page, its unit, the directory docs/."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'docs'))
import tap  # noqa: E402

program, page, unit, docs = sys.argv[1:]
PAGE = Path(page).read_text(encoding='utf-8').replace('\\-', '-')
DOCUMENT = (Path(docs) / 'livetranscriptd.md').read_text(encoding='utf-8')
OPERATIONS = (Path(docs) / 'operations.md').read_text(encoding='utf-8')


def output(*command):
    result = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, f'{command[0]} ended with {result.returncode}:\n{result.stdout}'
    return result.stdout


def settings():
    shown = output(program, '--stt=local', '--check-config')
    return re.findall(r'^([A-Z_]+)=', shown, re.MULTILINE)


def every_setting_is_documented():
    names = settings()
    assert len(names) > 30, names
    for where, text in (('the manual page', PAGE), ('docs/livetranscriptd.md', DOCUMENT)):
        missing = [name for name in names if not re.search(rf'\b{name}\b', text)]
        assert not missing, f'{where} lacks {missing}'


def every_option_is_in_the_manual_page():
    options = re.findall(r'^ +(?:-\w, )?(--[a-z-]+)', output(program, '--help'), re.MULTILINE)
    assert '--check-config' in options, options
    missing = [option for option in options if not re.search(rf'{option}\b', PAGE) and option != '--help-all']
    assert not missing, missing


def names_in_the_documents_exist():
    known = set(settings())
    used = set(re.findall(r'`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`', DOCUMENT + OPERATIONS))
    used -= {'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'APP_START'}
    assert used <= known, sorted(used - known)


def metrics_worth_an_alarm_exist():
    text = ''.join(file.read_text(encoding='utf-8') for file in (Path(docs).parent / 'lib' / 'metrics').glob('names.h'))
    for name in re.findall(r'`((?:service|process|ws|stt|gladia|store|rtmp)\.[a-z_]+)', OPERATIONS):
        assert f'"{name}' in text, name


def the_manual_page_is_right():
    if not shutil.which('groff'):
        return 'there is no groff'
    said = output('groff', '-man', '-ww', '-z', page)
    assert not said, said
    return None


def the_unit_is_right():
    if not shutil.which('systemd-analyze'):
        return 'there is no systemd-analyze'
    with tempfile.TemporaryDirectory() as folder:  # it looks for the program
        copy = Path(folder) / Path(unit).name
        text = Path(unit).read_text(encoding='utf-8')
        copy.write_text(re.sub(r'^ExecStart=\S+', f'ExecStart={Path(program).resolve()}', text, flags=re.MULTILINE),
                        encoding='utf-8')
        output('systemd-analyze', 'verify', '--man=no', str(copy))
    return None


def the_manager_waits_longer_than_the_service():
    text = Path(unit).read_text(encoding='utf-8')
    grace = int(re.search(r'--grace (\d+)', text).group(1))
    assert int(re.search(r'^TimeoutStopSec=(\d+)', text, re.MULTILINE).group(1)) > grace + 5


sys.exit(tap.run([(function.__name__.replace('_', ' '), function) for function in (
    every_setting_is_documented, every_option_is_in_the_manual_page, names_in_the_documents_exist,
    metrics_worth_an_alarm_exist, the_manual_page_is_right, the_unit_is_right,
    the_manager_waits_longer_than_the_service)]))
