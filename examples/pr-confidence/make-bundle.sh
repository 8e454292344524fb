#!/usr/bin/env bash
# Makes parcel-tracker.bundle: a small repository whose branch feature/webhooks answers ticket.md, all but one
# criterion, and leaves one document behind. Dates, names and contents are fixed, so every run gives the same commits.
# Usage: ./make-bundle.sh [OUTPUT]
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "${BASH_SOURCE[0]}")/parcel-tracker.bundle}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 TZ=UTC LC_ALL=C
clock=1772445600    # 2026-03-02 10:00 UTC
commit() {    # commit AUTHOR MESSAGE: everything in the folder, an hour and a half after the last commit
    clock=$((clock + 5400))
    git add -A
    GIT_AUTHOR_NAME="$1" GIT_AUTHOR_EMAIL="$(echo "${1%% *}" | tr '[:upper:]' '[:lower:]')@parcel-tracker.example" GIT_AUTHOR_DATE="$clock +0000" \
        GIT_COMMITTER_NAME="$1" GIT_COMMITTER_EMAIL="ci@parcel-tracker.example" GIT_COMMITTER_DATE="$clock +0000" \
        git commit --quiet --no-gpg-sign -m "$2"
}
git init --quiet --initial-branch=main

# ---------------------------------------------------------------------------------------------- the service as it was
mkdir -p parcel_tracker tests docs
cat > README.md <<'EOF'
# parcel-tracker

Follows parcels of several carriers and answers where they are, over HTTP and on the command line.

    pip install parcel-tracker
    parcel-tracker add 4711 northpost
    parcel-tracker serve --port 8080

- [API guide](docs/api.md)
- [Operations](docs/operations.md)
- [Carriers](docs/carriers.md)

![How it works](docs/overview.png)
EOF
cat > docs/api.md <<'EOF'
# API guide

All bodies are JSON.

## `GET /parcels/{id}`

Answers with the parcel: `id`, `carrier`, `status` and `updated_at`. Unknown parcels give 404.

## `POST /parcels`

Body: `id` and `carrier`. Adds a parcel; answers 201, or 409 if it is already followed.
EOF
cat > docs/operations.md <<'EOF'
# Operations

## Polling

One process asks the carriers for news:

    parcel-tracker poll --interval 5

The interval is in minutes. Do not go below one: carriers block clients that ask too often. On our machines
`--interval 5` keeps the load of the database under a tenth of a core.

## Database

All state is in one SQLite file. Set `PARCEL_DATABASE` to its path; the default is `parcels.db` in the working folder.
Copy it with `sqlite3 parcels.db ".backup copy.db"` while the service runs.

## When a carrier is down

`poll_once` skips a carrier that does not answer and goes on with the next one; the log names it.
EOF
cat > docs/carriers.md <<'EOF'
# Carriers

A carrier is a class with a method `fetch_status(parcel_id)` that returns one of `announced`, `in_transit`, `delivered`
or `lost`. Register it in `CARRIERS` in `parcel_tracker/carriers.py`.
EOF
cat > CHANGELOG.md <<'EOF'
# Changelog

## 1.4.0

- `parcel-tracker poll` has an option `--interval`.
EOF
cat > pyproject.toml <<'EOF'
[project]
name = "parcel-tracker"
version = "1.4.0"
requires-python = ">=3.10"

