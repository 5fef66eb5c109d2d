#!/bin/sh
# Run by `meson install`, because GStreamer does not look into this directory by itself. Meson before 1.1 shows a
# script's command line but not its output: hence the whole line is the argument, and seen either way.
echo "GStreamer finds the plugins after: $1"
