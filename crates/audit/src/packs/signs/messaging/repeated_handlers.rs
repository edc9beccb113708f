//! Handlers of messages whose effect another function has, in services that recognize no repeated message.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const AGAIN: &str =
    "a message that the broker delivers twice runs `{}…)` twice, because no code recognizes it";
/// Code of a service that recognizes a message.
const ONCE: &str = r"(?i)idempot|processed_?(?:event|message|id)|already_?(?:processed|handled|exist)|dedup|\binbox|existsBy(?:Event|Message|Order|Transaction|Correlation)|on conflict|onConflict|insertIgnore|orIgnore|upsert|setIfAbsent|setnx|\bjobId\b";
const fn again(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: ONCE,
        ..review(Practice::Idempotency, files, pattern, ONCE, AGAIN)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    again(
        JVM,
        r"@(?:KafkaListener|RabbitListener|SqsListener|JmsListener|StreamListener)\([^{]*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?(?P<what>\b\w*(?i:service|sender|mailer|client|handler|usecase|repository)\w*\.(?i:send|notify|charge|pay|process|handle|create|add|save|reserve|increase|decrease|credit|debit|transfer)\w*)\(",
    ),
    again(
        SCRIPT,
        r"@(?:EventPattern|RabbitSubscribe|SqsMessageHandler|Process)\([^{]*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?(?P<what>\bthis\.\w*(?i:service|mailer|client|handler|queue|repo\w*)\.(?i:send|notify|charge|pay|process|handle|create|add|save|reserve|increase|decrease|credit|debit|transfer)\w*)\(",
    ),
    again(
        SCRIPT,
        r"@MessagePattern\([^{]*(?i:create|add|new|placed|send|pay)[^{]*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?(?P<what>\bthis\.\w*(?i:service|mailer|client|handler|usecase|repo\w*)\w*\.(?i:send|create|add|save|pay|charge|execute)\w*)\(",
    ),
    inside(
        Practice::Idempotency,
        PYTHON,
        r"(?P<what>\b(?:acks_late\s*=\s*True))",
        "",
        r"(?i)idempot|already|dedup|\block\b|get_or_create",
        "a worker that ends in a task runs it again (`{}`), and no code recognizes a finished task",
    ),
    inside(
        Practice::Idempotency,
        GO,
        r"(?m)^[ \t]*(?:if )?(?:\w+, )?(?:err :?= )?(?P<what>\w+(?:\.\w+)*\.(?:(?:Send|Notify|Charge|Pay|Create|Insert|Reserve|Credit|Debit|Process|Handle)\w*))\(",
        r"\b(?:ReadMessage|FetchMessage)\(|range \w*(?i:msgs|messages|deliveries)\b|ConsumeClaim\(",
        ONCE,
        AGAIN,
    ),
];
