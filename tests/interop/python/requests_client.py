"""`requests` as a client: sends one request."""

import sys

import requests

session = requests.Session()
session.trust_env = False
print(session.get(sys.argv[1]).text)
