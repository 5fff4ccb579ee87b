"""A small server with the part of Qdrant's REST API that the driver uses, over the local mode of the client
library (`qdrant-client` on PyPI): Python and NumPy, in memory, exact. It is not Qdrant: it shows that requests
are understood and what they mean, nothing of indexes, speed or durability. Prints its address; ends with its
standard input."""
import json
import os
import re
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import BaseModel, TypeAdapter, ValidationError
from qdrant_client import QdrantClient
from qdrant_client import models as m

warnings.filterwarnings("ignore")
client = QdrantClient(":memory:")
# Local mode is not made for threads.
lock = threading.Lock()
KEY = os.environ.get("QDRANT_TEST_KEY")


class Missing(Exception):
    pass


def there(name):
    aliases = {a.alias_name for a in client.get_aliases().aliases}
    if name not in aliases and not client.collection_exists(name):
        raise Missing(name)
    return name


def create(name, body):
    if client.collection_exists(name):
        raise ValueError(f"Collection `{name}` already exists")
    made = m.CreateCollection.model_validate(body)
    return client.create_collection(
        name,
        vectors_config=made.vectors,
        sparse_vectors_config=made.sparse_vectors,
        metadata=made.metadata,
    )


def drop(name, _):
    there(name)
    return client.delete_collection(name)


def query(name, body):
    there(name)
    answers = []
    for raw in body["searches"]:
        # Which of the two it is, the server finds out from its shape.
        given = raw["query"]
        vector = m.SparseVector.model_validate(given) if isinstance(given, dict) else given
        if isinstance(given, dict) and not client.count(name).count:
            answers.append({"points": []})
            continue
        answers.append(
            client.query_points(
                name,
                query=vector,
                using=raw["using"],
                query_filter=m.Filter.model_validate(raw["filter"]) if raw.get("filter") else None,
                limit=raw["limit"],
                with_payload=raw.get("with_payload", False),
            )
        )
    return answers


def filter_of(body):
    return m.Filter.model_validate(body["filter"]) if body.get("filter") is not None else None


def scroll(name, body):
    there(name)
    points, following = client.scroll(
        name,
        scroll_filter=filter_of(body),
        limit=body["limit"],
        offset=body.get("offset"),
        with_payload=body.get("with_payload", True),
        with_vectors=body.get("with_vector", False),
    )
    return {"points": points, "next_page_offset": following}


def delete(name, body):
    there(name)
    selector = m.PointIdsList(points=body["points"]) if "points" in body else m.FilterSelector(filter=filter_of(body))
    return client.delete(name, selector)


def upsert(name, body):
    there(name)
    return client.upsert(name, TypeAdapter(list[m.PointStruct]).validate_python(body["points"]))


ACTIONS = TypeAdapter(list[m.CreateAliasOperation | m.DeleteAliasOperation | m.RenameAliasOperation])
ROUTES = [
    ("GET", r"/collections", lambda body: client.get_collections()),
    ("GET", r"/aliases", lambda body: client.get_aliases()),
    ("POST", r"/collections/aliases", lambda body: client.update_collection_aliases(ACTIONS.validate_python(body["actions"]))),
    ("PUT", r"/collections/([^/]+)", create),
    ("GET", r"/collections/([^/]+)", lambda name, body: client.get_collection(there(name))),
    ("DELETE", r"/collections/([^/]+)", drop),
    ("PUT", r"/collections/([^/]+)/index", lambda name, body: client.create_payload_index(there(name), body["field_name"], body["field_schema"])),
    ("PUT", r"/collections/([^/]+)/points", upsert),
    ("POST", r"/collections/([^/]+)/points/delete", delete),
    ("POST", r"/collections/([^/]+)/points/query/batch", query),
    ("POST", r"/collections/([^/]+)/points/scroll", scroll),
    ("POST", r"/collections/([^/]+)/points/count", lambda name, body: client.count(there(name), count_filter=filter_of(body), exact=True)),
]


def plain(value):
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        if KEY and self.headers.get("api-key") != KEY:
            return self.say(401, {"status": {"error": "Must provide an API key"}})
        path = self.path.split("?")[0]
        for method, pattern, work in ROUTES:
            named = re.fullmatch(pattern, path)
            if method != self.command or not named:
                continue
            try:
                with lock:
                    result = plain(work(*named.groups(), body))
                return self.say(200, {"result": result, "status": "ok", "time": 0})
            except Missing as name:
                return self.say(404, {"status": {"error": f"Not found: Collection `{name}` doesn't exist!"}})
            except (ValidationError, ValueError, KeyError, TypeError) as wrong:
                return self.say(400, {"status": {"error": str(wrong)}})
        self.say(404, {"status": {"error": "no such route"}})

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def say(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Callers that go away in the middle are part of the tests."""


server = Server(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
