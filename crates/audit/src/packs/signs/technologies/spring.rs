//! Spring: annotations and checks that have no effect, settings of the cloud, and web sockets.

use super::{JVM, Sign, inside, review};
use crate::model::facts::Practice;

const YAML: &[&str] = &[".yml", ".yaml"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::DeadResilience,
        JVM,
        r"(?P<what>@(?:CircuitBreaker|Retry|Retryable|TimeLimiter|Bulkhead|RateLimiter|Cacheable|CacheEvict|Transactional|Async))\b(?:\([^)\n]*\))?\s*(?:@\w+(?:\([^)\n]*\))?\s*)*private\b",
        "",
        "`{}` has no effect on a private method, because no proxy sees its call",
    ),
    inside(
        Practice::SharedState,
        JVM,
        r"(?P<what>\b[A-Z]\w*(?:<\w+>)? \w+ = (?:this\.)?(?:\w+\.)?(?:find|get|load|fetch)\w*\([^;\n]*\)[^;\n]*);[^}]*?\bif \(\s*!?\w+\.(?:get|has|is)\w*(?:Quantity|Stock|Balance|Amount|Count|Available|Seats|Inventory|Status|State)\w*\(\)[\s\S]*?\.set[A-Z]\w*\(",
        r"\b(?:void|public|private|protected|fun|override)\b",
        r"(?i)@Lock|@Version|pessimistic|for update|synchronized|\block\b",
        "`{}` decides about a change, and another request may change the record in between",
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"\bcatch\s*\(\s*(?:final )?(?:Exception|RuntimeException|Throwable)\s+\w+\s*\)\s*\{[^{}]*?(?P<what>throw new \w+\([^;{}]*(?:BAD_REQUEST|NOT_FOUND|UNAUTHORIZED|CONFLICT|\b40[0-9]\b))",
        "",
        "every failure, also one of the database, becomes a mistake of the caller (`{}`)",
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"\bimplements ErrorDecoder\b[\s\S]*?(?P<what>new \w+\([^;]*\bresponse\.status\(\))",
        "",
        "the status of another service becomes the own status, also its 401 and 500 (`{}`)",
    ),
    review(
        Practice::UncheckedValue,
        JVM,
        r"(?P<what>\b\w*[rR]equest(?:\.get\w+\(\)|\.\w+\(\))\.(?:name|toString|trim|toLowerCase|toUpperCase|length|intValue|longValue|compareTo)\()",
        r"@NotNull|@NotBlank|Objects\.requireNonNull|Optional\.ofNullable",
        "`{}` fails for a request without the field",
    ),
    Sign {
        elsewhere: r"enableStompBrokerRelay",
        ..review(
            Practice::MemoryState,
            JVM,
            r"(?P<what>\benableSimpleBroker)\(",
            "",
            "each replica has its own broker (`{}`), so messages reach its own clients only",
        )
    },
    Sign {
        elsewhere: r"ChannelInterceptor|EnableWebSocketSecurity|AbstractSecurityWebSocket|HandshakeInterceptor|simpDestMatchers",
        ..review(
            Practice::CallerIdentity,
            JVM,
            r"\bregisterStompEndpoints\b[\s\S]*?(?P<what>\.addEndpoint)\(",
            "",
            "no code checks who opens a web socket (`{}`)",
        )
    },
    Sign {
        elsewhere: r"starter-security|SecurityFilterChain|spring\.security",
        ..review(
            Practice::Management,
            JVM,
            r"(?P<what>@EnableConfigServer|@EnableAdminServer)\b",
            "",
            "`{}` serves the settings and secrets of all services without authentication",
        )
    },
    review(
        Practice::ConnectRetry,
        YAML,
        r#"(?m)^\s*(?:-\s*)?(?:import:\s*)?["']?(?P<what>configserver:)"#,
        r"(?i)retry:|fail-fast",
        "the service does not start without the server of settings (`{}` is neither optional nor retried)",
    ),
    review(
        Practice::LocalAddress,
        JVM,
        r#"(?P<what>\.(?:uri|baseUrl|rootUri|create|target|getForObject|postForObject|exchange)\(\s*"https?://(?:localhost|127\.0\.0\.1)[^"\n]*")"#,
        "",
        "the address of another service is a literal of this host (`{}`)",
    ),
];
