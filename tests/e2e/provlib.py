"""What the tests of provisioning share: templates, and claims as files."""

import json
import pathlib

import hublib

ROLE = "arn:aws:iam::000000000000:role/provisioning"
CERT_ID = {"Ref": "AWS::IoT::Certificate::Id"}


def body(name, certificate=None, parameters=("SerialNumber",), **more):
    """A template's text: a thing of this name with the policy for things."""
    return json.dumps({
        "Parameters": {parameter: {"Type": "String"} for parameter in parameters},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing", "Properties": {
                "ThingName": name, "AttributePayload": {"made": "by-template"}}},
            "certificate": {"Type": "AWS::IoT::Certificate",
                            "Properties": certificate or {"CertificateId": CERT_ID, "Status": "Active"}},
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "ThingDefault"}},
        }, **more})


def fleet_body(prefix):
    return body({"Fn::Join": ["", [prefix, "-", {"Ref": "SerialNumber"}]]},
                DeviceConfiguration={"url": {"Fn::Sub": "https://${AWS::Region}/${SerialNumber}"}})


def make_template(iot, name, text, **more):
    return iot.create_provisioning_template(templateName=name, templateBody=text, provisioningRoleArn=ROLE,
                                            **{"enabled": True, **more})


def identity_of(hub, folder, name, cert_pem, key_pem):
    folder = pathlib.Path(folder)
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_text(cert_pem)
    key.write_text(key_pem)
    return hublib.Identity(name, str(cert), str(key), hub.ca)


def claim(hub, iot, folder, template):
    """The certificate of CreateProvisioningClaim."""
    made = iot.create_provisioning_claim(templateName=template)
    return identity_of(hub, folder, "claim", made["certificatePem"], made["keyPair"]["PrivateKey"])
