"""Asterisk's files beside the dialplan: only modules that are used, loopback first, no call records."""

from collections.abc import Sequence

from acd.pbx import emergency, outside
from agents.model import Team
from config.schema import Centre

MODULES = """
app_chanspy app_db app_dial app_exec app_mixmonitor app_originate app_playback app_queue app_read app_record
app_stack app_userevent
bridge_builtin_features bridge_native_rtp bridge_simple
chan_pjsip codec_alaw codec_g722 codec_ulaw codec_resample format_pcm format_wav
func_callerid func_channel func_cut func_db func_devstate func_dialplan func_env func_global func_groupcount
func_hangupcause func_logic
func_periodic_hook func_pjsip_aor func_pjsip_contact func_strings func_timeout func_uri
pbx_config
res_manager_devicestate res_musiconhold res_pjproject
res_pjsip res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_dtmf_info
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_header_funcs
res_pjsip_nat res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration
res_pjsip_pubsub res_pjsip_refer res_pjsip_registrar
res_pjsip_sdp_rtp res_pjsip_session
res_rtp_asterisk res_sorcery_astdb res_sorcery_config res_sorcery_memory res_timing_timerfd
""".split()  # noqa: SIM905 a list of forty names reads best as words

EVENTS = (
    "Hangup",
    "DialBegin",
    "DialState",
    "BridgeEnter",
    "BridgeLeave",
    "DeviceStateChange",
    "ContactStatus",
    "FullyBooted",
)
"""What the daemon is sent, beside our own UserEvents."""

READ = ("call", "user", "system")
WRITE = ("call", "originate", "reporting")
"""The rights of the daemon's AMI user: each is needed (tests/contract/test_rights.py)."""
UNHEARD = ("Newexten", "VarSet", "RTCPSent", "RTCPReceived")
"""What Asterisk would make for every line of the dialplan and every few seconds of voice, though nobody asks
for it: most of its work for AMI, and kept in memory until every session has passed over it."""

CODECS = "alaw,ulaw"
WIDEBAND = "g722"
SESSION_S = 90
"""Every half of this phones and callers are asked whether their call goes on, else it ends, whatever they
send or do not: who is muted or held answers, who vanished does not. The least of RFC 4028."""
QUALIFY_TIMEOUT_S = 3.0


def asterisk(base: str, modules: str, data: str) -> str:
    """asterisk.conf: every folder below `base`, as Asterisk sees it."""
    folders = {
        "astetcdir": f"{base}/etc",
        "astmoddir": modules,
        "astvarlibdir": f"{base}/lib",
        "astdbdir": f"{base}/lib",
        "astkeydir": f"{base}/lib",
        "astdatadir": data,
        "astagidir": f"{base}/lib",
        "astspooldir": f"{base}/spool",
        "astrundir": f"{base}/run",
        "astlogdir": f"{base}/log",
    }
    lines = ["[directories]", *(f"{key} => {value}" for key, value in folders.items())]
    return "\n".join([*lines, "", "[options]", "verbose = 0", "debug = 0", "hideconnect = yes", ""])


def modules() -> str:
    """modules.conf: exactly these."""
    return "\n".join(["[modules]", "autoload=no", *(f"load = {each}.so" for each in MODULES), ""])


def manager(centre: Centre, secret: str) -> str:
    """manager.conf: one user of the least rights, from loopback, told only of what is used."""
    filters = [f"eventfilter(name({name})) =" for name in EVENTS]
    return "\n".join(
        [
            "[general]",
            "enabled = yes",
            f"bindaddr = {centre.pbx.ami_host}",
            f"port = {centre.pbx.ami_port}",
            "displayconnects = no",
            "timestampevents = yes",
            f"disabledevents = {','.join(UNHEARD)}",
            "",
            f"[{centre.pbx.ami_user}]",
            f"secret = {secret}",
            "deny = 0.0.0.0/0.0.0.0",
            "permit = 127.0.0.0/255.0.0.0",
            f"read = {','.join(READ)}",
            f"write = {','.join(WRITE)}",
            "writetimeout = 1000",
            *filters,
            "eventfilter(name(UserEvent),header(UserEvent),method(starts_with)) = ACD",
            "",
        ]
    )


def _way_out(name: str, gateway: str, how: Sequence[str]) -> list[str]:
    """An endpoint through which calls go out and none comes in."""
    kind = ["type = endpoint", "context = acd-emergency", "identify_by = ip", f"aors = {name}"]
    return [f"[{name}]", *kind, *how, "", f"[{name}]", "type = aor", f"contact = {gateway}", ""]


def _known_there(centre: Centre) -> bool:
    return centre.trunk is not None and bool(centre.trunk.user)


