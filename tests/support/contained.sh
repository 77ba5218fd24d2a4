#!/usr/bin/env bash
# The README's commands where nothing is given: a clone of this checkout that is read-only and another user's, an unprivileged user without a
# home, a new virtual environment, one writable cache. Does `make run` serve and answer, does `make test` pass?
#
#   tests/support/contained.sh PYTHON [PYTEST-OPTION...]      for example: tests/support/contained.sh python3.13 -m "not browser and not slow"
#   tests/support/contained.sh PYTHON --no-tests              only what `make run` needs, the app, and a prediction
#
# PYTHON is an interpreter; where the unprivileged user may not enter its folder, a copy of that is used. Needs root (it changes users with
# setpriv) and pip's access to packages. What is committed is tested. WORK names the folder for it (default: a new temporary one), which is left
# behind if something fails.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,11p' "$0"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "Run it as root: it works as another user, on files of a third." >&2; exit 2; }
python=$(command -v "$1"); shift
checkout=$(cd "$(dirname "$0")/../.." && pwd)
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"; chmod 755 "$work"
nobody=65534; owner=65533; library=

as_nobody() {  # with nothing of this environment but the way to the packages
  env -i ${library:+LD_LIBRARY_PATH="$library"} PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 SER_CACHE="$work/cache" TMPDIR="$work/tmp" ${CHROMIUM:+CHROMIUM="$CHROMIUM"} \
    $(env | grep -E '^(PIP_|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|SSL_CERT_FILE)' || true) \
    setpriv --reuid=$nobody --regid=$nobody --clear-groups "$@"
}

if ! as_nobody sh -c '"$0" -c ""' "$python" 2>/dev/null; then
  cp -r --no-preserve=ownership "$("$python" -c 'import sys; print(sys.base_prefix)')" "$work/python"
  chmod -R a+rX "$work/python"
  python="$work/python/bin/$(basename "$(readlink -f "$python")")"
  library="$work/python/lib"
fi
as_nobody sh -c '"$0" --version' "$python"

git clone --quiet --no-hardlinks "$checkout" "$work/checkout"
chown -R $owner:$owner "$work/checkout"; chmod -R a-w,a+rX "$work/checkout"
mkdir "$work/cache" "$work/tmp" "$work/venv"; chown $nobody:$nobody "$work/cache" "$work/tmp" "$work/venv"
cd "$work/checkout"
as_nobody test ! -w . || { echo "The checkout can be written to." >&2; exit 1; }

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
set -m  # the server and all that it starts are one group, which can be ended
as_nobody make --no-print-directory VENV="$work/venv" PYTHON="$python" PORT="$port" run >"$work/run.log" 2>&1 &
server=$!
set +m
trap 'kill -- -$server 2>/dev/null || true' EXIT
answered=""
for _ in $(seq 600); do
  kill -0 $server 2>/dev/null || break
  if answered=$("$python" -c "import urllib.request as u; print(u.urlopen('http://localhost:$port/_stcore/health', timeout=2).read().decode())" 2>/dev/null); then break; fi
  sleep 1
done
[ "$answered" = ok ] || { cat "$work/run.log" >&2; echo "make run: no answer." >&2; exit 1; }
echo "make run: the app answers."
chown -R $owner:$owner "$work/venv"; chmod -R a-w "$work/venv"  # what is installed is another user's and read-only, too
as_nobody "$work/venv/bin/python" -m ser_core predict data/samples/steady-low-voice.flac --explain
as_nobody "$work/venv/bin/python" -m ser_core models verify | grep -v ': OK$' && { echo "models verify: not all is what it was." >&2; exit 1; }
echo "predict and models verify: fine."
chmod -R u+w "$work/venv"; chown -R $nobody:$nobody "$work/venv"
kill -- -$server 2>/dev/null || true
wait $server 2>/dev/null || true
trap - EXIT
! grep -iE 'traceback|error' "$work/run.log" || { echo "make run: complaints, see above." >&2; exit 1; }

if [ "${1:-}" != --no-tests ]; then
  as_nobody env PYTEST_ADDOPTS="${*@Q}" make --no-print-directory VENV="$work/venv" PYTHON="$python" test
fi
[ -z "$(find "$work/checkout" -newer "$work/cache" -newer "$work/run.log" -print -quit)" ] || { echo "The checkout was written to." >&2; exit 1; }
echo "All as it should be."
[ -n "${WORK:-}" ] || rm -rf "$work"
