"""The hub's OpenAPI document as the tests read it: its structure, its schemas, and what a request or an answer
must be like by it.

STRUCTURE is the part of the OpenAPI Specification 3.1.0 that the document uses, as a JSON Schema which knows no
members beside: what is misspelt is refused.
"""

import copy
import re

import jsonschema

METHODS = ("get", "put", "post", "delete", "patch")
TEXT = {"type": "string", "minLength": 1}
REFERENCE = {"type": "object", "required": ["$ref"], "additionalProperties": False,
             "properties": {"$ref": {"type": "string", "pattern": "^#/components/(schemas|responses)/[A-Za-z0-9-]+$"}}}


def _closed(required, /, **properties):
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


def _map(of, keys=None):
    names = {"propertyNames": {"pattern": keys}} if keys else {}
    return {"type": "object", "additionalProperties": of, **names}


CONTENT = _map(_closed("schema", schema={"type": "object"}), r"^[a-z*]+/[a-z*.-]+$")
ANSWER = _closed("description", description=TEXT, content=CONTENT,
                 headers=_map(_closed("schema", schema={"type": "object"}, required={"type": "boolean"})))
PARAMETER = _closed("name in required schema", name=TEXT, required={"type": "boolean"}, schema={"type": "object"},
                    description=TEXT, **{"in": {"enum": ["path", "query", "header"]},
                                         "x-thingd-greedy": {"const": True}})
