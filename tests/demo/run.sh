#!/bin/sh
# run.sh — starts the release in ./var, and says at the first sight of "ready" where everything is.
set -eu
thingd=build/release/src/thingd
data=${THINGD_DATA:-./var}
new=no
if [ ! -f "$data/thingd.db" ]; then
    "$thingd" -d "$data" init >/dev/null
    new=yes
fi
data=$(cd "$data" && pwd)
echo "data directory   $data"
echo "CA certificate   $data/ca.cert.pem"
if [ -f "$data/admin.json" ]; then
    sed -n 's/^ *"accessKeyId": "\(.*\)".*/access key       \1/p' "$data/admin.json"
    if [ $new = yes ]; then
        sed -n 's/^ *"secretAccessKey": "\(.*\)".*/secret           \1/p' "$data/admin.json"
    else
        echo "secret and token $data/admin.json"
    fi
fi
cat <<EOF

Try in another terminal:
  $thingd -d $data thing add lamp --out /tmp/lamp
  mosquitto_sub -p 1883 -t '#' -v          (and: mosquitto_pub -p 1883 -t hello -m world)

EOF
exec "$thingd" -d "$data" serve "$@"