[project.scripts]
parcel-tracker = "parcel_tracker.cli:main"
EOF
echo '"""Follows parcels of several carriers."""' > parcel_tracker/__init__.py
cat > parcel_tracker/store.py <<'EOF'
"""Where parcels are kept."""
import sqlite3
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE IF NOT EXISTS parcels (
    id TEXT PRIMARY KEY,
    carrier TEXT NOT NULL,
    status TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Parcel:
    id: str
    carrier: str
    status: str
    updated_at: str


class ParcelStore:
    def __init__(self, path):
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.executescript(SCHEMA)

    def add(self, parcel_id, carrier, now):
        self.connection.execute(
            "INSERT INTO parcels (id, carrier, status, updated_at) VALUES (?, ?, 'announced', ?)",
            (parcel_id, carrier, now),
        )
        self.connection.commit()

    def find(self, parcel_id):
        row = self.connection.execute(
            "SELECT id, carrier, status, updated_at FROM parcels WHERE id = ?", (parcel_id,)
        ).fetchone()
        return Parcel(*row) if row else None

    def open_parcels(self):
        rows = self.connection.execute(
            "SELECT id, carrier, status, updated_at FROM parcels WHERE status NOT IN ('delivered', 'lost') ORDER BY id"
        )
        return [Parcel(*row) for row in rows]

    def set_status(self, parcel_id, status, now):
        self.connection.execute(
            "UPDATE parcels SET status = ?, updated_at = ? WHERE id = ?", (status, now, parcel_id)
        )
        self.connection.commit()
EOF
cat > parcel_tracker/carriers.py <<'EOF'
"""The carriers we can ask."""
import json
import urllib.request


class NorthPost:
    url = "https://api.northpost.example/v2/items/"

    def fetch_status(self, parcel_id):
        with urllib.request.urlopen(self.url + parcel_id, timeout=10) as answer:
            return json.load(answer)["state"]


class SwiftLine:
    url = "https://swiftline.example/track?code="

    def fetch_status(self, parcel_id):
        with urllib.request.urlopen(self.url + parcel_id, timeout=10) as answer:
            return json.load(answer)["shipment"]["status"]


CARRIERS = {"northpost": NorthPost(), "swiftline": SwiftLine()}
EOF
cat > parcel_tracker/poll.py <<'EOF'
"""Asks the carriers for news."""
import logging
import time

from parcel_tracker.carriers import CARRIERS
from parcel_tracker.clock import now_iso

log = logging.getLogger(__name__)


def poll_once(store, carriers=CARRIERS):
    """Asks once for each open parcel; gives the ids of those that changed."""
    changed = []
    for parcel in store.open_parcels():
        try:
            status = carriers[parcel.carrier].fetch_status(parcel.id)
        except (OSError, KeyError) as problem:
            log.warning("carrier %s gave no answer: %s", parcel.carrier, problem)
            continue
        if status != parcel.status:
            store.set_status(parcel.id, status, now_iso())
            changed.append(parcel.id)
    return changed


def poll_forever(store, interval_minutes, sleep=time.sleep):
    while True:
        poll_once(store)
        sleep(interval_minutes * 60)
EOF
cat > parcel_tracker/clock.py <<'EOF'
"""The only place that asks what time it is."""
from datetime import datetime, timezone


def now_iso():
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
EOF
cat > parcel_tracker/api.py <<'EOF'
"""The HTTP interface, without a framework."""
import json
import sqlite3
from dataclasses import asdict

from parcel_tracker.clock import now_iso


def get_parcel(app, params, body):
    parcel = app.store.find(params["id"])
    return (200, asdict(parcel)) if parcel else (404, {"error": "unknown parcel"})


def add_parcel(app, params, body):
    try:
        app.store.add(body["id"], body["carrier"], now_iso())
    except sqlite3.IntegrityError:
        return 409, {"error": "already followed"}
    return 201, {"id": body["id"]}


ROUTES = [
    ("GET", "/parcels/{id}", get_parcel),
    ("POST", "/parcels", add_parcel),
]


class App:
    def __init__(self, store):
        self.store = store

    def handle(self, method, path, body=b""):
        for route_method, template, handler in ROUTES:
            params = match(template, path)
            if route_method == method and params is not None:
                return handler(self, params, json.loads(body or b"{}"))
        return 404, {"error": "no such route"}


def match(template, path):
    """The parameters of a path, or None if it has another shape."""
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    params = {}
    for want, have in zip(wanted, given):
        if want.startswith("{"):
            params[want[1:-1]] = have
        elif want != have:
            return None
    return params
EOF
cat > parcel_tracker/cli.py <<'EOF'
"""The command line."""
import argparse
import os

from parcel_tracker.clock import now_iso
from parcel_tracker.poll import poll_forever
from parcel_tracker.store import ParcelStore


def build_parser():
    parser = argparse.ArgumentParser(prog="parcel-tracker")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="follow a parcel")
    add.add_argument("id")
    add.add_argument("carrier")
    poll = commands.add_parser("poll", help="ask the carriers for news")
    poll.add_argument("--interval", type=int, default=5, help="minutes between two rounds")
    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--port", type=int, default=8080)
    return parser


