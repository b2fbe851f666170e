#!/bin/sh
# environment.sh - what a script is told, in sh.
printf 'Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n\r\n'
printf 'A script runs as %s in %s and is told:\n\n' "$(id -un)" "$(pwd)"
env | sort
