#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a launch line from the documents gets instead of what a test machine does not have.

  in the document                     in the test
  autoaudiosrc                        audiotestsrc is-live=true num-buffers=100
  autoaudiosink                       fakesink
  audiotestsrc without num-buffers    num-buffers=100
  rtmp://another.host/APP/STREAM      a local RTMP server on which somebody publishes
  port=N, 127.0.0.1:N, --port N       a free port, the same one for the same N; also the default ports, when none is named
  ffmpeg -i sine                      three seconds of it
  export GLADIA_API_KEY=…             left out: the environment names a local emulator and a key for it
  talk.wav, talk.mp4, captions.srt    made beforehand in the folder the line runs in

As a program it stands in for gst-launch-1.0: it makes these changes, adds -m, and becomes the real one."""
import json
import os
import re
import sys

DEFAULT_PORTS = {'transcriptbroadcast': '3000', 'rtmpserversrc': '1937'}
INSTEAD = {
    'autoaudiosrc': ['audiotestsrc', 'is-live=true', 'num-buffers=100'],
    'autoaudiosink': ['fakesink'],
}
PORT = re.compile(r'((?:\bport=|--port[ =]|(?:127\.0\.0\.1|localhost|\[::1\]):))(\d+)\b')
REMOTE = re.compile(r'rtmp://(?!127\.0\.0\.1|localhost)[^/\s"\']+/([\w.-]+)/([\w.-]+)')


def ports_in(text):
    return {match.group(2) for match in PORT.finditer(text)} | set(DEFAULT_PORTS.values())


def with_ports(text, ports):
    return PORT.sub(lambda match: match.group(1) + str(ports.get(match.group(2), match.group(2))), text)


def with_local_server(text, server):
    return REMOTE.sub(lambda match: f'{server}/{match.group(1)}/{match.group(2)}', text) if server else text


def in_command(command, ports, server):
    """A whole command line, whatever program it starts."""
    command = re.sub(r'-i sine\b', '-i sine=duration=3', command)
    return with_local_server(with_ports(command, ports), server)


def elements_of(words):
    """The words cut at each '!', which belongs to neither side."""
    groups = [[]]
    for word in words:
        if word == '!':
            groups.append([])
        else:
            groups[-1].append(word)
    return groups


def in_element(words):
    for name, port in DEFAULT_PORTS.items():
        if name in words and not any(word.startswith('port=') for word in words):
            words.insert(words.index(name) + 1, f'port={port}')
    if 'audiotestsrc' in words and not any(word.startswith('num-buffers=') for word in words):
        words.insert(words.index('audiotestsrc') + 1, 'num-buffers=100')
    return [new for word in words for new in INSTEAD.get(word, [word])]


def in_launch_words(words, ports, server):
    words = [part for word in words for part in re.split(r' +', word) if part]
    groups = [in_element(group) for group in elements_of(words)]
    changed = [word for group in groups for word in ['!', *group]][1:]
    return [with_local_server(with_ports(word, ports), server) for word in changed]


def main():
    settings = json.loads(os.environ['LT_STAND_INS'])
    words = in_launch_words(sys.argv[1:], settings['ports'], settings['server'])
    print('running: ' + ' '.join(words), flush=True)
    os.execv(settings['launch'], [settings['launch'], '-m', *words])


if __name__ == '__main__':
    main()
