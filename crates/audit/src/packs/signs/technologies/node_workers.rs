//! Services of Node.js with a broker, a pool and mail: channels, workers, start and outgoing data.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ErrorListener,
        SCRIPT,
        r"\bamqp[\s\S]*?(?P<what>\.create(?:Confirm)?Channel)\(\)",
        r"[cC]hannel\w*\??\.(?:on|once)\(\s*['\x22]error|amqp-connection-manager",
        "an error of the channel of `{}()` has no listener and ends the process",
    ),
    review(
        Practice::Reconnect,
        SCRIPT,
        r"\bamqp[\s\S]*?\.on\(\s*['\x22](?P<what>close)['\x22]\s*,",
        r"(?i)setTimeout|reconnect|process\.exit|process\.kill|amqp-connection-manager",
        "the listener of `{}` opens no new connection, so consumers end for good",
    ),
    review(
        Practice::LazyStart,
        SCRIPT,
        r"(?P<what>\b\w+\.listen\()[^{};]*\basync\s*\(\w*\)\s*=>\s*\{[^}]*?await\s+[\w.]*(?i:connect|init|authenticate|sync)\w*\(",
        "",
        "`{}…)` accepts requests before its callback has connected",
    ),
    review(
        Practice::UnboundedBody,
        SCRIPT,
        r"\b(?:res|response|resp)\.on\(\s*['\x22]data['\x22]\s*,\s*\(?\w+\)?\s*=>\s*\(?[({]*\s*(?P<what>\w+\s*\+=\s*\w+|\w+\.push\(\w+\))",
        r"\.length\s*>|(?i)max_?(?:bytes|size|length)",
        "`{}` collects a response of any size",
    ),
    review(
        Practice::Encryption,
        SCRIPT,
        r"(?P<what>\bcreateTransport)\(\s*\{",
        r"\bsecure\s*[:,]|requireTLS|\bservice\s*:|\bSES\b|jsonTransport|streamTransport",
        "`{}` sends mail and password in clear if the server offers no TLS",
    ),
    review(
        Practice::OutboundTimeout,
        SCRIPT,
        r"['\x22]pg['\x22][\s\S]*?(?P<what>\bnew (?:\w+\.)?Pool\(\s*\{)",
        r"statement_timeout|query_timeout",
        "a query of `{}…` may run without end",
    ),
    review(
        Practice::DualWrite,
        SCRIPT,
        r"await\s+(?:this\.)?\w*(?i:service|repo|repository|model)\.(?:create|save|insert|register|update)\w*\([^;]*;\s*(?:[^;{}]*;\s*){0,2}?await\s+(?P<what>(?:this\.)?\w*(?i:queue|publisher|producer|broker|eventbus)\.(?:add|publish|send|emit|enqueue|produce)\w*)\(",
        r"(?i)outbox",
        "`{}` and the previous change are not atomic",
    ),
    review(
        Practice::Cleanup,
        SCRIPT,
        r"\.consume\([\s\S]*?(?P<what>\basync (?:stop|close|shutdown)\(\))\s*\{\s*this\.\w+\s*=\s*false;[^}]*\}",
        r"\.cancel\(",
        "`{}` sets a flag, and the consumer receives messages until the connection closes",
    ),
    review(
        Practice::FloatingPromise,
        SCRIPT,
        r"\.consume\(\s*[^,()]+,\s*async\s*\(?\w+\)?\s*=>\s*\{[^{}]*?(?P<what>await\s+[\w.]+)\(",
        r"unhandledRejection",
        "the callback of the consumer handles no rejection of `{}…)`",
    ),
    review(
        Practice::Idempotency,
        SCRIPT,
        r"await\s+[\w.]+\.(?:send(?:Mail|Email|Notification|Sms|Push)\w*|charge\w*)\([^;]*\);(?:[^;]*;){0,2}?[^;]*?await\s+(?P<what>[\w.]+\.(?:update\w*Status|mark\w*))\(",
        r"(?i)idempot|already_?(?:sent|processed|paid)|dedup",
        "if `{}` fails, the next attempt repeats the step before it",
    ),
    review(
        Practice::LiteralSetting,
        SCRIPT,
        r"(?P<what>\.prefetch\(\s*\d+\s*\))",
        "",
        "`{}` has a literal, which no setting replaces",
    ),
    review(
        Practice::SecretLogged,
        SCRIPT,
        r"(?:log\w*|console)\.\w+\([^;\n]*\b(?:url|uri|dsn)\s*:\s*(?P<what>[\w.]*(?i:rabbit\w*|redis|mongo\w*|database|db|amqp|postgres\w*)\.(?:url|uri|dsn))\b",
        r"(?i)redact|mask",
        "the log contains `{}`, and such a URL can contain a password",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"\breq\.body[\s\S]*?(?P<what>\b(?:validate|isValid|check)\w*(?i:url)\w*\(\s*(?:callback|webhook)\w*)",
        r"(?i)allow_?list|whitelist|isPrivate|ssrf|ipaddr",
        "`{}…)` checks the form of a URL of the caller, which may be an internal one",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"\b(?P<what>html)\s*:\s*`[^`$]*<\w[^`$]*\$\{\s*\w+(?:\.\w+)*\s*\}",
        r"(?i)escape|sanitize|he\.encode",
        "`{}` of a message contains text that is not escaped",
    ),
];
