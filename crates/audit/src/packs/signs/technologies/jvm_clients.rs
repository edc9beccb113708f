//! Clients of the JVM without a framework: Kafka, HTTP, and JPA.

use super::{JVM, Sign, review};
use crate::model::facts::Practice;

/// Files that execute the operations of requests.
const WORK: &[&str] = &["service.java", "serviceimpl.java", "usecase.java"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Cleanup,
        JVM,
        r"(?P<what>\bnew KafkaProducer<[^>]*>)\(",
        r"\.close\(|\.flush\(|@PreDestroy|destroyMethod|@Bean",
        "no code flushes or closes `{}`, so a stop loses its buffered records",
    ),
    review(
        Practice::Acknowledgement,
        JVM,
        r"(?P<what>\x22group\.id\x22|\bGROUP_ID_CONFIG)[\s\S]{0,900}?\bnew KafkaConsumer<",
        r"enable\.auto\.commit|ENABLE_AUTO_COMMIT|commitSync|commitAsync",
        "the consumer of `{}` commits automatically, also for records that failed",
    ),
    review(
        Practice::WorkerCheck,
        JVM,
        r"\bnew KafkaConsumer<[\s\S]*?(?P<what>\b\w*[tT]hread\w*\.start\(\))",
        r"HealthIndicator|HealthContributor",
        "the service stays healthy after the thread of `{}` ended",
    ),
    review(
        Practice::OutboundTimeout,
        JVM,
        r"(?P<what>\bHttpClient\.newBuilder\(\)(?:\s*\.(?:version|followRedirects|executor)\([^)]*\))*\s*\.build\(\))",
        r"connectTimeout|\.timeout\(",
        "`{}` has no timeout",
    ),
    review(
        Practice::UnboundedBody,
        JVM,
        r"(?P<what>\bBodyHandlers\.of(?:String|ByteArray))\(",
        "",
        "`{}` reads a response of any size into memory",
    ),
    review(
        Practice::IgnoredError,
        JVM,
        r"(?P<what>\b\w*(?:[hH]ttp\w*|[cC]lient)\.\w+\([^;]*\)\s*(?:\.(?:join|get)\(\))?\.body\(\))",
        r"statusCode\(",
        "the status of the response is not read, so an error page is parsed as data",
    ),
    review(
        Practice::UnsafeInput,
        JVM,
        r"(?P<what>\bString\.join\(\s*\x22/\x22\s*,[^;)]*\b\w*(?:[iI]d|[nN]ame|[eE]mail))\s*\)",
        r"URLEncoder|UriComponentsBuilder|UriUtils",
        "`{}…)` puts a value into a path without encoding",
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"\w(?P<what>\.getReferenceById)\(",
        r"EntityNotFoundException|existsById",
        "`{}` fails only when the entity is read, so an unknown ID becomes a 500",
    ),
    review(
        Practice::ErrorResponse,
        WORK,
        r"\bif\s*\(\s*!\w+(?:\.\w+\(\))?(?:\s*\|\|\s*!\w+)*\s*\)\s*\{\s*(?P<what>return null);\s*\}",
        "",
        "`{}` hides a failure, so the caller reports success",
    ),
    review(
        Practice::MassAssignment,
        JVM,
        r"(?P<what>\.(?:isValid|verified|isVerified|role|roles|isAdmin|approved)\(\s*request\.\w+\(\))",
        r"@PreAuthorize|hasRole|hasAuthority",
        "`{}` takes a privileged value from the request",
    ),
];
