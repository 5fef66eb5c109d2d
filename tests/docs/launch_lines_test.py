#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands of every shell block in README.md, docs/ and the elements' own documentation.

A launch line must reach PLAYING and come to its end without an error. Blank lines in a block separate what is run at
once: a second terminal's command stands right below the first one's. A block that is not run says why in a comment
above it, <!-- not run: REASON -->; blocks of unknown kind fail. See stand_ins.py for what is replaced.
Arguments: the build's root, the emulator, dtmf-wav."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import stand_ins
import tap
from markdown import SHELL, all_blocks, commands_of_shell, why_block_is_not_acceptable

ROOT = Path(__file__).resolve().parents[2]
BUILD, EMULATOR, DTMF_WAV = (os.path.abspath(argument) for argument in sys.argv[1:4])
PATIENCE = 90  # seconds, for whatever only fails
WITH_US = ['setpriv', '--pdeathsig', 'KILL'] if shutil.which('setpriv') else []  # dies with the thread that started it
NGINX, NGINX_RTMP = '/usr/sbin/nginx', '/usr/lib/nginx/modules/ngx_rtmp_module.so'
PLAYING = re.compile(r'element "pipeline\d+" \(state-changed\).*new-state=\(GstState\)playing')
# What others connect to: a pipeline behind an RTMP server may reach PLAYING only when somebody publishes.
LISTENING = re.compile(r'^listening on http|element "rtmpserversrc\d+" \(state-changed\).*new-state=\(GstState\)playing',
                       re.MULTILINE)
