# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Certificates for tests of TLS, made with openssl(1). Source it.
#
# make_certificates FOLDER writes NAME.crt and NAME.key, both in PEM:
#
#	ca, other-ca       authorities
#	good               for localhost, 127.0.0.1 and ::1, by ca
#	expired            the same, until the year 2001
#	other-name         for elsewhere.example, by ca
#	self-signed        for localhost, 127.0.0.1 and ::1, by itself
#	client             for a client, by ca
#	other-client       for a client, by other-ca

certificate_key() { # FILE
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

# An authority, or another certificate that nobody else signed.
certificate_self_signed() { # FILE NAME EXTENSION...
    local file=$1 name=$2 extension extensions=()

    shift 2
    for extension; do extensions+=(-addext "$extension"); done
    certificate_key "$file" && openssl req -x509 -new -key "$file.key" -out "$file.crt" -days 30 \
        -config "${file%/*}/openssl.conf" -subj "/CN=$name" "${extensions[@]}"
}

# Signed by an authority. Of "openssl ca", the only command that can say since when and until when.
certificate_signed() { # FILE NAME AUTHORITY START END EXTENSION...
    local file=$1 name=$2 authority=$3 start=$4 end=$5

    shift 5
    certificate_key "$file" || return
    printf '%s\n' "$@" >"$file.extensions"
    openssl req -new -key "$file.key" -out "$file.request" -config "${file%/*}/openssl.conf" \
        -subj "/CN=$name" &&
        openssl ca -batch -notext -config "${file%/*}/openssl.conf" -in "$file.request" \
            -out "$file.crt" -cert "$authority.crt" -keyfile "$authority.key" -startdate "$start" \
            -enddate "$end" -extfile "$file.extensions"
}

certificate_config() { # FOLDER
    mkdir -p "$1/issued"
    : >"$1/index.txt"
    cat >"$1/openssl.conf" <<EOT
[req]
distinguished_name = name
[name]
[ca]
default_ca = authority
[authority]
new_certs_dir = $1/issued
database = $1/index.txt
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
EOT
}

certificate_set() { # FOLDER
    local here="subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" dates server client name
    local authority=("basicConstraints=critical,CA:TRUE" "keyUsage=critical,keyCertSign,cRLSign")

    server=(basicConstraints=CA:FALSE extendedKeyUsage=serverAuth)
    client=(basicConstraints=CA:FALSE extendedKeyUsage=clientAuth)
    dates=("$(date -u -d yesterday +%Y%m%d%H%M%SZ)" "$(date -u -d '30 days' +%Y%m%d%H%M%SZ)")
    certificate_config "$1" || return
    for name in ca other-ca; do
        certificate_self_signed "$1/$name" "test $name" "${authority[@]}" || return
    done
    certificate_self_signed "$1/self-signed" localhost "$here" "${server[@]}" &&
        certificate_signed "$1/good" localhost "$1/ca" "${dates[@]}" "$here" "${server[@]}" &&
        certificate_signed "$1/expired" localhost "$1/ca" 20000101000000Z 20010101000000Z "$here" \
            "${server[@]}" &&
        certificate_signed "$1/other-name" elsewhere.example "$1/ca" "${dates[@]}" \
            subjectAltName=DNS:elsewhere.example "${server[@]}" &&
        certificate_signed "$1/client" "test client" "$1/ca" "${dates[@]}" "${client[@]}" &&
        certificate_signed "$1/other-client" "test other client" "$1/other-ca" "${dates[@]}" \
            "${client[@]}"
}

make_certificates() { # FOLDER
    local folder

    mkdir -p "$1" && folder=$(realpath "$1") || return
    certificate_set "$folder" >"$folder/log" 2>&1 || {
        echo "FAIL: openssl made no certificates:"
        tail -n 20 "$folder/log"
        return 1
    }
    chmod go= "$folder"/*.key
}

# SHA-256 of the whole certificate, in hexadecimal.
certificate_fingerprint() { # FILE
    openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g'
}
