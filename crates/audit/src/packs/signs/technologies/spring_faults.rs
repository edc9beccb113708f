//! Spring: exceptions without a status, and brokers with their defaults.

use super::{JVM, Sign, inside, review};
use crate::model::facts::Practice;

/// Code that maps exceptions to statuses.
const MAPPED: &str = r"ControllerAdvice|@ExceptionHandler|@ResponseStatus\([^)\n]*(?:NOT_FOUND|BAD_REQUEST|CONFLICT|UNPROCESSABLE|FORBIDDEN|UNAUTHORIZED|code\s*=)|ErrorDecoder|ExceptionMapper|StatusPages";

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: MAPPED,
        ..review(
            Practice::ErrorResponse,
            JVM,
            r#"(?P<what>throw new \w*Exception)\(\s*"[^"\n]*(?i:not found|already|invalid|not in |insufficient|not enough|not allowed|does not exist|doesn't exist|cannot|unknown)[^"\n]*""#,
            r"ResponseStatusException|@(?:Kafka|Rabbit|Sqs|Jms)Listener|@Configuration|class \w*Config\b",
            "no code maps `{}` to a status, so an error of the caller becomes a 500",
        )
        .guess()
    },
    Sign {
        elsewhere: r"setConfirmCallback|publisher-confirm|publisherConfirm|CorrelationData|setReturnsCallback",
        ..review(
            Practice::PublisherConfirm,
            JVM,
            r"(?P<what>\bnew RabbitTemplate\(|\b\w*(?i:rabbit|amqp)\w*Template\.(?:convertAndSend|send)\()",
            "",
            "no code waits until the broker confirms the message of `{}`",
        )
    },
    Sign {
        elsewhere: r"(?i)dead_?-?letter|\bdlq\b|\bdlx\b|x-dead|RepublishMessageRecoverer",
        ..review(
            Practice::DroppedMessage,
            JVM,
            r"(?P<what>\breturn new Queue\()",
            "",
            "the queue of `{}` has no dead-letter exchange, so a failed message blocks it or is lost",
        )
    },
    inside(
        Practice::OpenStore,
        JVM,
        r"(?P<what>\bnew (?:Caching)?ConnectionFactory\([^)\n]*\))",
        r"\.setHost\(",
        r"setUsername|setUri|setPassword|setSaslConfig",
        "`{}` uses the default account of the broker",
    ),
    inside(
        Practice::UnboundedList,
        JVM,
        r"(?m)^\s*(?:List|Set|Collection|Iterable|Flux)<[^;\n]*>\s+(?P<what>find(?:All)?By\w+)\((?:[^)P\n]|P[^a\n])*\);",
        r"\binterface \w+\s+extends \w*Repository<",
        "",
        "`{}` returns every matching record",
    ),
];
