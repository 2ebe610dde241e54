"""What the API says of a note and of the event that tells of it (facts on AmoCRM, 2.2 and 2.4)."""

import json
from typing import Any

from deploy.sandbox.state import Sandbox
from deploy.sandbox.telephony import link
from deploy.sandbox.world import Call, Note, Quirk


def note_body(sandbox: Sandbox, call: Call, note: Note, host: str) -> dict[str, Any]:
    """Return a note as the API shows it, odd where it has quirks."""
    factor = 1000 if Quirk.MILLISECONDS in note.quirks else 1
    by_robot = Quirk.RESPONSIBLE_BY_NAME in note.quirks
    body = {
        "id": note.note_id,
        "entity_id": note.entity_id,
        "created_by": 0 if by_robot else call.user_id,
        "updated_by": 0 if by_robot else call.user_id,
        "created_at": int(note.created_at.timestamp()) * factor,
        "updated_at": int(note.updated_at.timestamp()) * factor,
        "responsible_user_id": call.user_id,
        "group_id": 0,
        "note_type": "call_in" if call.incoming else "call_out",
        "params": _params(sandbox, call, note),
        "account_id": sandbox.world.account_id,
        "_links": _self(host, f"/api/v4/{note.entity}/notes/{note.note_id}"),
    }
    if Quirk.ISO_TIMES in note.quirks:
        body["created_at"] = note.created_at.isoformat()
        body["updated_at"] = note.updated_at.isoformat()
    if Quirk.UNREADABLE in note.quirks:
        body["created_at"] = "недавно"
    if Quirk.NUMBERS_AS_STRINGS in note.quirks:
        for name in ("entity_id", "created_at", "updated_at", "responsible_user_id"):
            body[name] = str(body[name])
    return body


def event_body(sandbox: Sandbox, call: Call, note: Note, host: str) -> dict[str, Any]:
    """Return the event that tells of a note; it names the note and no more of it."""
    one = note.entity.one
    entity = {
        "id": note.entity_id,
        "_links": _self(host, f"/api/v4/{note.entity}/{note.entity_id}"),
    }
    event_id = f"01sandbox{note.note_id:017d}"
    return {
        "id": event_id,
        "type": event_type(call),
        "entity_id": note.entity_id,
        "entity_type": one,
        "created_by": call.user_id,
        "created_at": int(note.created_at.timestamp()),
        "value_after": [{"note": {"id": note.note_id}}],
        "value_before": [],
        "account_id": sandbox.world.account_id,
        "_links": _self(host, f"/api/v4/events/{event_id}"),
        "_embedded": {"entity": entity},
    }


def event_type(call: Call) -> str:
    return "incoming_call" if call.incoming else "outgoing_call"


def _params(sandbox: Sandbox, call: Call, note: Note) -> dict[str, Any] | str:
    if Quirk.PARAMS_MISSING in note.quirks:
        return {}
    params: dict[str, Any] = {
        "uniq": note.uniq,
        "duration": call.duration_seconds,
        "source": call.source,
        "link": link(sandbox, call, note),
        "phone": call.phone,
        "call_result": "",
        "call_status": call.call_status,
        "call_responsible": call.user_id,
    }
    if Quirk.CLOCK_DURATION in note.quirks:
        minutes, seconds = divmod(call.duration_seconds, 60)
        params["duration"] = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if Quirk.LINK_IN_BRACKETS in note.quirks and params["link"]:
        params["link"] = f"({params['link'].replace('http', 'HTTP', 1).replace('&', '&amp;')})."
    if Quirk.UNREADABLE in note.quirks:
        params |= {"duration": "недолго", "link": ""}
    if Quirk.LINK_IN_TEXT in note.quirks:
        params["text"] = f"Запись разговора: {params.pop('link')} (хранится 30 дней)"
    if Quirk.RESPONSIBLE_BY_NAME in note.quirks:
        names = {user.user_id: user.name for user in sandbox.world.users}
        params["call_responsible"] = names.get(call.user_id, "")
    if Quirk.NUMBERS_AS_STRINGS in note.quirks:
        for name in ("duration", "call_status", "call_responsible"):
            params[name] = str(params[name])
    if Quirk.PARAMS_AS_STRING in note.quirks:
        return json.dumps(params, ensure_ascii=False)
    return params


def _self(host: str, path: str) -> dict[str, Any]:
    return {"self": {"href": f"http://{host}{path}"}}
