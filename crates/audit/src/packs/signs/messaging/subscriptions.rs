//! Subscriptions: streams that end, and messages that a broker loses or redelivers without a limit.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;
use crate::packs::signs::body::line;

const NOT_KEPT: &str =
    "`{}` receives no message that Redis publishes while the service is not connected";
const EXCLUSIVE: &str = "an exclusive queue with the name `{}` is deleted with its connection, so messages are lost while the service is down";
const ENDLESS: &str =
    "`{}` puts every failed message back at once, so a message that always fails repeats endlessly";
const COUNTED: &str = r"(?i)x-death|delivery.?count|retry.?count|attempt|redelivered|max_?retr";

const fn not_kept(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::Acknowledgement,
        files,
        pattern,
        r"(?i)invalidat",
        NOT_KEPT,
    )
}

const fn exclusive(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::Acknowledgement,
        files,
        pattern,
        r"(?i)reply_?to|correlation|\brpc\b",
        EXCLUSIVE,
    )
}

const fn endless(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::Redelivery, files, pattern, COUNTED, ENDLESS)
}

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Reconnect,
        &[".rs"],
        concat!(
            r"(?:on_message\(\)|basic_consume\(|\.subscribe\()[^\n]*",
            line!(),
            r"{1,45}?\n\s*(?P<what>None)\s*=>\s*\{\s*(?:(?:tracing|log)::)?(?:warn|error|info|debug)!\([^;]*\);\s*break;?\s*\}"
        ),
        "",
        "the consumer ends at `{}`, when the connection is lost",
    ),
    not_kept(
        &[".rs"],
        r"(?P<what>\b\w*(?i:pubsub|pub_sub)\w*\.p?subscribe)\(",
    ),
    not_kept(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?:rdb|\w*[rR]edis\w*)\.P?Subscribe)\(",
    ),
    not_kept(PYTHON, r"(?P<what>\b(?:\w+\.)*\w*pubsub\w*\.p?subscribe)\("),
    not_kept(
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*(?:[rR]edis|[sS]ubscriber)\w*\.p?[sS]ubscribe)\(\s*['\x22`]",
    ),
    not_kept(JVM, r"(?P<what>\bRedisMessageListenerContainer)\s*\("),
    exclusive(
        PYTHON,
        r"(?:queue_declare|declare_queue)\(\s*(?:queue=|name=)?(?P<what>\x22{2}|'{2})\s*,[^)]*exclusive=True",
    ),
    exclusive(
        SCRIPT,
        r"assertQueue\(\s*(?P<what>\x22{2}|'{2})\s*,\s*\{[^}]*exclusive:\s*true",
    ),
    exclusive(GO, r"\.QueueDeclare\(\s*(?P<what>\x22{2})\s*,"),
    endless(
        &[".cs"],
        r"(?P<what>\bBasic(?:Nack|Reject)(?:Async)?)\([^;]*,\s*(?:requeue:\s*)?true\s*[,)]",
    ),
    endless(
        GO,
        r"(?P<what>\.(?:Nack\(\s*(?:true|false)\s*,\s*true|Reject\(\s*true))\s*\)",
    ),
    endless(
        PYTHON,
        r"(?P<what>\bbasic_(?:nack|reject))\([^)]*requeue=True",
    ),
    endless(
        SCRIPT,
        r"(?P<what>\.nack)\(\s*\w+\s*(?:,\s*(?:true|false)\s*,\s*true\s*)?\)",
    ),
    endless(
        &[".rs"],
        r"(?P<what>\bBasicNackOptions)\s*\{[^}]*requeue:\s*true",
    ),
    Sign {
        elsewhere: r"\bBasicQos(?:Async)?\b|PrefetchCount",
        ..review(
            Practice::Prefetch,
            &[".cs"],
            r"(?P<what>\bBasicConsume(?:Async)?)\(",
            "BasicQos",
            "no `BasicQos` bounds the messages that `{}` receives before an acknowledgement",
        )
    },
    review(
        Practice::RequestContext,
        &[".cs"],
        r"(?P<what>\bReceived(?:Async)?\s*\+=\s*async)\s*\(\s*\w+\s*,\s*\w+\s*\)\s*=>",
        r"(?i)(?:stopping|cancellation)_?token\b",
        "the handler of `{}` does not receive the token that stops the service",
    ),
    review(
        Practice::Cleanup,
        &[".cs"],
        r"(?s)\bBasicConsume(?:Async)?\(.*?(?P<what>override (?:async )?(?:Task StopAsync|void Dispose))\(",
        r"BasicCancel",
        "`{}…)` closes the channel of handlers that still run, because nothing cancels the consumer",
    ),
];