OPERATION = _closed(
    "tags operationId summary responses security",
    tags={"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
    operationId={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
    summary=TEXT, description=TEXT,
    parameters={"type": "array", "items": PARAMETER, "minItems": 1},
    requestBody=_closed("required content", required={"type": "boolean"}, content=CONTENT),
    responses={**_map({"anyOf": [REFERENCE, ANSWER]}, "^[1-5][0-9][0-9]$"), "minProperties": 1},
    security={"type": "array", "items": _map({"type": "array", "maxItems": 0})})
SCHEME = {"oneOf": [
    _closed("type in name", type={"const": "apiKey"}, name=TEXT, description=TEXT,
            **{"in": {"enum": ["header", "query", "cookie"]}, "x-amazon-apigateway-authtype": TEXT}),
    _closed("type scheme", type={"const": "http"}, scheme=TEXT, description=TEXT),
    _closed("type", type={"const": "mutualTLS"}, description=TEXT)]}
STRUCTURE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_closed(
        "openapi info servers tags paths components",
        openapi={"const": "3.1.0"},
        info=_closed("title version", title=TEXT, version=TEXT, description=TEXT),
        servers={"type": "array", "items": _closed("url", url=TEXT), "minItems": 1},
        tags={"type": "array", "items": _closed("name", name=TEXT, description=TEXT)},
        paths=_map({**_closed("", **{method: OPERATION for method in METHODS}), "minProperties": 1}, "^/"),
        components=_closed("schemas responses securitySchemes",
                           schemas=_map({"type": "object"}, r"^[A-Za-z0-9._-]+$"),
                           responses=_map(ANSWER, r"^[A-Za-z0-9._-]+$"),
                           securitySchemes=_map(SCHEME, r"^[A-Za-z0-9._-]+$")))}


def _close(part):
    """A schema that names its members has no others, unless it says so."""
    if isinstance(part, dict):
        if isinstance(part.get("properties"), dict):
            part.setdefault("additionalProperties", False)
        for child in part.values():
            _close(child)
    elif isinstance(part, list):
        for child in part:
            _close(child)


class Operation:
    def __init__(self, document, path, method, body):
        self.path, self.method, self.body = path, method.upper(), body
        self.name = body["operationId"]
        self._document = document

    def parameters(self, place):
        return {p["name"]: p for p in self.body.get("parameters", []) if p["in"] == place}

    def fits(self, method, path):
        """Does a request with this path, as it was sent, belong to this operation?"""
        labels = self.parameters("path")
        pattern = re.escape(self.path)
        for name, label in labels.items():
            greedy = label.get("x-thingd-greedy")
            pattern = pattern.replace(re.escape("{%s}" % name), ".+" if greedy else "[^/]+")
        return method == self.method and re.fullmatch(pattern, path)

    def answer(self, status):
        """What this operation answers with a status; None when the document does not know it."""
        found = self.body["responses"].get(str(status))
        if found and "$ref" in found:
            found = self._document.follow(found["$ref"])
        return found

    def answers_at_once(self):
        """It is no stream, and no upgrade to another protocol."""
        return bool({"application/json", "text/plain"} & set((self.answer(200) or {}).get("content", {})))

    def request_schema(self):
        content = self.body.get("requestBody", {"content": {}})["content"]
        return content.get("application/json", {}).get("schema")

    def answer_schema(self, status=200):
        return self.answer(status)["content"]["application/json"]["schema"]


class Document:
    def __init__(self, json):
        self.json = json
        self.operations = {}
        for path, item in json["paths"].items():
            for method, body in item.items():
                one = Operation(self, path, method, body)
                assert one.name not in self.operations, one.name
                self.operations[one.name] = one
        closed = copy.deepcopy(json)
        _close(closed["components"]["schemas"])
        self._open, self._closed = self._resolver(json), self._resolver(closed)

    @staticmethod
    def _resolver(json):
        return jsonschema.RefResolver(base_uri="", referrer=json)

    def follow(self, ref):
        at = self.json
        for key in ref.removeprefix("#/").split("/"):
            at = at[key]
        return at

    def find(self, method, path):
        """The operation of a request: the one with the fewest labels, as the router has it."""
        fitting = [o for o in self.operations.values() if o.fits(method, path)]
        return min(fitting, key=lambda o: (any("x-thingd-greedy" in p for p in o.parameters("path").values()),
                                           len(o.parameters("path"))), default=None)

    def schemas(self):
        """(where, schema) of every schema of the document."""
        found = list(self.json["components"]["schemas"].items())
        answers = list(self.json["components"]["responses"].items())
        for one in self.operations.values():
            found += [(f"{one.name} {p['name']}", p["schema"]) for p in one.body.get("parameters", [])]
            answers += [(f"{one.name} {status}", a) for status, a in one.body["responses"].items()]
            answers += [(f"{one.name} body", one.body["requestBody"])] if "requestBody" in one.body else []
        for where, answer in answers:
            found += [(where, c["schema"]) for c in answer.get("content", {}).values()]
            found += [(where, h["schema"]) for h in answer.get("headers", {}).values()]
        return found

    def complaints(self, schema, value, closed=False):
        resolver = self._closed if closed else self._open
        if closed:
            schema = copy.deepcopy(schema)
            _close(schema)
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        return [f"{e.json_path}: {e.message}" for e in validator.iter_errors(value)]

    def refuses(self, operation, parameters, body):
        """What is wrong with a request: typed parameters by name, and a JSON body or None."""
        wrong = []
        for one in operation.body.get("parameters", []):
            if one["name"] in parameters:
                wrong += self.complaints(one["schema"], parameters[one["name"]])
            elif one["required"]:
                wrong.append(f"{one['name']} is missing")
        schema = operation.request_schema()
        if schema and (body is not None or operation.body["requestBody"]["required"]):
            wrong += self.complaints(schema, {} if body is None else body)
        return wrong


# ---- the models of AWS

TYPES = {"string": "string", "integer": "integer", "long": "integer", "boolean": "boolean", "timestamp": "number",
         "list": "array", "map": "object", "structure": "object", "blob": "string"}


class Comparison:
    """Members of the document that AWS's service models do not have, or have otherwise."""

    def __init__(self, document):
        self._document = document
        self.wrong = {}
        self.compared = 0
        self._asking = False

    def _complain(self, where, what):
        self.wrong[where] = what

    def _schema(self, schema):
        return self._schema(self._document.follow(schema["$ref"])) if "$ref" in schema else schema

    def _enumeration(self, where, schema, shape):
        extra = set(schema.get("enum", [])) - set(shape.enum)
        if shape.enum and extra:
            self._complain(where, f"not in AWS's enumeration: {sorted(extra)}")

    def value(self, where, schema, shape):
        schema = self._schema(schema)
        self.compared += 1
        if schema.get("type") != TYPES[shape.type_name]:
            self._complain(where, f"{schema.get('type')} where AWS has {shape.type_name}")
        elif shape.type_name == "list":
            self.value(where + "[]", schema["items"], shape.member)
        elif shape.type_name == "map":
            self.value(where + "{}", schema["additionalProperties"], shape.value)
        elif shape.type_name == "structure":
            self.members(where, schema, shape)
        elif shape.type_name == "string":
            self._enumeration(where, schema, shape)

    def members(self, where, schema, shape, beside=()):
        """beside: members that travel elsewhere."""
        schema = self._schema(schema)
        for name, one in schema["properties"].items():
            if name in shape.members and name not in beside:
                self.value(f"{where}.{name}", one, shape.members[name])
            else:
                self._complain(f"{where}.{name}", "AWS has no such member")
        for name in set(shape.required_members) - set(beside) - set(schema.get("required", [])):
            if self._asking:
                self._complain(f"{where}.{name}", "AWS requires it")

    def _parameters(self, operation, shape):
        """Holds them against the model; returns the members of it that are none of the body."""
        places = {"uri": "path", "querystring": "query", "header": "header"}
        members = {(places.get(m.serialization.get("location")), m.serialization.get("name", name)): name
                   for name, m in (shape.members.items() if shape else ())}
        for one in operation.body.get("parameters", []):
            where, member = f"{operation.name}.{one['name']}", members.get((one["in"], one["name"]))
            if not member:
                self._complain(where, f"AWS has no such parameter in the {one['in']}")
                continue
            self.value(where, one["schema"], shape.members[member])
            if member in shape.required_members and not one["required"]:
                self._complain(where, "AWS requires it")
        return {name for (place, _), name in members.items() if place}

    def request(self, operation, shape):
        self._asking = True
        beside, schema = self._parameters(operation, shape), operation.request_schema()
        payload = shape and shape.serialization.get("payload")
        if payload and shape.members[payload].type_name == "structure":
            self.members(operation.name, schema, shape.members[payload])
        elif schema and not payload:
            self.members(operation.name, schema, shape, beside)

    def answer(self, operation, shape):
        self._asking = False
        if shape and shape.serialization.get("payload"):
            return  # a document, of which the model says nothing
        schema = self._schema(operation.answer_schema())
        if shape:
            self.members(operation.name + "()", schema, shape)
            return
        for name in schema["properties"]:
            self._complain(f"{operation.name}().{name}", "AWS answers nothing")
