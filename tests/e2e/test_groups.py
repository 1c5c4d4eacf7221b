"""Thing groups and what their policies do to live connections: boto3 makes the changes, paho is the device."""

import json

import botocore.exceptions
import pytest

ALLOW_NEWS = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": "arn:aws:iot:*:*:topicfilter/news/*"},
    {"Effect": "Allow", "Action": "iot:Receive", "Resource": "arn:aws:iot:*:*:topic/news/*"}]})
ALLOW_NOTHING = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Receive", "Resource": "arn:aws:iot:*:*:topic/nothing"}]})


def refused(error, call, **words):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**words)
    assert caught.value.response["Error"]["Code"] == error, caught.value
    return caught.value.response["Error"]["Message"]


class Fleet:
    """A group in a group, whose policy lets its things hear news/#; a device in it, and one in another."""

    def __init__(self, hub, name):
        self.iot, self.name, self.hub = hub.boto3("iot"), name, hub
        self.top, self.low, self.side = f"{name}-top", f"{name}-low", f"{name}-side"
        self.iot.create_policy(policyName=name, policyDocument=ALLOW_NEWS)
        self.arns = {}
        for group, parent in ((self.top, None), (self.low, self.top), (self.side, None)):
            words = {"parentGroupName": parent} if parent else {}
            self.arns[group] = self.iot.create_thing_group(thingGroupName=group, **words)["thingGroupArn"]
        self.things = [hub.add_thing(f"{name}-{i}") for i in (1, 2)]
        self.iot.add_thing_to_thing_group(thingGroupName=self.side, thingName=self.things[1].name)
        for group in (self.top, self.side):
            self.iot.attach_policy(policyName=name, target=self.arns[group])

    def connect(self, i):
        thing = self.things[i]
        client = self.hub.mqtt(thing.name, identity=thing)
        client.connect()
        client.subscribe(f"device/{thing.name}/fence", 1)
        return client

    def join(self):
        self.iot.add_thing_to_thing_group(thingGroupName=self.low, thingName=self.things[0].name)

    def leave(self):
        self.iot.remove_thing_from_thing_group(thingGroupName=self.low, thingName=self.things[0].name)


def hears(publisher, *devices):
    """Whom news reach now: what comes before a message that each may always have."""
    publisher.publish("news/today", "hello", 1)
    heard = []
    for device in devices:
        fence = f"device/{device.client_id}/fence"
        publisher.publish(fence, "fence", 1)
        first = device.next()
        heard.append(first.topic == "news/today")
        if heard[-1]:
            device.expect(fence, "fence")
        else:
            assert first.topic == fence
    return heard


def test_rights_come_and_go_with_the_group(hub, name):
    """Each change acts on the connection that is there, and on no other."""
    fleet = Fleet(hub, name)
    iot, top = fleet.iot, fleet.arns[fleet.top]
    changes = [
        ("leaves the group", fleet.leave, False),
        ("joins it", fleet.join, True),
        ("policy detached from the parent", lambda: iot.detach_policy(policyName=name, target=top), False),
        ("and attached", lambda: iot.attach_policy(policyName=name, target=top), True),
        ("and attached to the group itself", lambda: iot.attach_policy(
            policyName=name, target=fleet.arns[fleet.low]), True),
        ("and detached there", lambda: iot.detach_policy(policyName=name, target=fleet.arns[fleet.low]), True),
        ("moved within the hierarchy", lambda: iot.update_thing_groups_for_thing(
            thingName=fleet.things[0].name, thingGroupsToRemove=[fleet.low], thingGroupsToAdd=[fleet.top]), True),
        ("and back", lambda: iot.update_thing_groups_for_thing(
            thingName=fleet.things[0].name, thingGroupsToRemove=[fleet.top], thingGroupsToAdd=[fleet.low]), True),
        ("the group is deleted", lambda: iot.delete_thing_group(thingGroupName=fleet.low), False),
    ]
    with hub.mqtt(f"{name}-pub") as publisher:
        device, other = fleet.connect(0), fleet.connect(1)
        assert device.try_subscribe("news/#") == 128
        fleet.join()
        device.subscribe("news/#", 1)
        other.subscribe("news/#", 1)
        assert hears(publisher, device, other) == [True, True]
        for what, change, wanted in changes:
            change()
            assert hears(publisher, device, other) == [wanted, True], what
            assert not device.gone() and not other.gone(), what
        device.disconnect()
        other.disconnect()


def test_a_new_version_acts_at_once(hub, name):
    fleet = Fleet(hub, name)
    fleet.join()
    with hub.mqtt(f"{name}-pub") as publisher:
        device = fleet.connect(0)
        device.subscribe("news/#", 1)
        fleet.iot.create_policy_version(policyName=name, policyDocument=ALLOW_NOTHING)
        assert hears(publisher, device) == [True]
        fleet.iot.set_default_policy_version(policyName=name, policyVersionId="2")
        assert hears(publisher, device) == [False]
        assert device.try_subscribe("news/#") == 128
        fleet.iot.set_default_policy_version(policyName=name, policyVersionId="1")
        device.subscribe("news/#", 1)
        assert hears(publisher, device) == [True] and not device.gone()
        device.disconnect()


def test_groups_are_for_the_client_id_of_the_thing(hub, name):
    """AWS: the name of the thing must be the client id."""
    fleet = Fleet(hub, name)
    fleet.join()
    everything = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]})
    cert = fleet.iot.list_thing_principals(thingName=fleet.things[0].name)["principals"][0]
    fleet.iot.create_policy(policyName=f"{name}-any", policyDocument=everything)
    fleet.iot.attach_policy(policyName=f"{name}-any", target=cert)
    with hub.mqtt(f"{name}-else", identity=fleet.things[0]) as client:
        assert client.try_subscribe("news/#") == 128


def test_the_life_of_a_group(hub, name):
    iot = hub.boto3("iot")
    top, low = f"{name}-top", f"{name}-low"
    made = iot.create_thing_group(thingGroupName=top, thingGroupProperties={
        "thingGroupDescription": "all", "attributePayload": {"attributes": {"floor": "1"}}})
    assert made["thingGroupArn"].endswith(f":thinggroup/{top}")
    iot.create_thing_group(thingGroupName=low, parentGroupName=top)
    refused("ResourceAlreadyExistsException", iot.create_thing_group, thingGroupName=low)
    refused("ResourceNotFoundException", iot.create_thing_group, thingGroupName="x", parentGroupName=f"{name}-no")
    refused("InvalidRequestException", iot.create_thing_group, thingGroupName=f"{name}-t",
            tags=[{"Key": "k", "Value": "v"}])
    shown = iot.describe_thing_group(thingGroupName=low)
    assert shown["thingGroupMetadata"]["rootToParentThingGroups"] == [
        {"groupName": top, "groupArn": made["thingGroupArn"]}]
    assert iot.update_thing_group(thingGroupName=top, thingGroupProperties={
        "attributePayload": {"attributes": {"room": "2"}, "merge": True}})["version"] == 2
    refused("VersionConflictException", iot.update_thing_group, thingGroupName=top, expectedVersion=1,
            thingGroupProperties={})
    assert iot.describe_thing_group(thingGroupName=top)["thingGroupProperties"] == {
        "thingGroupDescription": "all", "attributePayload": {"attributes": {"floor": "1", "room": "2"}}}

    for i in range(5):
        iot.create_thing(thingName=f"{name}-{i}")
        iot.add_thing_to_thing_group(thingGroupArn=f"{made['thingGroupArn'][:-len(top)]}{low}",
                                     thingArn=iot.describe_thing(thingName=f"{name}-{i}")["thingArn"])
    refused("InvalidRequestException", iot.add_thing_to_thing_group, thingGroupName=top, thingName=f"{name}-0")
    pages = iot.get_paginator("list_things_in_thing_group").paginate(
        thingGroupName=top, recursive=True, PaginationConfig={"PageSize": 2})
    assert [t for page in pages for t in page["things"]] == [f"{name}-{i}" for i in range(5)]
    assert [g["groupName"] for g in iot.list_thing_groups_for_thing(thingName=f"{name}-0")["thingGroups"]] == [low]
    pages = iot.get_paginator("list_thing_groups").paginate(
        namePrefixFilter=name, PaginationConfig={"PageSize": 1})
    assert [g["groupName"] for page in pages for g in page["thingGroups"]] == [top, low]
    assert iot.list_thing_groups(namePrefixFilter=name, recursive=False)["thingGroups"] == [
        {"groupName": top, "groupArn": made["thingGroupArn"]}]

    assert "child groups" in refused("InvalidRequestException", iot.delete_thing_group, thingGroupName=top)
    iot.delete_thing(thingName=f"{name}-0")
    iot.delete_thing_group(thingGroupName=low)
    iot.delete_thing_group(thingGroupName=low)
    refused("ResourceNotFoundException", iot.describe_thing_group, thingGroupName=low)
    assert iot.list_thing_groups_for_thing(thingName=f"{name}-1")["thingGroups"] == []


def test_the_policies_of_a_group(hub, name):
    iot = hub.boto3("iot")
    group = iot.create_thing_group(thingGroupName=name)["thingGroupArn"]
    child = iot.create_thing_group(thingGroupName=f"{name}-c", parentGroupName=name)["thingGroupArn"]
    hub.add_thing(name)
    cert = iot.list_thing_principals(thingName=name)["principals"][0]
    for i in range(3):
        iot.create_policy(policyName=f"{name}-{i}", policyDocument=ALLOW_NEWS)
    for i in range(2):
        iot.attach_policy(policyName=f"{name}-{i}", target=group)
    refused("LimitExceededException", iot.attach_policy, policyName=f"{name}-2", target=group)
    listed = iot.list_attached_policies(target=child, recursive=True)["policies"]
    assert [p["policyName"] for p in listed] == [f"{name}-0", f"{name}-1"]
    assert iot.list_attached_policies(target=child)["policies"] == []
    assert iot.list_targets_for_policy(policyName=f"{name}-0")["targets"] == [group]
    refused("DeleteConflictException", iot.delete_policy, policyName=f"{name}-0")

    iot.attach_principal_policy(policyName=f"{name}-2", principal=cert)
    assert iot.list_policy_principals(policyName=f"{name}-2")["principals"] == [cert]
    listed = iot.list_principal_policies(principal=cert, ascendingOrder=True)["policies"]
    assert [p["policyName"] for p in listed] == ["ThingDefault", f"{name}-2"]
    iot.add_thing_to_thing_group(thingGroupName=f"{name}-c", thingName=name)
    decides = iot.get_effective_policies(principal=cert, thingName=name)["effectivePolicies"]
    assert [p["policyName"] for p in decides] == ["ThingDefault", f"{name}-2", f"{name}-0", f"{name}-1"]
    assert decides[-1]["policyDocument"] == ALLOW_NEWS
    iot.detach_principal_policy(policyName=f"{name}-2", principal=cert)
    assert iot.list_policy_principals(policyName=f"{name}-2")["principals"] == []
    said = refused("MalformedPolicyException", iot.create_policy, policyName=f"{name}-x",
                   policyDocument=ALLOW_NEWS.replace('"Allow", "Action": "iot:R', '"Grant", "Action": "iot:R'))
    assert "Statement[1].Effect" in said
    said = refused("MalformedPolicyException", iot.create_policy, policyName=f"{name}-x",
                   policyDocument=ALLOW_NEWS.replace("topic/news", "topic/" + "x" * 2048))
    assert "line 1, column" in said


def test_groups_from_the_shell(hub, name):
    hub.add_thing(name)
    hub.cli("group", "create", f"{name}-top", "--description", "all of them")
    hub.cli("group", "create", f"{name}-low", "--parent", f"{name}-top", "--attr", "floor=1")
    hub.cli("group", "add", f"{name}-low", name)
    hub.cli("policy", "create", name, "-", stdin=ALLOW_NEWS)
    hub.cli("policy", "attach", name, f"group:{name}-low")
    shown = hub.cli("group", "show", f"{name}-low").stdout
    assert f"parent      {name}-top" in shown and f"things      {name}\n" in shown and f"policy/{name}\n" in shown
    decides = hub.cli("policy", "effective", name).stdout
    assert [line.split()[0] for line in decides.splitlines()] == ["NAME", "ThingDefault", name]
    hub.cli("policy", "update", name, "-", "--keep-default", stdin=ALLOW_NOTHING)
    hub.cli("policy", "use", name, "2")
    assert [line.split()[:2] for line in hub.cli("policy", "versions", name).stdout.splitlines()[1:]][0] == [
        "2", "yes"]
    hub.cli("group", "remove", f"{name}-low", name)
    hub.cli("group", "delete", f"{name}-low")
    assert hub.cli("group", "list", "--parent", f"{name}-top").stdout == "NAME  ARN\n"