def main(argv=None):
    options = build_parser().parse_args(argv)
    store = ParcelStore(os.environ.get("PARCEL_DATABASE", "parcels.db"))
    if options.command == "add":
        store.add(options.id, options.carrier, now_iso())
    elif options.command == "poll":
        poll_forever(store, options.interval)
    elif options.command == "serve":
        from parcel_tracker.server import serve

        serve(store, options.port)
EOF
cat > parcel_tracker/server.py <<'EOF'
"""Puts the application behind Python's own HTTP server."""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from parcel_tracker.api import App


def serve(store, port):
    app = App(store)

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            status, body = app.handle(self.command, self.path, self.rfile.read(length))
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = answer

    ThreadingHTTPServer(("", port), Handler).serve_forever()
EOF
cat > tests/test_api.py <<'EOF'
import json
import unittest

from parcel_tracker.api import App
from parcel_tracker.store import ParcelStore


class ApiTest(unittest.TestCase):
    def setUp(self):
        self.app = App(ParcelStore(":memory:"))

    def post(self, path, **body):
        return self.app.handle("POST", path, json.dumps(body).encode())

    def test_an_added_parcel_can_be_read(self):
        self.assertEqual(201, self.post("/parcels", id="4711", carrier="northpost")[0])
        status, parcel = self.app.handle("GET", "/parcels/4711")
        self.assertEqual((200, "announced"), (status, parcel["status"]))

    def test_a_parcel_is_added_once(self):
        self.post("/parcels", id="4711", carrier="northpost")
        self.assertEqual(409, self.post("/parcels", id="4711", carrier="northpost")[0])

    def test_an_unknown_parcel_is_not_found(self):
        self.assertEqual(404, self.app.handle("GET", "/parcels/0815")[0])
EOF
cat > tests/test_poll.py <<'EOF'
import unittest

from parcel_tracker.poll import poll_once
from parcel_tracker.store import ParcelStore


class Carrier:
    def __init__(self, status):
        self.status = status

    def fetch_status(self, parcel_id):
        if self.status is None:
            raise OSError("unreachable")
        return self.status


class PollTest(unittest.TestCase):
    def setUp(self):
        self.store = ParcelStore(":memory:")
        self.store.add("4711", "northpost", "2026-03-01T08:00:00+00:00")

    def test_a_changed_status_is_stored(self):
        self.assertEqual(["4711"], poll_once(self.store, {"northpost": Carrier("in_transit")}))
        self.assertEqual("in_transit", self.store.find("4711").status)

    def test_a_silent_carrier_is_skipped(self):
        self.assertEqual([], poll_once(self.store, {"northpost": Carrier(None)}))
        self.assertEqual("announced", self.store.find("4711").status)
EOF
touch tests/__init__.py
png() { base64 -d > "$1" <<<"$2"; }
png docs/overview.png iVBORw0KGgoAAAANSUhEUgAAABAAAAAICAIAAAB/FOjAAAAAH0lEQVR42mP48OErHGlELYAjXOIMg1ADMYqQxQehBgA0pv3BktPjHgAAAABJRU5ErkJggg==
commit "Ines Falk" "Follow parcels over HTTP and on the command line

