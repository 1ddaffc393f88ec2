"""Django's PostgreSQL backend on the embedded server, which starts at the first connection, not when settings load."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base, client, creation
from django.db.utils import OperationalError
from psycopg import OperationalError as DriverError
from psycopg import connect, errors, sql

from common.postgres import server


class DatabaseClient(client.DatabaseClient):
    """`dbshell` with the bundled psql, on the embedded server."""

    executable_name = str(server.bin_dir() / "psql")

    @classmethod
    def settings_to_cmd_args_env(cls, settings_dict: dict[str, Any], parameters: Iterable[str]) -> Any:
        host = server.start(Path(settings_dict["OPTIONS"]["data_dir"]))
        return super().settings_to_cmd_args_env({**settings_dict, "HOST": host}, parameters)


class DatabaseCreation(creation.DatabaseCreation):
    """Test databases live on a server of their own that never flushes to disk."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        self.use_test_server()
        return super().create_test_db(*args, **kwargs)

    def use_test_server(self) -> None:
        """From now on the connection leads there."""
        options = self.connection.settings_dict["OPTIONS"]
        if options.get("durable", True):
            options.update(data_dir=f"{options['data_dir']}-test", durable=False)


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects to the server of ``OPTIONS['data_dir']``, starting it and creating the database where missing.

    ``OPTIONS['autostart']`` False (commands that only read the code) raises OperationalError instead of starting it.
    """

    client_class = DatabaseClient
    creation_class = DatabaseCreation

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        data_dir = Path(params.pop("data_dir"))
        durable = params.pop("durable", True)
        if not params.pop("autostart", True) and not server.status(data_dir).running:
            raise OperationalError("The embedded PostgreSQL is not running. Start it with: manage.py localdb start")
        params["host"] = server.start(data_dir, durable=durable)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except DriverError as error:
            if f'database "{conn_params.get("dbname")}" does not exist' not in str(error):
                raise
            _create_database(conn_params)
            return super().get_new_connection(conn_params)


def _create_database(conn_params: dict[str, Any]) -> None:
    with connect(host=conn_params["host"], user=conn_params["user"], dbname="postgres", autocommit=True) as admin:
        try:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(conn_params["dbname"])))
        except errors.DuplicateDatabase:
            return