def _to_provider(centre: Centre, password: str) -> list[str]:
    """How we prove to the provider who we are, and register there."""
    trunk = centre.trunk
    if trunk is None or not trunk.user:
        return []
    escaped = password.replace("\\", "\\\\").replace(";", "\\;")  # it would begin a comment
    lines = ["[trunk]", "type = auth", "auth_type = userpass"]
    lines += [f"username = {trunk.user}", f"password = {escaped}", ""]
    if trunk.registers:
        lines += ["[trunk]", "type = registration", "transport = transport", "outbound_auth = trunk"]
        lines += [f"server_uri = sip:{trunk.provider}", f"client_uri = sip:{trunk.user}@{trunk.provider}"]
        lines += [
            f"contact_user = {centre.centre.hotline.lstrip('+')}",
            f"expiration = {trunk.expires_seconds}",
        ]
        lines += ["retry_interval = 30", "forbidden_retry_interval = 300", "fatal_retry_interval = 300"]
        lines += ["max_retries = 100000", ""]
    return lines


def pjsip(centre: Centre, roster: Team, passwords: dict[str, str], trunk: str = "") -> str:
    """pjsip.conf: the trunk by its address, phones by registration and password. trunk: our own there."""
    pbx = centre.pbx
    media = [
        "disallow = all",
        f"allow = {CODECS},{WIDEBAND}",
        "incoming_call_offer_pref = remote",  # as who calls would rather; a phone is offered that first
        "dtmf_mode = auto",
        "allow_transfer = no",
        "direct_media = no",
        "rtp_symmetric = yes",
        f"media_address = {pbx.sip_address}",
        "bind_rtp_to_media_address = yes",
    ]
    lines = [
        "[global]",
        "type = global",
        "user_agent = WelcomeCenter",
        "",
        "[transport]",
        "type = transport",
        "protocol = udp",
        f"bind = {pbx.sip_address}:{pbx.sip_port}",
        "",
        "[trunk]",
        "type = endpoint",
        "context = acd-trunk",
        "identify_by = ip",
        "timers = always",
        f"timers_sess_expires = {SESSION_S}",
        *media,
        *(["outbound_auth = trunk"] if _known_there(centre) else []),
        "",
        *_to_provider(centre, trunk),
        "[trunk]",
        "type = identify",
        "endpoint = trunk",
        *(f"match = {address}" for address in pbx.trunk_addresses),
        "",
    ]
    for name, place in emergency.places(centre):
        lines += _way_out(name, place.gateway, [f"from_user = {place.number}", *media])
    for name, _, there in outside.places(centre):
        timed = ["timers = always", f"timers_sess_expires = {SESSION_S}"]
        lines += _way_out(name, there.gateway, [f"from_user = {centre.centre.hotline}", *timed, *media])
    for agent in roster.agents:
        phone = agent.reach.address
        lines += [
            f"[{phone}]",
            "type = endpoint",
            "context = acd-phones",
            f"aors = {phone}",
            f"auth = {phone}",
            "identify_by = username",
            *(f"set_var = ACD_HELP={name}" for name in [emergency.endpoint_of(centre, phone)] if name),
            "timers = always",
            f"timers_sess_expires = {SESSION_S}",
            *media,
            "",
            f"[{phone}]",
            "type = auth",
            "auth_type = userpass",
            f"username = {phone}",
            f"password = {passwords[phone]}",
            "",
            f"[{phone}]",
            "type = aor",
            "max_contacts = 1",
            "remove_existing = yes",
            "default_expiration = 300",
            "maximum_expiration = 7200",
            f"qualify_frequency = {pbx.qualify_seconds}",
            f"qualify_timeout = {QUALIFY_TIMEOUT_S}",
            "",
        ]
    return "\n".join(lines)


def rtp(centre: Centre) -> str:
    """rtp.conf."""
    return f"[general]\nrtpstart = {centre.pbx.rtp_from}\nrtpend = {centre.pbx.rtp_to}\nicesupport = no\n"


def musiconhold(folder: str) -> str:
    """musiconhold.conf: the files of one folder."""
    return f"[default]\nmode = files\ndirectory = {folder}\n"


FIXED = {
    # Warnings quote who calls (a name in another encoding is enough), errors do not.
    "logger.conf": "[general]\n\n[logfiles]\nmessages = error\n",
    "cdr.conf": "[general]\nenable = no\n",
    "cel.conf": "[general]\nenable = no\n",
    **dict.fromkeys(("ccss.conf", "queues.conf", "udptl.conf"), "[general]\n"),
    # The SIP stack writes down whole messages that it cannot understand, with whoever sent them.
    "pjproject.conf": "[startup]\ntype = startup\nlog_level = 0\n\n[log_mappings]\ntype = log_mappings\n"
    + "".join(f"asterisk_{level} =\n" for level in ("error", "warning", "notice", "verbose", "debug")),
    "acl.conf": "; none\n",
    "indications.conf": "[general]\ncountry = de\n\n[de]\ndescription = Germany\n"
    "ringcadence = 1000,4000\nring = 425/1000,0/4000\n",
}
"""No number of a caller is written by Asterisk: no call records, and only faults in the log."""
