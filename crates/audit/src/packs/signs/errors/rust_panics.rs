//! Panics and starts of Rust programs.

use super::{Sign, review};
use crate::model::facts::Practice;
use crate::packs::signs::body::{indented, line};

const RUST: &[&str] = &[".rs"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ExitOutsideMain,
        RUST,
        r#"(?P<what>\.expect)\(\s*"[^"\n]*(?i:\brequired\b|must be set|failed to (?:read|load|parse|build|initiali[sz]e|connect|create|open|bind)|invalid (?:\w+ )?(?:key|secret|url|address|config\w*|port|certificate))[^"\n]*"\s*,?\s*\)"#,
        "",
        "a failure at the start is a panic instead of an error with its cause",
    ),
    review(
        Practice::ExitOutsideMain,
        RUST,
        r#"unwrap_or_else\(\s*\|\w*\|\s*\{?\s*(?P<what>panic!)\("#,
        "",
        "a failure is a panic instead of an error with its cause",
    ),
    review(
        Practice::UncheckedLookup,
        RUST,
        r"(?P<what>\bself\.\w+\.get(?:_mut)?\(&?[\w.]+\)\s*\.(?:unwrap|expect))\(",
        r"(?i)safety|invariant",
        "`{}` panics if another request removes the entry",
    ),
    review(
        Practice::OutboundTimeout,
        RUST,
        r"(?P<what>\bget_(?:multiplexed_(?:tokio_|async_std_)?connection|multiplexed_async_connection|async_connection|async_pubsub)\(\))",
        r"(?i)timeout",
        "neither the connection of `{}` nor its commands have a timeout",
    ),
    review(
        Practice::LazyStart,
        RUST,
        concat!(
            r"(?P<what>\bClient::open)\([^;\n]*\)[^\n]*",
            line!(),
            r"{1,10}?[^\n]*(?:(?:RwLock|Mutex)::new\(None\)|OnceCell::new\(\))"
        ),
        "",
        "`{}` parses the URL only, so the first request connects",
    ),
    review(
        Practice::ConnectRetry,
        RUST,
        r"(?P<what>\bRwLock<Option<(?:redis::aio::)?MultiplexedConnection>>|\bMutex<Option<(?:redis::aio::)?MultiplexedConnection>>)",
        r"ConnectionManager",
        "a `MultiplexedConnection` does not reconnect, so every command fails after the connection is lost",
    ),
    review(
        Practice::MemoryState,
        RUST,
        r"pub struct \w*(?:Store|Repository|Storage)\s*\{\s*(?:///[^\n]*\s*)*(?:pub )?(?P<what>\w+:\s*(?:Arc<)?(?:DashMap|(?:RwLock|Mutex|tokio::sync::\w+)<(?:std::collections::)?(?:Hash|BTree)Map))<",
        r"struct \w*(?:Memory|Cache|Mock|Fake|Local)",
        "`{}<…>` keeps data in the process, so a restart deletes it and replicas differ",
    ),
    review(
        Practice::HealthResult,
        RUST,
        r"\bfn \w*(?:health|ready|readiness)\w*\([^{]*\)\s*->\s*(?P<what>impl IntoResponse|(?:axum::)?Json<\w+>)\s*\{",
        r"StatusCode::|SERVICE_UNAVAILABLE|\b503\b|is_constant",
        "the response `{}` has the status 200 in every state",
    ),
    review(
        Practice::HealthResult,
        &["health.rs", "healthz.rs", "readiness.rs", "health_check.rs"],
        r#"(?P<what>\bstatus:\s*"(?i:connected|up|ok|healthy)"\s*\.(?:to_string|into|to_owned)\(\))"#,
        "",
        "`{}` is constant",
    ),
    review(
        Practice::UnboundedList,
        RUST,
        r#"(?P<what>\.scan_(?:keys|match)(?:::<[^(\n]*>)?|\bcmd\(\s*"(?:SCAN|KEYS)"\s*\))"#,
        "",
        "`{}` reads every key that matches",
    ),
    review(
        Practice::ShutdownContext,
        RUST,
        r"axum::serve\([\s\S]{0,400}?(?P<what>\.with_graceful_shutdown)\(",
        r"timeout\(\s*[^,;]*,\s*(?:axum::serve|server|serve)",
        "`{}` waits for open streams and slow requests without a limit",
    ),
    review(
        Practice::Leak,
        RUST,
        concat!(
            r"let \((?:mut )?\w+, (?:mut )?\w+\) = (?:\w+::)*channel(?:::<[^;\n]*>)?\([^\n]*",
            indented!(),
            r"{1,120}?\n\s*(?:for|while) [^\n]*\{",
            indented!(),
            r"{1,8}?[^\n]*(?P<what>\.send\(\w+\)\.await)[^\n]*",
            indented!(),
            r"{1,80}?[^\n]*(?:\.recv\(\)\.await|ReceiverStream::new\()"
        ),
        r"unbounded_channel|\.try_send\(",
        "`{}` waits forever if the channel is full, because its receiver starts later",
    ),
    review(
        Practice::QueryPerRow,
        RUST,
        concat!(
            r"\bfor \w+ in &?(?:\w+\.)*\w*keys\w*(?:\.iter\(\))? \{",
            line!(),
            r"{1,6}?[^\n]*(?P<what>\.(?:get|hgetall|hget))\("
        ),
        r"\.mget\(|pipe\(\)",
        "`{}` runs once for each element of a list",
    ),
    review(
        Practice::DroppedMessage,
        RUST,
        concat!(
            r"match [^\n]*\.(?:enqueue|publish|produce|send_to_queue)\w*\([^\n]*\.await \{",
            line!(),
            r"{1,24}?\n\s*Err\(\w+\)\s*=>\s*\{\s*(?P<what>(?:tracing::|log::)?(?:warn|error)!)\((?:[^;{}]|\{\w*\})*\);\s*\}"
        ),
        "",
        "the failure is only logged with `{}`, so the message is lost and the caller gets success",
    ),
    review(
        Practice::IgnoredError,
        RUST,
        r"\bif [^\n{]*(?P<what>\.(?:enqueue|publish|produce)\w*\([^\n]*\)\.await\.is_ok\(\)) \{",
        "",
        "no code logs or returns the error of `{}`",
    ),
    review(
        Practice::LimiterKey,
        RUST,
        r"\.layer\([^\n]*\b\w*auth\w*\b[^\n]*\)\s*\n\s*(?P<what>\.layer)\([^\n]*(?i:rate_?limit|governor)",
        "",
        "layers run from the last to the first, so the limiter counts callers before they are authenticated",
    ),
    review(
        Practice::CallerIdentity,
        RUST,
        r#"(?P<what>\.get\(\s*"(?i:x-tenant-id|x-user-id|x-user|x-account-id|x-org-id|x-organization-id|x-role|x-user-role)"\s*\))"#,
        "",
        "the identity comes from a header of the caller (`{}`)",
    ),
    review(
        Practice::Ownership,
        RUST,
        r"(?P<what>\.subscribe(?:_to_channel|_to)?\(\s*[\w.]+\s*,\s*&?\w*(?:channel|topic|room|namespaced)\w*)\s*\)",
        r"(?i)permission|\bauthori[sz]e\w*\(|can_subscribe|is_allowed|\bacl\b|is_member",
        "`{}` subscribes a client to a channel of its choice",
    ),
    review(
        Practice::Ownership,
        &[".ts", ".js"],
        r"\.on\(\s*['\x22`](?:join|subscribe)[\w:-]*['\x22`][\s\S]{0,200}?(?P<what>socket\.join)\(\s*\w+(?:\.\w+)?\s*\)",
        r"(?i)member|canJoin|authori[sz]|permission|allowed",
        "`{}` adds a client to a room of its choice",
    ),
    review(
        Practice::BodyLogged,
        RUST,
        r"\b(?:trace|debug|info|warn|error)!\((?:[^;()]|\([^()]*\))*?(?P<what>\b(?:payload|body|request_body|raw_message|message_body)\s*=\s*[%?]\w+)",
        "",
        "`{}` logs the whole message",
    ),
    review(
        Practice::SecretLogged,
        RUST,
        r"\b(?:trace|debug|info|warn|error)!\((?:[^;()]|\([^()]*\))*?(?P<what>\b(?:api_key|token|access_token|secret|password|authorization)\s*=\s*[%?]\w+)",
        "",
        "`{}` logs a credential",
    ),
];
