#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions of an audio file, in Python: transcripts from buffers and from the bus, both as JSON.

   captions.py AUDIO.wav

Debian packages: python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0"""
import json
import sys
from pathlib import Path

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstApp', '1.0')
from gi.repository import GLib, Gst, GstApp  # noqa: E402,F401  GstApp: gives appsink its methods

PIPELINE = '''
    uridecodebin uri={uri} ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=16000,channels=1
    ! clocksync ! pcmchunker ! gladiasink languages=en post-messages=true
    ! appsink name=texts sync=false async=false emit-signals=true
'''


def show(way, transcript):
    """One message of the transcript stream, as a dict."""
    if transcript['kind'] == 'transcript':
        print(way, 'final' if transcript['isFinal'] else 'partial', transcript['text'], flush=True)


def take_sample(sink):
    """A streaming thread."""
    buffer = sink.pull_sample().get_buffer()
    show('buffer', json.loads(buffer.extract_dup(0, buffer.get_size())))
    return Gst.FlowReturn.OK


class Captions:
    def __init__(self, file):
        self.loop = GLib.MainLoop()
        self.failed = False
        self.pipeline = Gst.parse_launch(PIPELINE.format(uri=Path(file).resolve().as_uri()))
        self.pipeline.get_by_name('texts').connect('new-sample', take_sample)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect('message::element', self.take_news)
        bus.connect('message::error', self.take_error)
        bus.connect('message::eos', lambda _bus, _message: self.loop.quit())

    def take_news(self, _bus, message):
        news = message.get_structure()
        if news.get_name() == 'gladiasink/transcript':
            show('bus', json.loads(news.get_string('json')))
        elif news.get_name() in ('gladiasink/retrying', 'gladiasink/gap'):
            print('Recogniser:', news.get_string('reason'), file=sys.stderr)

    def take_error(self, _bus, message):
        error, debug = message.parse_error()
        print(f'Error: {error.message}\n{debug or ""}', file=sys.stderr)
        self.failed = True
        self.loop.quit()

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        try:
            self.loop.run()
        finally:
            self.pipeline.set_state(Gst.State.NULL)
        return 1 if self.failed else 0


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: captions.py AUDIO.wav')
    Gst.init(None)
    return Captions(sys.argv[1]).run()


if __name__ == '__main__':
    sys.exit(main())
