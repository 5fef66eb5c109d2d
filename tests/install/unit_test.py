#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed service in the hands of a real systemd: start, words, reload, watchdog, stop. Prints TAP."""
import http.client
import os
import signal
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from live_systemd import UNITS, LiveSystemd, wait_for, why_not
from tree import below, install, report, run

build, prefix, sysconfdir = sys.argv[1:]
SERVICE = 'livetranscriptd.service'
SAID = '/run/service.log'
# Long enough for the service to be ready under load, short enough to wait for.
DROP_IN = f'[Service]\nStandardError=append:{SAID}\nWatchdogSec=5\n'
SECRET = 'key-that-nobody-may-see'
tests = []


def test(function):
    tests.append(function)
    return function


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Machine:
    """The service's settings, and the systemd that runs it."""

    def __init__(self, root, systemd):
        self.root, self.systemd = root, systemd
        self.settings_dir = below(root, Path(prefix) / sysconfdir / 'livetranscriptd')
        self.rtmp, self.port = free_port(), free_port()

    def configure(self, **settings):
        settings = {'RTMP_PORT': self.rtmp, 'PORT': self.port, 'DATABASE_URL': 'captions.sqlite', **settings}
        text = ''.join(f'{name}={value}\n' for name, value in settings.items())
        (self.settings_dir / 'config.env').write_text(text)

    def start(self):
        """The service as it is after a start from nothing: ready, or failed."""
        self.systemd.control('stop', SERVICE)
        self.systemd.control('reset-failed', SERVICE)
        self.systemd.inside('truncate', '-s0', SAID)
        return self.systemd.control('start', SERVICE)

    def start_well(self):
        started = self.start()
        assert started.returncode == 0, started.stderr + self.said()

    def show(self, name):
        return self.systemd.property(SERVICE, name)

    def said(self):
        return self.systemd.inside('cat', SAID).stdout

    def healthy(self):
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/healthz', timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError, http.client.HTTPException):
            return False

    def signal(self, number):
        assert self.systemd.inside('kill', f'-{number}', self.show('MainPID')).returncode == 0

    def wait_for_restart(self, why):
        wait_for(lambda: self.show('NRestarts') == '1' and self.show('ActiveState') == 'active' and self.healthy(), why)


@test
def a_start_returns_when_the_service_is_ready(machine):
    machine.configure(STT='local')
    machine.start_well()
    assert machine.show('ActiveState') == 'active'
    assert machine.show('StatusText') == '0 of 100 sessions, 0 of them waiting', machine.show('StatusText')
    assert machine.healthy(), machine.said()
    assert 'APP_START' in machine.said(), machine.said()


@test
def the_service_is_nobody_and_owns_two_folders(machine):
    status = machine.systemd.inside('cat', f'/proc/{machine.show("MainPID")}/status').stdout
    fields = dict(line.split(':\t', 1) for line in status.splitlines() if ':\t' in line)
    assert '0' not in fields['Uid'].split(), fields['Uid']
    assert int(fields['CapEff'], 16) == 0, fields['CapEff']
    uid = fields['Uid'].split()[0]
    for folder in ('/var/lib/private/livetranscriptd', '/var/cache/private/livetranscriptd'):
        assert machine.systemd.inside('stat', '-c', '%u', folder).stdout.strip() == uid, folder


@test
def what_is_published_is_stored(machine):
    spoken = Path(machine.root) / 'spoken.wav'
    run('flite', '-voice', 'slt', '-t', 'hello world', '-o', spoken)
    run('ffmpeg', '-v', 'error', '-re', '-i', spoken, '-af', 'apad=pad_dur=1', '-c:a', 'aac', '-ar', '44100', '-f', 'flv',
        f'rtmp://127.0.0.1:{machine.rtmp}/live/unit')

    def stored():
        return machine.systemd.inside(Path(prefix) / 'bin' / 'livetranscript-export', '--location',
                                      '/var/lib/private/livetranscriptd/captions.sqlite', '--session', 'unit',
                                      '--format', 'text').stdout.strip()
    words = wait_for(stored, 'words in the database')
    assert 'world' in words.lower(), words


@test
def a_reload_changes_the_limits(machine):
    process = machine.show('MainPID')
    machine.configure(STT='local', BACKPRESSURE_MAX_STREAMS=7)
    reloaded = machine.systemd.control('reload', SERVICE)
    assert reloaded.returncode == 0, reloaded.stderr
    wait_for(lambda: machine.show('StatusText') == '0 of 7 sessions, 0 of them waiting', 'the new limit in the status line')
    assert machine.show('ActiveState') == 'active' and machine.show('MainPID') == process


@test
def the_watchdog_is_fed(machine):
    fed = machine.show('WatchdogTimestampMonotonic')
    wait_for(lambda: machine.show('WatchdogTimestampMonotonic') != fed, 'a sign of life')
    assert machine.show('NRestarts') == '0'


@test
def a_service_that_stands_still_is_started_anew(machine):
    machine.start_well()
    machine.signal(signal.SIGSTOP.value)
    machine.wait_for_restart('a restart by the watchdog')


@test
def a_killed_service_is_started_anew_and_has_its_transcripts(machine):
    machine.start_well()
    machine.signal(signal.SIGKILL.value)
    machine.wait_for_restart('a restart after SIGKILL')
    what_is_published_is_stored(machine)


@test
def a_stop_ends_in_success(machine):
    stopped = machine.systemd.control('stop', SERVICE)
    assert stopped.returncode == 0, stopped.stderr
    found = {name: machine.show(name) for name in ('ActiveState', 'Result', 'ExecMainStatus')}
    assert found == {'ActiveState': 'inactive', 'Result': 'success', 'ExecMainStatus': '0'}, found
    assert 'stopped' in machine.said(), machine.said()
    assert not machine.healthy()


@test
def a_wrong_setting_fails_once_and_says_why(machine):
    machine.configure(STT='local', BACKPRESSURE_MAX_STREAMS='many')
    assert machine.start().returncode != 0
    assert machine.show('ActiveState') == 'failed' and machine.show('NRestarts') == '0', machine.show('ActiveState')
    assert 'BACKPRESSURE_MAX_STREAMS' in machine.said() and 'many' in machine.said(), machine.said()


@test
def a_missing_key_is_a_start_error(machine):
    machine.configure()
    assert machine.start().returncode != 0
    assert 'GLADIA_API_KEY' in machine.said(), machine.said()


@test
def a_key_that_only_root_can_read_is_enough_and_stays_secret(machine):
    secrets = machine.settings_dir / 'secrets.env'
    secrets.touch(mode=0o600)
    secrets.write_text(f'GLADIA_API_KEY={SECRET}\n')
    machine.start_well()
    for shown in (machine.said(), machine.systemd.control('status', SERVICE).stdout,
                  machine.systemd.control('show', SERVICE).stdout):
        assert SECRET not in shown, shown
    # It was there to be found.
    environ = machine.systemd.inside('cat', f'/proc/{machine.show("MainPID")}/environ').stdout
    assert SECRET in environ


def main():
    lacking = why_not()
    if lacking:
        print(f'1..0 # SKIP {lacking}')
        return
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)  # the service's user looks into it
        install(build, root)
        with LiveSystemd(below(root, prefix), prefix) as systemd:
            drop_in = f'{UNITS}/{SERVICE}.d'
            systemd.inside('mkdir', drop_in)
            systemd.inside('sh', '-c', f"printf '{DROP_IN}' >{drop_in}/test.conf".replace('\n', '\\n'))
            systemd.control('daemon-reload')
            report(tests, Machine(root, systemd))


main()
