//! Resources and writes: rows, clients and transactions that stay open, retries, lost updates.

use super::{Sign, review};
use crate::model::facts::Topic;

const SCRIPT: &[&str] = &[".ts", ".js", ".mjs"];
const OPEN: &str = "nothing in the file closes what `{}` opens";
const FIXED: &str = "the retries wait a fixed time, so all callers come back at once";
const LOST_UPDATE: &str = "a value is read, changed and written back, so a parallel change is lost";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Topic::Leak,
        &[".go"],
        r"\b\w+, err :?= (?P<what>\w+(?:\.\w+)*\.Query(?:Context|x)?)\([^)\n][^\n]*\)\s*\n\s*if err != nil",
        r"\.Close\(\)|CollectRows|sqlx\.Select",
        OPEN,
    ),
    review(
        Topic::Leak,
        &[".go"],
        r"resp\w*, err :?= (?P<what>\w+(?:\.\w+)*\.(?:Get|Do|Post|PostForm))\([^\n]*\)\s*\n\s*if err != nil",
        r"Body\.Close\(\)|resty|fasthttp",
        OPEN,
    ),
    review(
        Topic::Leak,
        &[".go"],
        r"\b\w+, err :?= (?P<what>\w+(?:\.\w+)*\.(?:Begin|BeginTx|Beginx))\(",
        r"Rollback",
        "an error after `{}` leaves the transaction and its connection open",
    ),
    review(
        Topic::Leak,
        SCRIPT,
        r"=\s*await\s+(?P<what>\w*[pP]ool\w*\.(?:connect|getConnection))\(\)",
        r"finally",
        "an error after `{}` never gives the connection back",
    ),
    review(
        Topic::Leak,
        SCRIPT,
        r"=\s*(?P<what>\w+(?:\.\w+)*\.createQueryRunner)\(\)",
        r"finally",
        "an error after `{}` never gives the connection back",
    ),
    review(
        Topic::PoolBounds,
        SCRIPT,
        r"(?P<what>new (?:pg\.)?Pool)\(",
        r"\bmax\s*:|connectionTimeoutMillis|statement_timeout",
        "the pool has the default of 10 connections and waits without an end",
    ),
    review(
        Topic::RetryDelay,
        &[".go"],
        r"for \w+ := (?:0|1|range \w+)[^\n]*\{(?:\s*\n[^\n]*){1,10}?\n\s*(?P<what>time\.Sleep)\(\s*(?:\d+\s*\*\s*)?time\.(?:Second|Millisecond|Minute)\s*(?:\*\s*\d+)?\)",
        r"(?i)backoff|jitter|<<|math\.Pow",
        FIXED,
    ),
    review(
        Topic::RetryDelay,
        SCRIPT,
        r"(?:for\s*\(|while\s*\()[^\n]*(?i:retr|attempt|tries|\bi\s*[<+])[^\n]*\{[\s\S]{0,400}?catch[\s\S]{0,200}?(?P<what>setTimeout\(\s*\w+\s*,\s*[\d_]+\s*\))",
        r"(?i)backoff|jitter|\*\*|Math\.pow",
        FIXED,
    ),
    review(
        Topic::IgnoredError,
        &[".go"],
        r"resp\w*, err :?= (?P<what>\w+(?:\.\w+)*\.(?:Get|Do|Post|PostForm))\([^\n]*\)\s*\n\s*if err != nil",
        r"StatusCode|\.Status\b|resty",
        "the status of the answer of `{}` is never read",
    ),
    review(
        Topic::IgnoredError,
        SCRIPT,
        r"=\s*await\s+(?P<what>fetch)\(",
        r"\.ok\b|\.status\b",
        "the status of the answer of `{}` is never read",
    ),
    review(
        Topic::IgnoredError,
        &[".go"],
        r"(?m)^\s*(?P<what>(?:rdb|redis\w*|cache|client|c|s\.\w*(?:redis|rdb|cache)\w*|r\.\w*(?:redis|rdb|cache)\w*)\.(?:Set|Del|HSet|Expire|Incr|LPush|RPush|Publish))\(\s*ctx\b[^\n]*\)\s*$",
        r"\.Err\(\)\s*\n",
        "the error of `{}` is dropped",
    ),
    review(
        Topic::IgnoredError,
        &[".go"],
        r"(?m)^\s*(?P<what>(?:\w+\.)*(?:db|DB|conn|tx|gorm|repo)\.(?:Create|Save|Delete|Update|Updates))\([^\n]*\)\s*$",
        "",
        "the error of `{}` is dropped",
    ),
    review(
        Topic::UnboundedList,
        &[".go"],
        r"(?P<what>\.Keys\(\s*(?:ctx|context\.\w+\(\)|c)\s*,)",
        "",
        "every key of the store is read",
    ),
    review(
        Topic::LookupBeforeInsert,
        SCRIPT,
        r"=\s*await\s+(?P<what>[A-Z]\w*\.(?:findOne|exists|findUnique|findFirst)|prisma\.\w+\.find(?:Unique|First))\([\s\S]{0,200}?(?i:already|exists?|taken|duplicate|conflict)[\s\S]{0,300}?\.create\(",
        r"(?i)11000|P2002|UniqueConstraint|ON CONFLICT|transaction",
        "`{}` decides whether the record may be created",
    ),
    review(
        Topic::LookupBeforeInsert,
        SCRIPT,
        r"SELECT[^`'\x22]*[\s\S]{0,300}?(?P<what>UPDATE\s+\w+\s+SET\s+(?P<column>\w+)\s*=\s*\$\d)[\s\S]{0,200}?rows\[0\]\.\w+\s*[-+]",
        r"(?i)FOR UPDATE|version\s*=",
        LOST_UPDATE,
    ),
    review(
        Topic::UncheckedLookup,
        SCRIPT,
        r"(?P<what>\brows\[0\]\.\w+)",
        r"rows\.length|rowCount|rows\[0\]\s*\?|!rows\[0\]|rows\[0\]\?\.|RETURNING",
        "`{}` fails if no row was found",
    ),
    review(
        Topic::LimiterFailure,
        &[".go"],
        r"func [^\n]*(?i:allow|limit|throttl|quota)\w*\([^\n]*\)\s*(?:bool|\(bool, error\))\s*\{(?:[^\n]|\n[^}])*?if err != nil \{\s*\n(?:[^\n}]*(?i:log|print)[^\n]*\n)?\s*return (?P<what>true)\b",
        "(?i)fails? ?-?open",
        "if the limiter fails, it allows the request",
    ),
    review(
        Topic::Blocking,
        SCRIPT,
        r"\.(?:get|post|put|delete)\(\s*['\x22`][^\n]*=>\s*\{?[\s\S]{0,200}?(?P<what>fs\.\w+Sync|bcrypt\.\w+Sync|crypto\.pbkdf2Sync)\(",
        "",
        "`{}` stops every other request of the process",
    ),
];
