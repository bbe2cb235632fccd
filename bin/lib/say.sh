# How the scripts speak: what happens goes to stdout, what stops them to stderr.

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