CAPTIONS = '1\n00:00:00,200 --> 00:00:01,000\nGood morning.\n\n2\n00:00:01,200 --> 00:00:02,000\nWelcome.\n'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Command:
    """A running process whose output goes to a file; it and what it starts die with it."""

    def __init__(self, what, folder, environment):
        self.what = what if isinstance(what, str) else ' '.join(what)
        self.log = tempfile.NamedTemporaryFile(dir=folder, suffix='.log', delete=False)
        arguments = ['bash', '-c', what] if isinstance(what, str) else what
        self.process = subprocess.Popen(WITH_US + arguments, cwd=folder, env=environment, stdout=self.log,
                                        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)

    def output(self):
        return Path(self.log.name).read_text(encoding='utf-8', errors='replace')

    def ended(self):
        return self.process.poll() is not None

    def wait_for(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition() and not self.ended():
            assert time.monotonic() < deadline, f'{self.what}\n{what} did not come about:\n{self.output()[-6000:]}'
            time.sleep(0.05)

    def launched(self):
        """The words of the launch line it runs; none when it runs none."""
        match = re.search(r'^running: (.*)$', self.output(), re.MULTILINE)
        return match.group(1).split() if match else []

    def is_up(self):
        text = self.output()
        return bool(PLAYING.search(text) or LISTENING.search(text))

    def kill(self, number=signal.SIGKILL):
        if not self.ended():
            os.killpg(self.process.pid, number)
            self.process.wait()
        self.log.close()


class Stage:
    """A folder with what the lines name, and the programs they talk to."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = {**os.environ, 'LT_BUILD': BUILD, 'GLADIA_API_KEY': 'not-a-real-key', 'LC_ALL': 'C.UTF-8'}
        self.launch = shutil.which('gst-launch-1.0')
        self.programs()
        self.files()
        self.gladia = Command([EMULATOR, '--exit-with-parent'], self.folder, self.environment)
        self.gladia.wait_for(self.gladia.is_up, 'the emulator')
        self.environment['GLADIA_URL'] = re.search(r'listening on (\S+)', self.gladia.output()).group(1)

    def programs(self):
        folder = self.folder / 'bin'
        folder.mkdir()
        wrapper = folder / 'gst-launch-1.0'
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -B "{Path(stand_ins.__file__)}" "$@"\n', encoding='utf-8')
        wrapper.chmod(0o755)
        for program in (EMULATOR, DTMF_WAV):
            (folder / Path(program).name).symlink_to(Path(program).resolve())
        for name in ('pipelines', 'docs'):
            (self.folder / name).symlink_to(ROOT / name)
        self.environment['PATH'] = f'{folder}:{self.environment["PATH"]}'

    def files(self):
        self.run(DTMF_WAV, '--lead-ms', '300', '--tail-ms', '800', '159#', 'talk.wav')
        (self.folder / 'captions.srt').write_text(CAPTIONS, encoding='utf-8')
        if shutil.which('ffmpeg'):
            self.run('ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10', '-i', 'talk.wav',
                     '-shortest', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', 'talk.mp4')

    def run(self, *command):
        subprocess.run([str(word) for word in command], cwd=self.folder, check=True, stdin=subprocess.DEVNULL)

    def close(self):
        self.gladia.kill()


class RtmpServer:
    """A local RTMP server, and somebody who publishes the streams that a line pulls."""

    def __init__(self, stage, streams):
        self.url = f'rtmp://127.0.0.1:{free_port()}'
        folder = Path(tempfile.mkdtemp(dir=stage.folder))
        applications = ''.join(f'application {app} {{ live on; idle_streams on; }} ' for app in {app for app, _ in streams})
        (folder / 'nginx.conf').write_text(
            f'daemon off;\nmaster_process off;\npid {folder}/pid;\nload_module {NGINX_RTMP};\nerror_log stderr;\n'
            f'events {{ }}\nrtmp {{ server {{ listen {self.url[7:]}; {applications} }} }}\n', encoding='utf-8')
        nginx = [NGINX, '-p', str(folder), '-e', 'stderr', '-c', str(folder / 'nginx.conf')]
        self.closed = False
        self.processes = [Command(nginx, stage.folder, stage.environment)]
        self.processes[0].wait_for(self.listens, 'the RTMP server')
        for app, stream in streams:
            self.processes.append(publisher(stage, f'{self.url}/{app}/{stream}', ['-stream_loop', '-1']))

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', int(self.url.rsplit(':', 1)[1]))) == 0

    def close(self):
        self.closed = True
        for process in self.processes:
            process.kill(signal.SIGTERM)


def publisher(stage, url, options=()):
    command = ['ffmpeg', '-v', 'error', '-re', *options, '-i', 'talk.wav', '-c:a', 'aac', '-f', 'flv', url]
    return Command(command, stage.folder, stage.environment)


class Group:
    """Commands that run at once."""

    def __init__(self, stage, commands):
        self.stage = stage
        self.texts = commands
        self.commands = []
        self.helpers = []
        self.ports = {port: free_port() for port in stand_ins.ports_in('\n'.join(commands))}
        self.streams = set(stand_ins.REMOTE.findall('\n'.join(commands)))
        self.server = None

    def why_skipped(self):
        if self.streams and not (os.path.exists(NGINX) and os.path.exists(NGINX_RTMP)):
            return 'there is no nginx with its RTMP module'
        needs_ffmpeg = self.streams or any(re.search(r'ffmpeg|talk\.mp4|rtmpserver', text) for text in self.texts)
        return 'there is no ffmpeg' if needs_ffmpeg and not shutil.which('ffmpeg') else ''

    def run(self):
        try:
            if self.streams:
                self.server = RtmpServer(self.stage, self.streams)
            for text in self.texts:
                self.start(text)
            self.feed()
            self.finish()
        finally:
            for command in self.commands + self.helpers:
                command.kill()
            if self.server:
                self.server.close()

    def start(self, text):
        url = self.server.url if self.server else ''
        settings = {'ports': self.ports, 'server': url, 'launch': self.stage.launch}
        environment = {**self.stage.environment, 'LT_STAND_INS': json.dumps(settings)}
        command = Command(stand_ins.in_command(text, self.ports, url), self.stage.folder, environment)
        self.commands.append(command)
        command.wait_for(command.is_up, 'its start')
        self.check(command)

    def check(self, command):
        text = command.output()
        if self.server and self.server.closed:
            # Its server is gone, which ends a line that pulls; the sources of stock GStreamer call that an error.
            text = re.sub(r'^ERROR: from element \S+:rtmp2?src\d+:', 'Ended:', text, flags=re.MULTILINE)
        ended_well = command.process.returncode in (None, 0) or 'Ended:' in text
        good = ended_well and not re.search(r'^(ERROR|WARNING: erroneous pipeline)', text, re.MULTILINE)
        assert good, f'{command.what}\n{text[-6000:]}'
        plays = PLAYING.search(text) or not (command.launched() and command.ended())
        assert plays, f'{command.what}\nnever reached PLAYING:\n{text[-6000:]}'

    def feed(self):
        """Somebody publishes to a line that waits for it; a line that pulls is let run until audio has come through."""
        for command in self.commands:
            words = command.launched()
            if 'rtmpserversrc' in words and not any('rtmp://' in text for text in self.texts):
                named = [word.split('=', 1)[1] for word in words if re.match(r'(stream|session)=', word)]
                port = self.ports[stand_ins.DEFAULT_PORTS['rtmpserversrc']]
                self.helpers.append(publisher(self.stage, f'rtmp://127.0.0.1:{port}/live/{(named or ["default"])[0]}'))
            if self.server and words:
                command.wait_for(lambda command=command: 'gladiasink/connected' in command.output(), 'audio')
                self.check(command)
        if self.server:
            self.server.close()

    def finish(self):
        for command in self.commands:
            if not command.launched() and not command.ended():
                continue  # a server, ended with the group
            command.wait_for(lambda: False, 'its end')
            self.check(command)
            if 'gladiasink' in command.launched():
                assert 'gladiasink/connected' in command.output(), f'{command.what}\nno audio reached the recogniser'


def groups_of(text):
    for part in re.split(r'\n\s*\n', text):
        commands = [command for command in commands_of_shell(part) if not command.startswith('export GLADIA_API_KEY=')]
        if commands:
            yield commands


def missing_elements(text):
    """Elements of ours that the line uses and this build has not."""
    ours = [page.stem for page in (ROOT / 'docs' / 'elements').glob('*.md')]
    if re.search(r'pipelines/run\s+(?:--print\s+)?rtmpserver\b', text):
        text += ' rtmpserversrc'
    if re.search(r'pipelines/run\s+store\b', text):
        text += ' transcriptstore'
    used = [name for name in ours if re.search(rf'\b{name}\b', text)]
    return [name for name in used if subprocess.run(['gst-inspect-1.0', '--exists', '--atleast-version=0.1', name],
                                                    check=False, stdout=subprocess.DEVNULL).returncode != 0]


def run_group(stage, commands):
    missing = missing_elements('\n'.join(commands))
    if missing:
        return f'this build has no {", ".join(missing)}'
    group = Group(stage, commands)
    why = group.why_skipped()
    if not why:
        group.run()
    return why


def accept(block, elements):
    why = why_block_is_not_acceptable(block, elements)
    assert not why, f'{block.place}: {why}'


def tests_of(stage, blocks):
    elements = [page.stem for page in (ROOT / 'docs' / 'elements').glob('*.md')]
    for block in blocks:
        yield f'{block.place} is of a known kind', lambda block=block: accept(block, elements)
        if block.language in SHELL and not block.exempt:
            for number, commands in enumerate(groups_of(block.text), 1):
                yield f'{block.place}, {number}: {commands[0][:60]}', lambda commands=commands: run_group(stage, commands)


def main():
    only = sys.argv[4] if len(sys.argv) > 4 else ''
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(folder)
        try:
            blocks = [block for block in all_blocks(ROOT) if only in block.place]
            return tap.run(list(tests_of(stage, blocks)), parallel=3)
        finally:
            stage.close()


if __name__ == '__main__':
    sys.exit(main())
