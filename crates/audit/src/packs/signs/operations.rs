//! Operation: stops that always take the whole time, settings in logs, clients with defaults.

use super::{GO, JVM, ONE_FUNCTION, SCRIPT, Sign, inside, review};
use crate::model::facts::Topic;

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Topic::ShutdownContext,
        GO,
        r"\.Shutdown\((?:ctx|\w*[cC]tx)\)[\s\S]{0,600}?(?m)^\s*(?P<what><-\w*[cC]tx\.Done\(\))\s*$",
        ONE_FUNCTION,
        "",
        "after the drain `{}` waits for the whole time limit, also without open requests",
    ),
    review(
        Topic::UncheckedSecret,
        GO,
        r#"`(?P<what>env:"\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|SECRET_KEY|PRIVATE_KEY)")(?:\s+envDefault:"")?`"#,
        "",
        "the service starts without the secret of `{}`",
    ),
    review(
        Topic::SecretLogged,
        JVM,
        r"\blog\w*\.(?:info|debug|warn|error|trace)\([^;]*,\s*(?P<what>\w*(?:[pP]rops|[pP]roperties|[cC]onnectionFactory|[dD]ataSource))(?:\.toString\(\))?\s*\)",
        "",
        "a log record contains the settings `{}`, also their secrets",
    ),
    review(
        Topic::BodyLogged,
        JVM,
        r"\blog\w*\.(?:info|debug|warn|error)\([^;]*,\s*(?P<what>\w+\.toString\(\))\s*\)",
        r"(?i)exception\.toString|\be\.toString",
        "a log record contains all fields of `{}`",
    ),
    review(
        Topic::NumberRange,
        SCRIPT,
        r"\b(?P<what>price|amount|quantity|qty|total|stock)\s*:\s*z(?:\.coerce)?\s*\.(?:string|number)\((?:[^()]|\([^()]*\))*\)(?:\.(?:int|optional|nullable|default|finite|describe)\((?:[^()]|\([^()]*\))*\))*\s*[,\n}]",
        r"(?i)refine\(|transform\(",
        "the schema accepts a negative `{}`",
    ),
    review(
        Topic::Encryption,
        &[".yml", ".yaml", ".properties"],
        r"(?P<what>jdbc:(?:postgresql|mysql|mariadb|sqlserver)://(?:[a-km-z]|l[a-np-z])[\w.-]*)",
        r"(?i)ssl|encrypt=|verify-full",
        "the connection of `{}` does not require TLS",
    ),
    inside(
        Topic::Prefetch,
        GO,
        r"(?P<what>\brabbitmq\.NewConsumer)\(",
        r"\bfunc\b",
        r"QOSPrefetch|Prefetch",
        "the broker sends any number of messages at once to the consumer of `{}`",
    ),
    inside(
        Topic::PublisherConfirm,
        GO,
        r"(?P<what>\brabbitmq\.NewPublisher)\(",
        r"\bfunc\b",
        r"(?i)confirm|NotifyPublish",
        "no code waits until the broker confirms the messages of `{}`",
    ),
    review(
        Topic::OwnRecord,
        GO,
        r#"(?P<what>\.(?:GET|Get)\(\s*"[^"\n]*[:{](?:owner|user|customer|account|member)[-_]?(?:id|Id|ID)\}?[^"\n]*")\s*,\s*\w+(?:\.\w+)*\s*\)"#,
        "",
        "every caller reads the records of a user by the ID in `{}`",
    ),
];
