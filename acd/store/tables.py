"""The tables of the three stores. Times of people are UTC; times of the engine are epoch milliseconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from acd.history.sums import COUNTS

JOURNAL = MetaData()
RECORDS = MetaData()
VAULT = MetaData()

events = Table(
    "journal_event",
    JOURNAL,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("term", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("cause", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("crc", BigInteger),
)
blobs = Table(
    "journal_blob",
    JOURNAL,
    Column("digest", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
skipped = Table(
    "journal_skipped",
    JOURNAL,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("error", String(300), nullable=False),
)
decisions = Table(
    "journal_decision",
    JOURNAL,
    Column("offer", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("visit", BigInteger, nullable=False),
    Column("agent", String(40), nullable=False),
)
snapshots = Table(
    "journal_snapshot",
    JOURNAL,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("release", String(40), nullable=False),
    Column("world", LargeBinary, nullable=False),
    Column("crc", BigInteger),
)

Moment = DateTime(timezone=True)

visits = Table(
    "visit",
    RECORDS,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("node", String(40), nullable=False),
    Column("call", String(80), nullable=False),
    Column("line", String(40), nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("token", String(32), nullable=False, default=""),
    Column("language", String(10), nullable=False, default=""),
    Column("concern", String(40), nullable=False, default=""),
    Column("second", String(10), nullable=False, default=""),
    Column("arrived_at", Moment, nullable=False),
    Column("queued_at", Moment),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Column("wait_since_answer_ms", BigInteger),
    Column("wait_since_queue_ms", BigInteger),
    Column("offers", Integer, nullable=False, default=0),
    Column("answered_by", String(40), nullable=False, default=""),
    Column("outcome", String(40), nullable=False, default=""),
    Column("ended_by", String(20), nullable=False, default=""),
    Column("reason", String(80), nullable=False, default=""),
    Column("degraded", Boolean, nullable=False, default=False),
    Column("consent", String(10), nullable=False, default="", server_default=""),
    Column("case", String(40), nullable=False, default="", server_default=""),
    Column("owner", String(40), nullable=False, default="", server_default=""),
    Column("classes", String(200), nullable=False, default="", server_default=""),
    Column("kind", String(20), nullable=False, default="voice", server_default="voice"),
    Column("rejoins", BigInteger),
    Column("origin", BigInteger, nullable=False, default=0, server_default="0"),
    Column("promised_from", Moment),
    Column("promised_until", Moment),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("message", String(40), nullable=False, default="", server_default=""),
    Column("case_line", String(20), nullable=False, default="", server_default=""),
    Column("chose_language", String(10), nullable=False, default="", server_default=""),
    Column("chose_concern", String(40), nullable=False, default="", server_default=""),
    Index("visit_by_arrival", "arrived_at"),
    Index("visit_by_case", "case"),
    Index("visit_by_token", "token"),
)
announcements = Table(
    "announcement",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("sentence", String(40), nullable=False),
)
overflows = Table(
    "overflow",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("rule", String(40), nullable=False),
    Column("then", String(20), nullable=False),
)
told_waits = Table(
    "told_wait",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("language", String(10), nullable=False),
    Column("told_at", Moment, nullable=False, index=True),
    Column("low_ms", BigInteger, nullable=False),
    Column("high_ms", BigInteger),
    Column("spoken", Boolean, nullable=False),
    Column("waited_ms", BigInteger, nullable=False),
    Column("came", String(10), nullable=False),
)
emergencies = Table(
    "emergency_announcement",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("sounds", Text, nullable=False),
    Column("ends_calls", Boolean, nullable=False),
)
announcement_texts = Table(
    "announcement_text",
    RECORDS,
    Column("sound", String(80), primary_key=True),
    Column("text", Text, nullable=False),
)
offers = Table(
    "offer",
    RECORDS,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("agent", String(40), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("rang_at", Moment),
    Column("ended_at", Moment),
    Column("outcome", String(20), nullable=False, default=""),
    Column("cause", Integer, nullable=False, default=0),
    Column("step", Integer, nullable=False),
    Column("language", String(10), nullable=False),
    Column("language_level", Integer, nullable=False),
    Column("concern_level", Integer, nullable=False),
    Column("candidates", Integer, nullable=False),
    Column("interpreter", String(10), nullable=False, default="", server_default=""),
    Column("decided_by", String(30), nullable=False, default="", server_default=""),
    Column("lost", Text, nullable=False, default="[]", server_default="[]"),
    Index("offer_by_agent", "agent", "made_at"),
)
handlings = Table(
    "handling",
    RECORDS,
    Column("visit", BigInteger, primary_key=True, autoincrement=False),
    Column("agent", String(40), primary_key=True),
    Column("began_at", Moment, primary_key=True),
    Column("offer", BigInteger, nullable=False),
    Column("ended_at", Moment),
    Column("wrapped_at", Moment),
    Column("outcome", String(40), nullable=False, default="", server_default=""),
    Column("note", String(40), nullable=False, default="", server_default=""),
    Column("case", String(40), nullable=False, default="", server_default=""),
    Index("handling_by_agent", "agent", "began_at"),
)
handovers = Table(
    "handover",
    RECORDS,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("agent", String(40), nullable=False),
    Column("to_agent", String(40), nullable=False),
    Column("note", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("done_by", String(40), nullable=False, default="", server_default=""),
)
threats = Table(
    "threat",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("agent", String(40), nullable=False),
    Column("note", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("blocked_until", Moment),
    Column("seen_at", Moment),
    Column("unblocked_at", Moment),
)
callback_attempts = Table(
    "callback_attempt",
    RECORDS,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("agent", String(40), nullable=False),
    Column("dialled_at", Moment, nullable=False),
    Column("status", String(20), nullable=False, default="", server_default=""),
    Column("again_at", Moment),
)
"""Every time that somebody was called back. id: the offer. status: how it ended where nobody was there. A
call that did not get out is no attempt: its attempt is 0, its status NOT_OUT and the provider's last SIP
word, 0 for none."""
staff_intervals = Table(
    "staff_interval",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("agent", String(40), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("reason", String(80), nullable=False),
    Column("from_at", Moment, nullable=False),
    Column("to_at", Moment),
)
incidents = Table(
    "incident",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("detail", Text, nullable=False),
)
recordings = Table(
    "recording",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("visit", BigInteger, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("step", Integer, nullable=False),
    Column("what", String(20), nullable=False),
    Column("by", String(20), nullable=False),
)
shadow_differences = Table(
    "shadow_difference",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("live", Text, nullable=False),
    Column("shadow", Text, nullable=False),
)
case_files = Table(
    "case_file",
    RECORDS,
    Column("reference", String(40), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("concern", String(40), nullable=False),
    Column("state", String(40), nullable=False),
    Column("outcomes", String(400), nullable=False),
    Column("link", String(400), nullable=False),
)
case_callers = Table(
    "case_caller",
    RECORDS,
    Column("token", String(32), primary_key=True),
    Column("reference", String(40), nullable=False, index=True),
)
case_pins = Table(
    "case_pin",
    RECORDS,
    Column("reference", String(40), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
"""digest: of reference and PIN, keyed with what lies outside the store."""
case_failures = Table(
    "case_failure",
    RECORDS,
    Column("reference", String(40), primary_key=True),
    Column("day", Integer, nullable=False),
    Column("times", Integer, nullable=False),
)
"""Of known cases; ALL: over all, NONE: of those that nobody knows, whose numbers stand nowhere."""
history_cells = Table(
    "history_cell",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("language", String(10), nullable=False),
    Column("concern", String(40), nullable=False),
    Column("classes", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("served_by", String(20), nullable=False),
    UniqueConstraint(
        "language", "concern", "classes", "kind", "outcome", "served_by", name="history_cell_is_one"
    ),
)
"""What visits are counted by (acd.history.sums.Cell)."""
history_counts = Table(
    "history_count",
    RECORDS,
    Column("quarter", Integer, primary_key=True, autoincrement=False),
    Column("cell", Integer, primary_key=True, autoincrement=False),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    sqlite_with_rowid=False,
)
"""What was counted in a quarter hour (of the epoch, UTC). It is kept when the rows it came from are not."""
history_floor = Table(
    "history_floor",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
)
"""The one line: visits that arrived before have been forgotten; since then all are there."""
history_waits = Table(
    "history_wait",
    RECORDS,
    Column("clock", String(20), primary_key=True),
    Column("quarter", Integer, primary_key=True, autoincrement=False),
    Column("cell", Integer, primary_key=True, autoincrement=False),
    Column("bin", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How often callers waited how long (acd.history.sums.bin_of)."""
