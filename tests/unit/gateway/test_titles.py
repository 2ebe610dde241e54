"""The console says the words of playbooks as the playbooks do."""

import json

import yaml

from deploy.local.folders import CHECKOUT

PLAYBOOKS = CHECKOUT / "services" / "analysis" / "playbooks"
TITLES = CHECKOUT / "gateway" / "console" / "src" / "shell" / "titles.json"


def test_every_title_of_every_playbook_is_in_the_console() -> None:
    said = {}
    for path in PLAYBOOKS.glob("*.yaml"):
        playbook = yaml.safe_load(path.read_text())
        words = {
            kind: playbook[kind]["labels"] if isinstance(playbook[kind], dict) else playbook[kind]
            for kind in (
                *("call_types", "outcomes", "sentiments"),
                *("objections", "checklist", "client_facts"),
            )
        }
        said[playbook["name"]] = {
            kind: {each["name"]: each["title"] for each in labels if "title" in each}
            for kind, labels in words.items()
        }

    assert json.loads(TITLES.read_text()) == said
