#!/bin/sh
# The secrets of compose.yml, made once: a password a Postgres role, and the connection string that carries it, one file a role.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() { printf '%s\n' "$2" > "secrets/$1"; chmod 0444 "secrets/$1"; }  # read in containers by another user; the folder is closed
if [ -e secrets/role-passwords ]; then echo "docker/secrets is there"; exit 0; fi
passwords=
for role in "" index agent outbound worker beat smtp submission lmtp imap pop3 web; do
    name="mailplatform${role:+_$role}"
    password=$(random)
    write "dsn${role:+-$role}" "host=postgres dbname=mailplatform user=$name password=$password"
    passwords="$passwords$name $password
"
done
write postgres-password "$(random)"
write role-passwords "${passwords%
}"
echo "docker/secrets made"
