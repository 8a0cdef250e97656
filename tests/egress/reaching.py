"""How far tests reach: receivers on loopback, on whatever port is free."""

from ipaddress import ip_network

from egress.reach import Reach

LOOPBACK = Reach(opened=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
"""What `failover dev` opens."""
