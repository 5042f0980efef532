#!/bin/bash
# A bare Debian of its own with a copy of this checkout in it, for .ci/run and tests/on-debian: they read this file from the top of
# the checkout, and it needs no program that is not in every Debian.
#
# mmdebstrap makes the root (and is installed if it is absent). Which sources and keys apt has, how it and npm reach them, and how
# names resolve is taken from this machine; only the release may be another. The root is entered by pivot_root in mount and process
# namespaces of its own: the lab inside can mount, and all of it ends with them. If CCACHE_DIR is set and ccache is there, the
# compilers inside use that folder.
#
# The reader calls root_begin, then for each root: root_make (or root_is_made), root_checkout, root_run.
# Where one of them fails, $why says what.
root_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root_script=tests/root.sh

# root_enter ROOT COMMAND: inside namespaces of its own; becomes COMMAND, run by a shell in the checkout that was copied in.
root_enter() {
    local root=$1 folder variable keep=()
    mount --bind "$root" "$root" && mount -t proc proc "$root/proc" || exit 125
    if [ -d "${CCACHE_DIR:-}" ] && [ -x "$root/usr/bin/ccache" ]; then
        mkdir -p "$root/ccache" && mount --bind "$CCACHE_DIR" "$root/ccache" || exit 125
        keep+=(CCACHE_DIR=/ccache CC="ccache gcc")
    fi
    cd "$root" || exit 125
    for folder in dev sys; do mount --rbind "/$folder" "$folder" || exit 125; done
    mkdir -p former && pivot_root . former && cd / && umount -l /former && rmdir /former || exit 125
    for variable in $(compgen -e | grep -iE '^(CI|TERM|npm_config_.*|(http|https|ftp|all|no)_proxy)$'); do
        keep+=("$variable=${!variable}")
    done
    [ ! -s /authorities.crt ] || keep+=(NODE_EXTRA_CA_CERTS=/authorities.crt npm_config_cafile=/authorities.crt)
    : >/entered
    exec env -i PATH=$root_path HOME=/root "${keep[@]}" bash -c "cd /checkout && $2; exit \$?" # a shell is the first process: it reaps
}
if [ "${1:-}" = --enter ] && [ "${BASH_SOURCE[0]}" = "$0" ]; then
    export PATH=$root_path
    root_enter "$2" "$3"
fi

# No mount is made outside the namespaces: when their processes have ended, the folder holds files only.
root_ends() {
    [ -z "$child" ] || { kill -KILL "$child" && wait "$child"; } 2>/dev/null
    rm -rf --one-file-system "$place"
}

# root_begin: makes the folder $place, which ends with the script.
root_begin() {
    child=
    why=
    place=$(mktemp -d -p "${TMPDIR:-/var/tmp}") || exit 1
    chmod 755 "$place" # apt's own user must be able to pass
    trap root_ends EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# contained COMMAND...: runs it where its mounts and processes end with it; its status. What it says is kept in $place/log.
contained() {
    local reader code
    [ -e "$place/pipe" ] || mkfifo "$place/pipe"
    tee "$place/log" <"$place/pipe" &
    reader=$!
    unshare --mount --pid --fork --kill-child --mount-proc "$@" >"$place/pipe" 2>&1 &
    child=$!
    wait "$child"
    code=$?
    child=
    wait "$reader"
    return $code
}

# hand_in ROOT FILE...: copies files and folders of this machine that are there, and not yet in the root, to the same place in it.
hand_in() {
    local from root=$1
    shift
    for from in "$@"; do
        [ -e "$from" ] || continue
        mkdir -p "$root$(dirname "$from")"
        cp -RLn "$from" "$root$(dirname "$from")/"
    done
}

# suite_of RELEASE: the name that Debian gives it; fails for one that this is not built on.
suite_of() {
    case $1 in
    12) echo bookworm ;;
    13) echo trixie ;;
    *) return 1 ;;
    esac
}

root_is_made() { # ROOT
    [ -e "$1/root-is-made" ]
}

# sources_of SUITE: copies this machine's sources of apt to $place/sources, with the suite in place of this machine's own.
sources_of() {
    local file here
    here=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    rm -rf "$place/sources"
    mkdir "$place/sources"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ ! -s "$file" ] || sed "s/\\b${here:-$1}\\b/$1/g" "$file" >"$place/sources/${file##*/}"
    done
}

