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
