#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes configure and config.h.in anew from configure.ac, m4/ and VERSION. Needs autoconf only.
set -e
cd "$(dirname "$0")"
autoconf --force
autoheader --force
rm -rf autom4te.cache ./*~
