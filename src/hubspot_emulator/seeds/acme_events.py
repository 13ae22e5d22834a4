"""What happened in `acme`: the feeds, with changes nobody made through an API."""

from __future__ import annotations

from hubspot_emulator.feeds.store import Place
from hubspot_emulator.seeds.planting import Planter

PLACES = {
    "berlin": Place("198.51.100.7", "berlin, germany", "de", "be"),
    "paris": Place("198.51.100.41", "paris, france", "fr", "idf"),
    "krakow": Place("203.0.113.12", "krakow, poland", "pl", "ma"),
    "lagos": Place("203.0.113.77", "lagos, nigeria", "ng", "la"),
    "singapore": Place("192.0.2.90", "singapore, singapore", "sg", "01"),
    "tokyo": Place("192.0.2.91", "tokyo, japan", "jp", "13"),
}
APP_8X8 = "1178801"  # app id under which the 8x8 integration was installed
LARS, PRIYA, IVAN = "lars.lindqvist@acme.test", "priya.raman@acme.test", "ivan.petrov@acme.test"

# days ago, type, actor, target user or object ("" = none): what no plan of ours explains
FOREIGN: tuple[tuple[float, str, str, str], ...] = (
    (380, "ADD_ADMIN_USER", LARS, PRIYA),
    (150, "ADD_ADMIN_USER", IVAN, "consultant@brightlabs.test"),
    (52, "ADD_ADMIN_USER", PRIYA, "kwame.mensah@acme.test"),
    (21, "ADD_ADMIN_USER", "kwame.mensah@acme.test", "chloe.dubois@acme.test"),
    (19, "REMOVE_ADMIN_USER", LARS, "hiro.tanaka@acme.test"),
    (33, "IMPERSONATE_USER", "consultant@brightlabs.test", "claire.fontaine@acme.test"),
    (6, "IMPERSONATE_USER", "kwame.mensah@acme.test", "henrik.dahl@acme.test"),
    (44, "EXPORT_USERS", "consultant@brightlabs.test", ""),
    (27, "CONTACT_DATA_EXPORT", "grace.wanjiru@acme.test", ""),
    (9, "CONTACT_DATA_EXPORT", "ben.osei@acme.test", ""),
    (4, "EXPORT", "claire.fontaine@acme.test", ""),
    (60, "PRIVATE_APP_ACCESS_TOKEN_CREATE", LARS, "3000001"),
    (18, "PRIVATE_APP_ACCESS_TOKEN_VIEW", "consultant@brightlabs.test", "3000001"),
    (3, "PRIVATE_APP_ACCESS_TOKEN_VIEW", "kwame.mensah@acme.test", "3000001"),
    (40, "PRIVATE_APP_ACCESS_TOKEN_ROTATE", PRIYA, "3000001"),
    (16, "SERVICE_KEY_CREATE", PRIYA, "4100001"),
    (15, "SERVICE_KEY_REVEAL", PRIYA, "4100001"),
    (13, "SERVICE_KEY_AUTO_ROTATE", PRIYA, "4100001"),
    (11, "PERSONAL_ACCESS_KEY_VIEW", "hiro.tanaka@acme.test", ""),
    (240, "DOMAIN_BASED_INVITES_ENABLED", LARS, ""),
    (220, "JOINED_PORTAL_VIA_DOMAIN_BASED_INVITE", "minho.park@acme-robotics.test", ""),
    (214, "JOINED_PORTAL_VIA_DOMAIN_BASED_INVITE", "hana.yoon@acme-robotics.test", ""),
    (260, "AUTOMATED_INACTIVE_USER_DEACTIVATION_ENABLED", LARS, ""),
    (57, "REMOVE_TWO_FACTOR_AUTHENTICATION", "mateo.rojas@acme.test", ""),
    (8, "REMOVE_TWO_FACTOR_AUTHENTICATION", "henrik.dahl@acme.test", ""),
    (25, "UNREQUIRE_SINGLE_SIGN_ON", "consultant@brightlabs.test", ""),
    (99, "INSTALL_INTEGRATION", "agent.ready@acme.test", APP_8X8),
    (98, "INSTALL_INTEGRATION", LARS, "1190020"),
    (22, "UNINSTALL_INTEGRATION", PRIYA, "1190020"),
    (31, "CHANGE_PASSWORD", "tom.becker@acme.test", ""),
    (30, "MANUAL_PASSWORD_RESET_EMAIL_SEND", PRIYA, "tom.becker@acme.test"),
    (10, "ALLOWED_LOGIN_METHODS_UPDATE", PRIYA, ""),
)
# days ago, category, sub category, action, actor, object
AUDITED: tuple[tuple[float, str, str, str, str, str], ...] = (
    (26, "PIPELINE", "DEAL", "UPDATE", "hiro.tanaka@acme.test", "default"),
    (20, "WORKFLOW", "", "CREATE", "lee.kim@acme.test", "88001"),
    (17, "WORKFLOW", "", "UPDATE", "hiro.tanaka@acme.test", "88001"),
    (14, "CONTENT", "BLOG_POST", "PUBLISH", "nadia.benali@acme.test", "77012"),
    (7, "PROPERTY", "CONTACT", "DELETE", "consultant@brightlabs.test", "old_score"),
    (5, "APPROVAL", "", "UPDATE", "henrik.dahl@acme.test", "6001"),
    (1, "LIST", "", "CREATE", "lee.kim@acme.test", "90210"),
)
# days ago, whose, permission, action, by whom: the permission history of HubSpot's screens
TICKED: tuple[tuple[float, str, str, str, str], ...] = (
    (52, "kwame.mensah@acme.test", "account.super_admin", "create", PRIYA),
    (21, "chloe.dubois@acme.test", "account.super_admin", "create", "kwame.mensah@acme.test"),
    (70, "sofia.andersson@acme.test", "account.modify_billing", "create", IVAN),
    (36, "sofia.andersson@acme.test", "crm_tools.export", "create", LARS),
    (28, "abdul.rahman@acme.test", "account.permanently_delete_contacts", "create", PRIYA),
    (19, "hiro.tanaka@acme.test", "account.super_admin", "delete", LARS),
    (120, "felix.braun@acme.test", "crm_tools.export", "create", LARS),  # older than 90 days
)


def plant_events(planter: Planter) -> None:
    """Write all feeds; events of people who are not in this portal are left out."""
    for days, event, actor, subject in FOREIGN:
        _plant_foreign(planter, days, event, actor, subject)
    for days, category, sub, action, actor, target in AUDITED:
        who = _id_of(planter, actor)
        if who is not None:
            at = planter.ago(days)
            planter.portal.feeds.record_audit(
                category, action, at, who, sub_category=sub or None, target_id=target
            )
    _plant_history(planter)


def _plant_foreign(planter: Planter, days: float, event: str, actor: str, subject: str) -> None:
    who, target = _id_of(planter, actor), _id_of(planter, subject)
    if who is None or (target is None and "@" in subject):
        return
    object_id = subject if subject and target is None else None
    planter.remember(event, days, who, target, object_id=object_id)


def _plant_history(planter: Planter) -> None:
    for days, whose, permission, action, by in TICKED:
        user, actor = _id_of(planter, whose), _id_of(planter, by)
        if user is not None and actor is not None:
            at = planter.ago(days)
            planter.portal.feeds.record_permission(user, permission, action, at, actor)


def _id_of(planter: Planter, email: str) -> int | None:
    identity = planter.world.identity(email) if email else None
    if identity is None:
        return None
    here = identity.id in planter.portal.members or identity.id in planter.portal.former
    return identity.id if here else None