# root_make RELEASE ROOT: the bare root, for which no package but the essential ones has been installed.
root_make() {
    local suite root=$2 sources=() file began=$SECONDS
    suite=$(suite_of "$1") || { why="Debian $1 is not known here"; return 1; }
    [ "$(id -u)" -eq 0 ] || { why="not root"; return 1; }
    why=$(unshare --mount --pid --fork --mount-proc mount --bind "$place" "$place" 2>&1) || { why="no mounts of its own: $why"; return 1; }
    if ! command -v mmdebstrap >/dev/null; then
        { apt-get -o DPkg::Lock::Timeout=300 update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install \
            -y --no-install-recommends mmdebstrap; } >"$place/log" 2>&1 ||
            { tail -n 20 "$place/log"; why="mmdebstrap is not there and cannot be installed"; return 1; }
    fi
    sources_of "$suite"
    for file in "$place"/sources/*; do
        [ ! -s "$file" ] || sources+=("$file")
    done
    echo "Making a bare Debian $1."
    # How this machine's apt reaches its sources; what it does after them is its own affair.
    apt-config dump | grep '^Acquire::' | grep -vE '^Acquire::(IndexTargets|CompressionTypes|Changelogs|cdrom)' >"$place/apt.conf"
    mkdir -p "$place/apt"
    for file in /etc/apt/auth.conf /etc/apt/auth.conf.d /etc/apt/preferences /etc/apt/preferences.d; do
        [ ! -e "$file" ] || cp -RL "$file" "$place/apt/"
    done
    rm -rf --one-file-system "$root" # what a run left that was killed
    contained mmdebstrap --quiet --mode=root --variant=minbase --aptopt="$place/apt.conf" \
        --setup-hook="cp -R '$place/apt/.' \"\$1/etc/apt/\"" "$suite" "$root" "${sources[@]}" ||
        { why="mmdebstrap failed: $(tail -n 1 "$place/log")"; return 1; }
    hand_in "$root" /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d /etc/npmrc
    # Whom this machine trusts: apt may need them before ca-certificates can be installed, npm those that are not in it.
    cat /etc/ssl/certs/ca-certificates.crt ${NODE_EXTRA_CA_CERTS:+"$NODE_EXTRA_CA_CERTS"} >"$root/authorities.crt" 2>/dev/null
    if [ -s "$root/authorities.crt" ] && ! grep -qi '^Acquire::https::CaInfo ' "$place/apt.conf"; then
        echo 'Acquire::https::CaInfo "/authorities.crt";' >"$root/etc/apt/apt.conf.d/99authorities"
    fi
    # Files that a source or a setting names: keys, certificates.
    while read -r file; do
        [ ! -f "$file" ] || hand_in "$root" "$file"
    done < <(sed -n 's/^Acquire::.*"\(\/.*\)";$/\1/p' "$place/apt.conf"
        [ ${#sources[@]} -eq 0 ] || sed -nE 's/^#.*//; s/.*[Ss]igned-[Bb]y[:=] *([^] ]*).*/\1/p' "${sources[@]}" | tr ',' '\n')
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    [ ! -r "${HOME:-/root}/.npmrc" ] || cp -L "${HOME:-/root}/.npmrc" "$root/root/"
    : >"$root/root-is-made"
    echo "A bare Debian $1 ($suite, $(grep -c '^Package:' "$root/var/lib/dpkg/status") packages) was made in $((SECONDS - began)) s."
}

# checkout_files: the files of the checkout as they stand; in a clone without git, or no clone, all but what was built.
checkout_files() {
    git -c safe.directory='*' ls-files -z -co --exclude-standard 2>/dev/null || find . -type f ! -path './build*' ! -path './.git/*' -print0
}

# root_checkout ROOT: makes /checkout in it what the checkout is. A file that is there and the same stays untouched, so that what was
# built of it need not be built again; one that is no longer in the checkout goes.
root_checkout() {
    local to=$1/checkout file
    checkout_files >"$place/files"
    if [ ! -e "$to" ]; then
        mkdir "$to" && tar --null --files-from="$place/files" --ignore-failed-read -c | tar -x --no-same-owner -C "$to" ||
            { why="the checkout cannot be copied"; return 1; }
        return 0
    fi
    while read -r -d '' file; do
        [ -f "$file" ] && [ ! -L "$file" ] || continue
        cmp -s "$file" "$to/$file" && { [ ! -x "$file" ] || [ -x "$to/$file" ]; } && continue
        mkdir -p "$(dirname "$to/$file")" && cp --remove-destination --preserve=mode "$file" "$to/$file" ||
            { why="the checkout cannot be copied"; return 1; }
    done <"$place/files"
    while read -r -d '' file; do
        [ -e "$file" ] || rm -f "$to/$file"
    done < <(cd "$to" && find . -type f ! -path './build*' -print0)
}

# root_run ROOT COMMAND: runs it in the root's checkout; its status. Where the root could not be entered, $why says so.
root_run() {
    local code
    rm -f "$1/entered"
    contained bash "$root_script" --enter "$1" "$2"
    code=$?
    [ -e "$1/entered" ] || why="it could not be entered: $(tail -n 1 "$place/log")"
    return $code
}
