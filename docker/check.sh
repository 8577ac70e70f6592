#!/bin/bash
# Run the Dockerfile's steps where there is no container engine: each stage in a clean root of its own, over this system's Python
# 3.11 in place of the base image. COPY keeps to .dockerignore, RUN runs in a chroot in a mount namespace, USER is kept for the
# trial at the end: the image answers `check_site` and `health` with a root that nobody can write. Needs root, python3 and PyPI.
#
#     docker/check.sh [FOLDER]      builds in FOLDER (kept) or in a temporary one
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
if [ "${IN_NAMESPACE:-}" != yes ]; then
    exec env IN_NAMESPACE=yes unshare --mount --propagation private "$0" "$@"
fi
work=${1:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${1:-}" ] || trap 'rm -rf --one-file-system "$work" 2>/dev/null || true' EXIT

new_root() {  # a stage begins: the base image is our /usr, read-only, with nothing else in it
    root=$work/$1
    rm -rf --one-file-system "$root"
    mkdir -p "$root"/{usr,etc,proc,dev,tmp,var/lib,opt,root,run}
    chmod 1777 "$root/tmp"
    for link in bin lib lib64 sbin; do [ -e "/$link" ] && ln -s "usr/$link" "$root/$link"; done
    mount --rbind /usr "$root/usr" && mount -o remount,bind,ro "$root/usr"
    for file in ssl ca-certificates ld.so.cache ld.so.conf ld.so.conf.d passwd group shadow gshadow login.defs nsswitch.conf resolv.conf hosts pip.conf; do
        [ ! -e "/etc/$file" ] || cp -aL "/etc/$file" "$root/etc/"
    done
    sed -i '/^mailplatform:/d' "$root"/etc/{passwd,group,shadow,gshadow}
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mkdir -p "$root/var/empty/bin"
    ln -s /usr/bin/python3 "$root/var/empty/bin/python"
    for place in ${PIP_FIND_LINKS:-} $(pip_places); do  # a package index on this machine
        [ ! -d "$place" ] || { mkdir -p "$root$place"; mount --rbind "$place" "$root$place"; }
    done
    workdir=/
}

pip_places() { python3 -m pip config list 2>/dev/null | grep -oE "(/|file:///)[A-Za-z0-9_./-]+" | sed 's,^file://,,' | sort -u; }

run() { # USER COMMAND: in the chroot
    local passed=()
    for name in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_FIND_LINKS PIP_EXTRA_INDEX_URL PIP_CERT SSL_CERT_FILE; do
        [ -z "${!name:-}" ] || passed+=("$name=${!name}")
    done
    env -i "${passed[@]}" "${settings[@]}" PATH=/var/empty/bin:/usr/bin:/usr/sbin HOME=/root \
        chroot --userspec="$1" "$root" /bin/sh -ec "cd '$workdir'; $2"
}

allowed() { # PATH: whether .dockerignore lets it into the context
    grep -qxF "!$1" .dockerignore || grep '^!' .dockerignore | sed 's/^!//' | grep -qE "^$1/|^${1%%/*}$"
}

copy() { # SOURCES… TARGET from the context, or --from=STAGE
    local from=$top
    if [ "${1#--from=}" != "$1" ]; then from=$work/${1#--from=}; shift; fi
    local sources=("${@:1:$#-1}") target=${!#}
    case $target in /*) ;; *) target=$workdir/$target ;; esac
    for source in "${sources[@]}"; do
        [ "$from" != "$top" ] || allowed "$source" || { echo "COPY $source: .dockerignore keeps it out"; exit 1; }
        mkdir -p "$root$(dirname "$target")"
        if [ -d "$from/$source" ]; then
            mkdir -p "$root$target"
            tar -C "$from/$source" --exclude=__pycache__/*.tmp -c . | tar -C "$root$target" -x --no-same-owner
        elif [ "${target%/}" != "$target" ] || [ "$(basename "$target")" = . ]; then
            cp "$from/$source" "$root${target%.}"
        else
            cp "$from/$source" "$root$target"
        fi
    done
}

settings=() user=0:0 stage= count=0
while read -r word rest; do
    case $word in
        ""|\#*) continue ;;
        FROM) count=$((count + 1)); stage=${rest##* }; case $rest in *" AS "*) ;; *) stage=final ;; esac; settings=() user=0:0; new_root "$stage" ;;
        WORKDIR) workdir=$rest; mkdir -p "$root$workdir" ;;
        COPY) # shellcheck disable=SC2086
            copy $rest ;;
        RUN) run "$user" "$rest" ;;
        ENV) # shellcheck disable=SC2206
            settings+=($rest) ;;
        USER) user=$rest ;;
        VOLUME|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) ;;
        *) echo "$word is not known here"; exit 1 ;;
    esac
    echo "ok  ${stage}: $word ${rest:0:100}"
done < docker/Dockerfile

[ "$user" = 10025:10025 ] || { echo "the image runs as $user"; exit 1; }
mkdir -p "$root/etc/mailplatform"
cp docker/site.toml "$root/etc/mailplatform/site.toml"
mkdir -p "$root/run/secrets"  # for the trial below, which connects to nothing
for name in dsn dsn-smtp; do echo "host=postgres dbname=mailplatform user=nobody" > "$root/run/secrets/$name"; done
mount --rbind "$root" "$root" && mount -o remount,bind,ro "$root"
mount -t tmpfs -o uid=10025,gid=10025 tmpfs "$root/var/lib/mailplatform"
python=/opt/mailplatform/.venv/bin/python
run "$user" "$python manage.py check_site --changed" | tail -16
run "$user" "$python manage.py health" | grep -qx "no process answers" && { echo "health answers for nobody"; exit 1; } || true
run "$user" "$python manage.py serve smtp --help" | grep -q "manage.py serve" || { echo "serve does not start"; exit 1; }
if run "$user" "touch /opt/mailplatform/x" 2>/dev/null; then echo "the root is writable"; exit 1; fi
echo "image: $(du -sm --one-file-system "$root/opt" | cut -f1) MB of ours; steps done: $count stages"
