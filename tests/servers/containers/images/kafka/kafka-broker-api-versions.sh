#!/bin/bash
# The command's question, `--bootstrap-server HOST:PORT`, by hand: its jar is not among those that a broker needs.
# Length 10, ApiVersions (18) version 0, correlation id 1, no client id; whoever answers is a broker.
set -eu
exec 3<> "/dev/tcp/${2%:*}/${2##*:}"
printf '\0\0\0\012\0\022\0\0\0\0\0\001\377\377' >&3
[ "$(timeout 5 head --bytes 4 <&3 | wc --bytes)" = 4 ]
