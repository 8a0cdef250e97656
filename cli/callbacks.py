"""`failover callbacks …`: what clients are told, and a receiver to try it with."""

import typer

from cli import listening

app = typer.Typer(
    help="Receive callbacks as a client does, and see what arrives.", no_args_is_help=True
)

app.command(epilog="Example: failover callbacks listen --port 9000 --answer 503")(listening.listen)
