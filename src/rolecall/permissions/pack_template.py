"""The text `pack init` writes: a pack with every key explained, valid as it stands."""

from __future__ import annotations

import json
import re

import yaml

PACK_ID = re.compile(r"\w[\w.-]*")
_TEXT_TAG = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"\w([\w .&/()-]*[\w.)])?")
_TEXT = """# A requirement pack: the least access an integration needs. `rolecall pack check` reads it.
pack: {id}
name: {name}
vendor: {vendor}
version: 1
source:
  title: Where the vendor publishes this      # a page, a document, a mail
  url: https://example.com/permissions
  read_on: {day}
applies_to: [{name}]
# app_ids: ["123456"]          # under which HubSpot's security feed reports the installation
# seat: [Core]                 # any of these kinds; leave out when any seat will do
# scopes: [crm.objects.contacts.read]
upper_bound: critical          # what counts as too much: critical permissions, or exact = anything
setup_only: false              # true: all of it is needed only while connecting
requires:
  - id: contacts-view
    title: See contacts
    permission: crm_objects.contacts.view
    at_least: own              # own, team or all; toggles need no level
  - id: marketplace
    title: Install apps
    permission: account.app_marketplace
    setup_only: true
  # - any_of:                  # one of several
  #     - {{permission: crm_tools.export}}
  #     - {{permission: crm_tools.import}}
steps:
  - who: user
    text: Open the vendor's page and choose Connect to HubSpot.
    done: HubSpot lists the app under Settings > Integrations > Connected apps.
"""


def pack_template(pack_id: str, name: str, vendor: str, day: str) -> str:
    """A new pack's YAML; `day` is the date (YYYY-MM-DD) the requirements were read."""
    return _TEXT.format(id=_quoted(pack_id), name=_quoted(name), vendor=_quoted(vendor), day=day)


def _quoted(text: str) -> str:
    """The text as YAML reads it back; plain where that is the same."""
    node = yaml.compose(text) if _PLAIN.fullmatch(text) else None
    return text if node is not None and node.tag == _TEXT_TAG else json.dumps(text)