The service asks two carriers and keeps what they say in SQLite."
git tag v1.4.0
git switch --quiet -c feature/webhooks

# ------------------------------------------------------------------------------------------------------- the range
git mv parcel_tracker/poll.py parcel_tracker/poller.py
git mv tests/test_poll.py tests/test_poller.py
sed -i 's/parcel_tracker\.poll /parcel_tracker.poller /' parcel_tracker/cli.py tests/test_poller.py
sed -i -e 's/def poll_forever(store, interval_minutes, sleep=time.sleep):/def poll_forever(store, interval_seconds, sleep=time.sleep):/' \
    -e 's/sleep(interval_minutes \* 60)/sleep(interval_seconds)/' parcel_tracker/poller.py
sed -i -e 's/poll.add_argument("--interval", type=int, default=5, help="minutes between two rounds")/poll.add_argument("--interval-seconds", type=int, default=60, help="seconds between two rounds")/' \
    -e 's/options\.interval)/options.interval_seconds)/' parcel_tracker/cli.py
cat > tests/test_cli.py <<'EOF'
import unittest

from parcel_tracker.cli import build_parser


class PollOptionsTest(unittest.TestCase):
    def test_carriers_are_polled_every_minute_unless_told_otherwise(self):
        self.assertEqual(60, build_parser().parse_args(["poll"]).interval_seconds)

    def test_the_polling_interval_is_given_in_seconds(self):
        self.assertEqual(15, build_parser().parse_args(["poll", "--interval-seconds", "15"]).interval_seconds)
EOF
commit "Ines Falk" "Poll carriers every N seconds instead of minutes

Webhooks promise news within a minute; an interval in minutes cannot keep
that. --interval-seconds replaces --interval. The module is renamed to say
what it is.

PARCEL-142"

cat > parcel_tracker/webhooks.py <<'EOF'
"""Webhooks: shops register a callback and are called when a parcel is delivered."""
from dataclasses import dataclass
from urllib.parse import urlsplit

SCHEMA = """
CREATE TABLE IF NOT EXISTS webhooks (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    UNIQUE (shop, url)
);
"""


@dataclass(frozen=True)
class Webhook:
    id: int
    shop: str
    url: str
    secret: str


class RefusedUrl(ValueError):
    """The callback is not an https URL with a host."""


class WebhookRegistry:
    def __init__(self, connection):
        self.connection = connection
        self.connection.executescript(SCHEMA)

    def register(self, shop, url, secret):
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise RefusedUrl(url)
        cursor = self.connection.execute(
            "INSERT INTO webhooks (shop, url, secret) VALUES (?, ?, ?)"
            " ON CONFLICT (shop, url) DO UPDATE SET secret = excluded.secret",
            (shop, url, secret),
        )
        self.connection.commit()
        return cursor.lastrowid

    def all(self):
        rows = self.connection.execute("SELECT id, shop, url, secret FROM webhooks ORDER BY id")
        return [Webhook(*row) for row in rows]
