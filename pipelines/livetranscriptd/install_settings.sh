#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs the file $1 as $2, unless there is one already: it is the operator's.
target=$DESTDIR$2
[ -e "$target" ] || install -D -m 644 "$1" "$target"
