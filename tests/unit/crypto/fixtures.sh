#!/bin/sh
# Makes fixtures.h: certificates, requests and keys by OpenSSL, good and bad, for test_x509.c.
# Run by hand when a case is added; every run makes new keys. Usage: ./fixtures.sh > fixtures.h
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
exec 2>log

key() { openssl ecparam -name "$2" -genkey -noout -out "$1.key"; }
csr() { # NAME KEY SUBJECT [openssl arguments]
    name=$1 key=$2 subject=$3
    shift 3
    openssl req -new -key "$key.key" -subj "$subject" -out "csr_$name.pem" "$@"
}
root() { # NAME KEY STRING_MASK EXTENSIONS SUBJECT [openssl arguments]
    name=$1 key=$2 mask=$3 extensions=$4 subject=$5
    shift 5
    sed "s/MASK/$mask/" conf >root.conf
    openssl req -x509 -new -key "$key.key" -config root.conf -extensions "$extensions" -utf8 \
        -subj "$subject" -days 36500 -out "cert_$name.pem" "$@"
}
leaf() { # NAME CA CA_KEY EXTENSIONS [openssl arguments]
    name=$1 ca=$2 key=$3 extensions=$4
    shift 4
    openssl x509 -req -in leaf.pem -CA "cert_$ca.pem" -CAkey "$key.key" -days 36499 \
        -extfile conf -extensions "$extensions" -out "cert_$name.pem" "$@"
}

cat >conf <<'CONF'
[req]
distinguished_name = dn
string_mask = MASK
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = 0102030405
[ca_no_id]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = none
[ca_cannot_sign]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature
[leaf]
subjectAltName = DNS:a.example, IP:192.0.2.7, IP:2001:db8::1, email:me@a.example, URI:urn:x:1, RID:1.2.3.4
[plain]
subjectKeyIdentifier = hash
[no_ca]
basicConstraints = critical, CA:FALSE
CONF

for bits in 1024 2048 8192; do openssl genrsa -out rsa$bits.key $bits; done
key p256 prime256v1
key p384 secp384r1
key p521 secp521r1
key k256 secp256k1
key ca prime256v1
key other prime256v1
openssl genpkey -algorithm ed25519 -out ed25519.key

csr rsa2048 rsa2048 "/C=SE/ST=Skane/L=Lund/O=Acme/OU=Lamps/OU=Hall/CN=lamp-1/serialNumber=0042"
csr rsa1024 rsa1024 "/CN=weak"
csr rsa8192 rsa8192 "/CN=giant"
csr p256 p256 "/CN=p256" -addext subjectAltName=DNS:evil.example -addext basicConstraints=CA:TRUE
csr p384 p384 "/CN=p384"
csr p521 p521 "/CN=p521" -sha512
csr k256 k256 "/CN=k256"
csr sha1 rsa2048 "/CN=old" -sha1
csr pss rsa2048 "/CN=pss" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
csr noname p256 "/"
csr many p256 "$(seq -f '/OU=%g' -s '' 65)"

dn="/C=DE/O=Foreign  Works/OU=One/OU=Two/DC=org/DC=foreign/CN=Foreign CA"
root foreign_ca ca default ca "$dn" -set_serial 0x0100000000000000ff
root reencoded_ca ca utf8only ca "/C=DE/O=foreign WORKS/OU=one/OU=two/DC=org/DC=foreign/CN=Foreign CA"
root other_ca other default ca "$dn"
root other_name_ca ca default ca "/CN=Somebody else"
root cannot_sign_ca ca default ca_cannot_sign "$dn"
root no_ca ca default no_ca "$dn"
root no_id_ca ca default ca_no_id "$dn"
root rsa_ca rsa2048 default ca "/CN=RSA CA"
root weak_ca rsa1024 default ca "/CN=Weak CA"
root bmp p256 MASK:0x800 plain "/CN=Gerät"
root t61 p256 MASK:0x4 plain "/CN=Gerät"
root ed25519 ed25519 default ca "/CN=ed"

openssl req -new -key p256.key -out leaf.pem -subj "/C=DE/CN=leaf/dnQualifier=q1/title=T/SN=Sur/GN=Given/initials=AB/pseudonym=psi/generationQualifier=Jr"
leaf leaf foreign_ca ca leaf -set_serial 0x85
leaf sha1 foreign_ca ca plain -set_serial 6 -sha1
leaf pss rsa_ca rsa2048 plain -set_serial 7 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
leaf rsa384 rsa_ca rsa2048 plain -set_serial 8 -sha384
leaf of_weak weak_ca rsa1024 plain -set_serial 9
openssl req -new -key ca.key -subj "$dn" -out v1.pem
openssl x509 -req -in v1.pem -signkey ca.key -days 36500 -out cert_v1.pem

cp p256.key key_sec1.pem
cp rsa2048.key key_rsa_pkcs8.pem
cp k256.key key_k256.pem
openssl rsa -in rsa2048.key -traditional -out key_pkcs1.pem
openssl pkcs8 -topk8 -nocrypt -in p256.key -out key_pkcs8.pem
openssl ec -in p256.key -aes128 -passout pass:abc -out key_encrypted.pem
openssl ec -in p256.key -pubout -out key_public.pem
cp ca.key key_foreign_ca.pem
cp ed25519.key key_ed25519.pem

echo "/* fixtures.h — made by fixtures.sh; test keys, which protect nothing. */"
echo "/* clang-format off */"
for file in csr_*.pem cert_*.pem key_*.pem; do
    echo "static const char ${file%.pem}[] ="
    sed 's/.*/    "&\\n"/' "$file" | sed '$ s/$/;/'
done
for file in cert_leaf cert_foreign_ca; do
    printf 'static const char %s_id[] =\n    "%s";\n' "$file" \
        "$(openssl x509 -in $file.pem -outform der | sha256sum | cut -d' ' -f1)"
done
for end in startdate enddate; do
    printf 'static const int64_t cert_leaf_%s = %s;\n' "$end" \
        "$(date -u -d "$(openssl x509 -in cert_leaf.pem -noout -$end | cut -d= -f2)" +%s)"
done