EOF
python3 - <<'EOF'
import re
path = "parcel_tracker/api.py"
text = open(path).read()
text = text.replace('from parcel_tracker.clock import now_iso\n', 'from parcel_tracker.clock import now_iso\nfrom parcel_tracker.webhooks import RefusedUrl, WebhookRegistry\n')
text = text.replace('''ROUTES = [
''', '''def register_webhook(app, params, body):
    try:
        app.webhooks.register(body["shop"], body["url"], body["secret"])
    except RefusedUrl:
        return 422, {"error": "the callback must be an https URL"}
    return 201, {"url": body["url"]}


ROUTES = [
''')
text = text.replace('''    ("POST", "/parcels", add_parcel),
''', '''    ("POST", "/parcels", add_parcel),
    ("POST", "/webhooks", register_webhook),
''')
text = text.replace('''        self.store = store

''', '''        self.store = store
        self.webhooks = WebhookRegistry(store.connection)

''')
open(path, "w").write(text)
path = "tests/test_api.py"
text = open(path).read()
text += '''
    def test_a_shop_registers_a_webhook(self):
        status, body = self.post("/webhooks", shop="toys", url="https://toys.example/hook", secret="s3")
        self.assertEqual((201, "https://toys.example/hook"), (status, body["url"]))
        self.assertEqual(["toys"], [webhook.shop for webhook in self.app.webhooks.all()])

    def test_a_callback_url_that_is_not_https_is_refused(self):
        for url in ("http://toys.example/hook", "ftp://toys.example", "https://", "toys"):
            self.assertEqual(422, self.post("/webhooks", shop="toys", url=url, secret="s3")[0])
'''
open(path, "w").write(text)
EOF
commit "Tomas Berg" "Let shops register webhooks with POST /webhooks

Only https callbacks are accepted: the payload tells who received what.
Registering the same URL again replaces the secret.

PARCEL-142"

cat > parcel_tracker/dispatch.py <<'EOF'
"""Calls the webhooks when a parcel is delivered."""
import hashlib
import hmac
import json
import urllib.request

SIGNATURE_HEADER = "X-Parcel-Signature"


def build_payload(parcel):
    """The JSON payload: which parcel, which status, and when it was delivered."""
    return json.dumps(
        {"parcel": parcel.id, "status": parcel.status, "delivered_at": parcel.updated_at}, sort_keys=True
    ).encode()


