# Sourced by the other scripts: the checkout, apt packages, the development environment.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv-peers

say() { printf '\n== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs the Debian or Ubuntu packages that are missing; does nothing when all are there.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "Installing with apt: ${missing[*]}"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

need_qgis() {
  need_packages qgis python3-qgis qgis-providers python3-gdal python3-scipy python3-networkx "$@"
}

# Makes the Python environment of requirements-dev.txt, or brings it up to date when that file has changed.
need_venv() {
  local stamp=$venv/requirements.stamp
  cmp -s "$root/requirements-dev.txt" "$stamp" && return
  say "Installing the development tools and peers into ${venv#"$root"/} (once)"
  if [ ! -x "$venv/bin/python" ]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3-venv
    python3 -m venv "$venv"
  fi
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/requirements-dev.txt"
  cp "$root/requirements-dev.txt" "$stamp"
}

qgis_version() { /usr/bin/python3 -c 'from qgis.core import Qgis; print(Qgis.QGIS_VERSION)' 2>/dev/null; }

# Makes the zip that QGIS installs. make_zip ZIP [COMMIT]     default: the working tree with what is not committed yet
# What git does not hold is built into it: the translations, and the documentation where the development tools are there.
make_zip() {
  local index tree=${2:-} built
  if [ -z "$tree" ]; then
    index=$(mktemp -u)
    tree=$(cd "$root" && export GIT_INDEX_FILE=$index && git read-tree HEAD && git add -A && git write-tree)
    rm -f "$index"
  fi
  git -C "$root" archive --format=zip --prefix=ecosecnet/ -o "$1" "$tree"
  built=$(mktemp -d)
  build_translations "$built/ecosecnet/i18n"
  build_help "$built/ecosecnet/help"
  python3 "$root/scripts/add_to_zip.py" "$1" "$built"
  rm -rf "$built"
}

# Compiles the translations into a folder.
build_translations() {
  local source
  [ -d "$root/i18n" ] || return 0
  need_packages qttools5-dev-tools
  mkdir -p "$1"
  for source in "$root"/i18n/*.ts; do
    lrelease -silent "$source" -qm "$1/$(basename "${source%.ts}").qm"
  done
}

# Builds the documentation into a folder; the site is kept in build/site until a page changes.
build_help() {
  local site=$root/build/site
  if [ -x "$root/scripts/docs" ] && [ -x "$venv/bin/python" ]; then
    [ -n "$(find "$root/docs" "$root/mkdocs.yml" -newer "$site/index.html" 2>&1 | head -n 1)" ] && "$root/scripts/docs"
    cp -r "$site" "$1"
  fi
}

# Starts a screen without a monitor and a window manager on it, as jobs of the calling script; sets DISPLAY.
start_screen() {
  local number=${SCREEN_NUMBER:-$((200 + RANDOM % 700))}
  Xvfb ":$number" -screen 0 1500x950x24 -nolisten tcp >/dev/null 2>&1 &
  export DISPLAY=:$number
  sleep 1
  openbox >/dev/null 2>&1 &
}

# Runs tests of test/desktop in the window of the QGIS that is installed. run_in_window WORK PICTURES PYTEST_OPTIONS...
# WORK holds ecosecnet.zip; a fresh profile is made in it. What QGIS said is left beside the pictures where a test fails.
run_in_window() {
  local work=$1 pictures=$2 option tests=
  shift 2
  mkdir -p "$work/profile/profiles/default/QGIS" "$work/run" "$pictures"
  chmod 700 "$work/run"
  # A newcomer's profile, less the questions and news of the first start.
  cat > "$work/profile/profiles/default/QGIS/QGIS3.ini" <<'INI'
[PythonPlugins]
processing=true
[app]
checkVersion=false
[qgis]
checkVersion=false
[core]
NewsFeed\httpsfeedqgisorg\disabled=true
INI
  [ -z "${DESKTOP_LANGUAGE:-}" ] || printf '[locale]\noverrideFlag=true\nuserLocale=%s\n' "$DESKTOP_LANGUAGE" \
    >> "$work/profile/profiles/default/QGIS/QGIS3.ini"
  for option in -q --tb=short -p no:cacheprovider --rootdir="$root" "$@" "$root/test/desktop"; do
    tests+=${tests:+$'\n'}$option
  done
  env -u QT_QPA_PLATFORM XDG_RUNTIME_DIR="$work/run" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 \
    DESKTOP_ZIP="$work/ecosecnet.zip" DESKTOP_PICTURES="$pictures" DESKTOP_PYTEST="$tests" \
    timeout "${DESKTOP_SECONDS:-900}" qgis --nologo --noversioncheck --profiles-path "$work/profile" \
    --code "$root/test/desktop/inside.py" 2> "$work/qgis.log" || {
    local code=$?
    cp "$work/qgis.log" "$pictures/"
    tail -n 20 "$work/qgis.log" >&2
    return $code
  }
}