position = Table(
    "recorder_position",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("term", Integer, nullable=False, default=0, server_default="0"),
)
set_aside = Table(
    "fact_set_aside",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("fact", Text, nullable=False),
    Column("why", String(300), nullable=False),
)
purges = Table(
    "purge",
    RECORDS,
    Column("day", Date, primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("days", Integer, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
)
"""What went because it was past its time: a line a day (the centre's) and kind (acd.retention)."""
staff = Table(
    "staff",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("roster", Text, nullable=False),
    Column("since", Moment),
)

accounts = Table(
    "account",
    RECORDS,
    Column("id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("roles", String(200), nullable=False),
    Column("agent", String(40), nullable=False),
    Column("source", String(10), nullable=False),
    Column("subject", String(300), unique=True),
    Column("password", String(200), nullable=False),
    Column("first_until_ms", BigInteger, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("totp", String(64), nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
recovery_codes = Table(
    "recovery_code",
    RECORDS,
    Column("digest", String(64), primary_key=True),
    Column("account", String(40), nullable=False, index=True),
)
sessions = Table(
    "session",
    RECORDS,
    Column("digest", String(64), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("account", String(40), nullable=False, index=True),
    Column("step", String(20), nullable=False),
    Column("factor", Boolean, nullable=False),
    Column("totp", String(64), nullable=False),
    Column("totp_ms", BigInteger, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("address", String(60), nullable=False),
    Column("browser", String(120), nullable=False),
    Column("csrf", String(64), nullable=False),
)
program_tokens = Table(
    "program_token",
    RECORDS,
    Column("name", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("roles", String(200), nullable=False),
    Column("actions", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("used_ms", BigInteger, nullable=False),
)
audit = Table(
    "audit",
    RECORDS,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("address", String(60), nullable=False),
)

texts = Table(
    "vault_text",
    VAULT,
    Column("ref", String(32), primary_key=True),
    Column("about", String(40), nullable=False, index=True),
    Column("by", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("forget_ms", BigInteger, nullable=False, index=True),
    Column("fields", Text, nullable=False),
)
numbers = Table(
    "vault_number",
    VAULT,
    Column("token", String(32), primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("forget_ms", BigInteger, nullable=False, index=True),
)