def sign(body, secret):
    """HMAC-SHA256 of the body, made with the shop's secret."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(url, body, headers):
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


class Dispatcher:
    def __init__(self, registry, post=post):
        self.registry = registry
        self.post = post

    def parcel_delivered(self, parcel):
        """Calls each registered webhook once."""
        body = build_payload(parcel)
        for webhook in self.registry.all():
            headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, webhook.secret)}
            self.post(webhook.url, body, headers)
EOF
cat > tests/test_dispatch.py <<'EOF'
import hashlib
import hmac
import json
import unittest

from parcel_tracker.dispatch import SIGNATURE_HEADER, Dispatcher
from parcel_tracker.store import Parcel, ParcelStore
from parcel_tracker.webhooks import WebhookRegistry

DELIVERED = Parcel("4711", "northpost", "delivered", "2026-03-02T09:30:00+00:00")


class DispatchTest(unittest.TestCase):
    def setUp(self):
        self.calls = []
        self.registry = WebhookRegistry(ParcelStore(":memory:").connection)
        self.registry.register("toys", "https://toys.example/hook", "s3")
        self.registry.register("books", "https://books.example/hook", "s4")

    def post(self, url, body, headers):
        self.calls.append((url, body, headers))
        return 200

    def test_each_registered_webhook_receives_the_payload_of_a_delivered_parcel(self):
        Dispatcher(self.registry, self.post).parcel_delivered(DELIVERED)
        self.assertEqual(["https://toys.example/hook", "https://books.example/hook"], [call[0] for call in self.calls])
        payload = json.loads(self.calls[0][1])
        self.assertEqual({"parcel": "4711", "status": "delivered", "delivered_at": "2026-03-02T09:30:00+00:00"}, payload)

    def test_the_signature_header_is_an_hmac_of_the_body_with_the_secret_of_the_shop(self):
        Dispatcher(self.registry, self.post).parcel_delivered(DELIVERED)
        for (_, body, headers), secret in zip(self.calls, ("s3", "s4")):
            expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            self.assertEqual(expected, headers[SIGNATURE_HEADER])
EOF
python3 - <<'EOF'
path = "parcel_tracker/poller.py"
text = open(path).read()
text = text.replace('def poll_once(store, carriers=CARRIERS):', 'def poll_once(store, carriers=CARRIERS, dispatcher=None):')
text = text.replace('''            changed.append(parcel.id)
''', '''            changed.append(parcel.id)
            if status == "delivered" and dispatcher is not None:
                dispatcher.parcel_delivered(store.find(parcel.id))
''')
text = text.replace('def poll_forever(store, interval_seconds, sleep=time.sleep):', 'def poll_forever(store, interval_seconds, dispatcher=None, sleep=time.sleep):')
text = text.replace('''        poll_once(store)
''', '''        poll_once(store, dispatcher=dispatcher)
''')
open(path, "w").write(text)
path = "parcel_tracker/cli.py"
text = open(path).read()
text = text.replace('from parcel_tracker.clock import now_iso\n', 'from parcel_tracker.clock import now_iso\nfrom parcel_tracker.dispatch import Dispatcher\n')
text = text.replace('from parcel_tracker.store import ParcelStore\n', 'from parcel_tracker.store import ParcelStore\nfrom parcel_tracker.webhooks import WebhookRegistry\n')
text = text.replace('poll_forever(store, options.interval_seconds)', 'poll_forever(store, options.interval_seconds, Dispatcher(WebhookRegistry(store.connection)))')
open(path, "w").write(text)
path = "tests/test_poller.py"
text = open(path).read()
text += '''
    def test_webhooks_are_called_when_a_parcel_becomes_delivered(self):
        delivered = []

        class Dispatcher:
            def parcel_delivered(self, parcel):
                delivered.append(parcel.id)

        poll_once(self.store, {"northpost": Carrier("in_transit")}, Dispatcher())
        self.assertEqual([], delivered)
        poll_once(self.store, {"northpost": Carrier("delivered")}, Dispatcher())
        self.assertEqual(["4711"], delivered)
'''
open(path, "w").write(text)
EOF
commit "Tomas Berg" "Call webhooks with a signed payload when a parcel is delivered

The signature is an HMAC-SHA256 over the exact bytes that are sent, so that
a shop can check it before it parses anything.

PARCEL-142"

python3 - <<'EOF'
path = "parcel_tracker/dispatch.py"
text = open(path).read()
text = text.replace('''import json
import urllib.request

SIGNATURE_HEADER = "X-Parcel-Signature"
''', '''import json
import time
import urllib.request

SIGNATURE_HEADER = "X-Parcel-Signature"
MAX_RETRIES = 5
FIRST_BACKOFF_SECONDS = 2
''')
start = text.index("class Dispatcher:")
text = text[:start] + '''class Dispatcher:
    def __init__(self, registry, call_log=None, post=post, sleep=time.sleep):
        self.registry = registry
        self.call_log = call_log
        self.post = post
        self.sleep = sleep

    def parcel_delivered(self, parcel):
        """Calls each registered webhook, and again while it fails."""
        body = build_payload(parcel)
        for webhook in self.registry.all():
            headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, webhook.secret)}
            attempts = self.call_with_retries(webhook.url, body, headers)
            if attempts is None and self.call_log is not None:
                self.call_log.record_lost(webhook.url, parcel.id)

    def call_with_retries(self, url, body, headers):
        """The number of attempts it took, or None when every retry failed. The backoff doubles each time."""
        for attempt in range(MAX_RETRIES + 1):
            if attempt > 0:
                self.sleep(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1))
            try:
                if 200 <= self.post(url, body, headers) < 300:
                    return attempt + 1
            except OSError:
                continue
        return None
'''
open(path, "w").write(text)
path = "parcel_tracker/webhooks.py"
text = open(path).read()
text = text.replace('from dataclasses import dataclass\nfrom urllib.parse import urlsplit\n', 'from dataclasses import dataclass\nfrom urllib.parse import urlsplit\n\nfrom parcel_tracker.clock import now_iso\n')
text = text.replace('''    UNIQUE (shop, url)
);
''', '''    UNIQUE (shop, url)
);
CREATE TABLE IF NOT EXISTS lost_calls (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    parcel TEXT NOT NULL,
    lost_at TEXT NOT NULL
);
''')
text += '''

@dataclass(frozen=True)
class LostCall:
    url: str
    parcel: str
    lost_at: str


class CallLog:
    """Calls that failed after the last retry."""

    def __init__(self, connection, now=now_iso):
        self.connection = connection
        self.connection.executescript(SCHEMA)
        self.now = now

    def record_lost(self, url, parcel):
        self.connection.execute("INSERT INTO lost_calls (url, parcel, lost_at) VALUES (?, ?, ?)", (url, parcel, self.now()))
        self.connection.commit()
'''
open(path, "w").write(text)
path = "parcel_tracker/cli.py"
text = open(path).read()
text = text.replace('from parcel_tracker.webhooks import WebhookRegistry\n', 'from parcel_tracker.webhooks import CallLog, WebhookRegistry\n')
text = text.replace('''        poll_forever(store, options.interval_seconds, Dispatcher(WebhookRegistry(store.connection)))
''', '''        dispatcher = Dispatcher(WebhookRegistry(store.connection), CallLog(store.connection))
        poll_forever(store, options.interval_seconds, dispatcher)
''')
open(path, "w").write(text)
path = "tests/test_dispatch.py"
text = open(path).read()
text = text.replace('from parcel_tracker.webhooks import WebhookRegistry\n', 'from parcel_tracker.webhooks import CallLog, WebhookRegistry\n')
text = text.replace('Dispatcher(self.registry, self.post)', 'Dispatcher(self.registry, post=self.post)')
text += '''

class RetryTest(unittest.TestCase):
    def setUp(self):
        connection = ParcelStore(":memory:").connection
        self.registry = WebhookRegistry(connection)
        self.registry.register("toys", "https://toys.example/hook", "s3")
        self.call_log = CallLog(connection, now=lambda: "2026-03-02T10:00:00+00:00")
        self.slept = []

    def dispatch(self, answers):
        answers = iter(answers)

        def post(url, body, headers):
            answer = next(answers)
            if answer is None:
                raise OSError("refused")
            return answer

        Dispatcher(self.registry, self.call_log, post, self.slept.append).parcel_delivered(DELIVERED)

    def test_a_failed_call_is_retried_until_it_succeeds(self):
        self.dispatch([500, None, 204])
        self.assertEqual([2, 4], self.slept)

    def test_after_five_retries_with_exponential_backoff_the_call_is_recorded_as_lost(self):
        self.dispatch([503] * 6)
        self.assertEqual([2, 4, 8, 16, 32], self.slept)
        rows = self.call_log.connection.execute("SELECT url, parcel FROM lost_calls").fetchall()
        self.assertEqual([("https://toys.example/hook", "4711")], rows)
'''
open(path, "w").write(text)
EOF
commit "Tomas Berg" "Retry failed webhook calls with exponential backoff

Five retries, 2 to 32 seconds apart; what fails then is recorded as lost so
that support can see it.

PARCEL-142"

python3 - <<'EOF'
path = "parcel_tracker/webhooks.py"
text = open(path).read()
text += '''
    def lost_calls(self):
        """The newest first."""
        rows = self.connection.execute("SELECT url, parcel, lost_at FROM lost_calls ORDER BY lost_at DESC, id DESC")
        return [LostCall(*row) for row in rows]
'''
open(path, "w").write(text)
path = "parcel_tracker/cli.py"
text = open(path).read()
text = text.replace('''    return parser
''', '''    webhooks = commands.add_parser("webhooks", help="look after webhooks")
    actions = webhooks.add_subparsers(dest="action", required=True)
    actions.add_parser("lost", help="list the lost calls, the newest first")
    return parser
''')
text += '''    elif options.command == "webhooks":
        print_lost_calls(CallLog(store.connection))


def print_lost_calls(call_log, write=print):
    for call in call_log.lost_calls():
        write(f"{call.lost_at}  {call.parcel}  {call.url}")
'''
open(path, "w").write(text)
path = "tests/test_cli.py"
text = open(path).read()
text = text.replace('''from parcel_tracker.cli import build_parser
''', '''from parcel_tracker.cli import build_parser, print_lost_calls
from parcel_tracker.store import ParcelStore
from parcel_tracker.webhooks import CallLog
''')
text += '''

class LostWebhooksTest(unittest.TestCase):
    def test_lost_calls_are_listed_newest_first(self):
        times = iter(["2026-03-02T10:00:00+00:00", "2026-03-03T10:00:00+00:00"])
        call_log = CallLog(ParcelStore(":memory:").connection, now=lambda: next(times))
        call_log.record_lost("https://toys.example/hook", "4711")
        call_log.record_lost("https://books.example/hook", "0815")
        lines = []
        print_lost_calls(call_log, lines.append)
        self.assertEqual(
            [
                "2026-03-03T10:00:00+00:00  0815  https://books.example/hook",
                "2026-03-02T10:00:00+00:00  4711  https://toys.example/hook",
            ],
            lines,
        )
'''
open(path, "w").write(text)
EOF
commit "Ines Falk" "List lost webhook calls on the command line

Support asked for the newest first: that is the one the shop is on the
phone about.

PARCEL-142"

python3 - <<'EOF'
path = "README.md"
text = open(path).read()
text = text.replace('''    parcel-tracker serve --port 8080
''', '''    parcel-tracker serve --port 8080
    parcel-tracker poll --interval-seconds 60

Shops can be called when a parcel is delivered: see [webhooks](docs/api.md#post-webhooks).
''')
open(path, "w").write(text)
path = "docs/api.md"
text = open(path).read()
text += '''
## `POST /webhooks`

Body: `shop`, `url` and `secret`. The URL must be `https`, else the answer is 422. When a parcel is delivered, each
registered URL receives:

    {"delivered_at": "2026-03-02T09:30:00+00:00", "parcel": "4711", "status": "delivered"}

The header `X-Parcel-Signature` is `sha256=` and the HMAC-SHA256 of the body with your secret. Answer with any 2xx
status; other answers are retried five times.
'''
open(path, "w").write(text)
path = "CHANGELOG.md"
text = open(path).read()
text = text.replace('''## 1.4.0
''', '''## 1.5.0

- Webhooks: `POST /webhooks`, `parcel-tracker webhooks lost`.
- `parcel-tracker poll` takes `--interval-seconds`; `--interval` (minutes) is gone.

## 1.4.0
''')
open(path, "w").write(text)
path = "pyproject.toml"
text = open(path).read()
open(path, "w").write(text.replace('version = "1.4.0"', 'version = "1.5.0"'))
EOF
png docs/overview.png iVBORw0KGgoAAAANSUhEUgAAABAAAAAICAIAAAB/FOjAAAAAHUlEQVR42mPQiFqAhj58+ApHzyo00BDDqAZaaAAA/vPaIcsCT1kAAAAASUVORK5CYII=
commit "Ines Falk" "Describe webhooks in the README and the API guide

The overview picture shows the calls to the shops now.

PARCEL-142"

# --------------------------------------------------------------------------------- main goes on: the merge base is older
git switch --quiet main
python3 - <<'EOF'
path = "parcel_tracker/carriers.py"
text = open(path).read()
open(path, "w").write(text.replace("timeout=10", "timeout=20"))
EOF
commit "Ada Quist" "Give slow carriers twenty seconds

NorthPost needs more than ten in the evening."

git -c pack.threads=1 bundle create --quiet "$out" main feature/webhooks v1.4.0
echo "main             $(git rev-parse main)"
echo "feature/webhooks $(git rev-parse feature/webhooks)"
