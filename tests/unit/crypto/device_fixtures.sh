#!/bin/sh
# Makes device_fixtures.h by OpenSSL: certificates of devices with keys and uses of all kinds, for test_x509_use.c.
# Run by hand when a case is added; every run makes new keys. Usage: ./device_fixtures.sh > device_fixtures.h
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
exec 2>log

cat >conf <<'CONF'
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectAltName = URI:urn:ca, dirName:ca_name
[ca_name]
C = SE
O = Signers, Ltd
[plain]
subjectKeyIdentifier = hash
[client]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[any]
extendedKeyUsage = emailProtection, anyExtendedKeyUsage
[server]
extendedKeyUsage = serverAuth
[encipher]
keyUsage = critical, keyEncipherment
[names]
subjectAltName = dirName:device_name, DNS:a.example
issuerAltName = issuer:copy
[device_name]
O = Acme+Sons
CN = "#1 "
CONF

ec() { openssl ecparam -name "$2" -genkey -noout -out "$1.key"; }
device() { # NAME KEY EXTENSIONS [openssl arguments]
    name=$1 key=$2 extensions=$3
    shift 3
    openssl req -new -key "$key.key" -config conf -subj "/CN=$name" -out device.pem
    openssl x509 -req -in device.pem -CA device_ca.pem -CAkey ca.key -days 36499 -extfile conf \
        -extensions "$extensions" -out "device_$name.pem" "$@"
}

ec ca prime256v1
ec p256 prime256v1
ec p384 secp384r1
ec p521 secp521r1
ec k256 secp256k1
for bits in 1024 2048 3072 4096 8192; do openssl genrsa -out rsa$bits.key $bits; done
openssl req -x509 -new -key ca.key -config conf -extensions ca -subj "/O=Acme/CN=Signer" -days 36500 \
    -out device_ca.pem
for key in rsa1024 rsa2048 rsa3072 rsa4096 rsa8192 p256 p384 p521 k256; do device $key $key plain; done
device sha384 p256 plain -sha384
device sha512 p256 plain -sha512
device sha1 p256 plain -sha1
device client p256 client
device any p256 any
device server p256 server
device encipher rsa2048 encipher
device names p256 names

echo "/* device_fixtures.h — made by device_fixtures.sh; the keys are gone. */"
echo "/* clang-format off */"
for file in device_*.pem; do
    [ "$file" = device.pem ] && continue
    echo "static const char ${file%.pem}[] ="
    sed 's/.*/    "&\\n"/' "$file" | sed '$ s/$/;/'
done
