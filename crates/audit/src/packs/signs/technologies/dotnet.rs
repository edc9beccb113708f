//! Services of .NET, and consumers in Python.

use super::{PYTHON, Sign, review};
use crate::model::facts::Practice;

const DEAD_LETTER: &str = r"(?i)dead_?-?letter|\bdlq\b|\bdlx\b|poison|retry_?topic|x-dead";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ConnectRetry,
        &[".cs"],
        r"(?P<what>\.Use(?:Npgsql|SqlServer|MySql)\()",
        r"EnableRetryOnFailure|ExecutionStrategy",
        "`{}…)` sets no retry, so a short failure of the database fails the request",
    ),
    Sign {
        elsewhere: r"AddPolicyHandler|AddStandardResilienceHandler|AddTransientHttpErrorPolicy|AddResilienceHandler|Polly",
        ..review(
            Practice::RetryDelay,
            &[".cs"],
            r"(?P<what>\.AddHttpClient(?:<[^>]*>)?)\(",
            r"AddPolicyHandler|AddStandardResilienceHandler|AddTransientHttpErrorPolicy|AddResilienceHandler|Polly",
            "the client of `{}` has neither a retry with backoff nor a circuit breaker",
        )
    },
    review(
        Practice::SharedState,
        &[".cs"],
        r"(?s)(?P<what>private (?:readonly )?(?:IChannel|IModel) _?\w+;).*?\bBasicPublish(?:Async)?\(",
        r"\block\s*\(|SemaphoreSlim|ObjectPool|ThreadLocal",
        "parallel requests publish on one channel (`{}`), and a channel is not safe for that",
    ),
    review(
        Practice::DualWrite,
        &[".cs"],
        r"await (?:\w+\.)*_?\w*(?:[rR]epository\w*\.(?:Insert|Add|Create|Update|Save|Delete|Remove)\w*|\w+\.SaveChangesAsync|SaveChangesAsync)\((?:[^;]*;){1,6}?\s*await (?P<what>_?\w*(?i:mediator|publisher|bus|publishendpoint|producer)\w*\.(?:Publish|Send|Produce)\w*)\(",
        r"(?i)outbox|INotificationHandler",
        "`{}` sends a message after the change and outside of its transaction",
    ),
    review(
        Practice::SharedState,
        &[".cs"],
        r"(?P<what>\b\w+\.(?:Stock|Quantity|Balance|Inventory|Points|Credits)\w*\s*[-+]=)[\s\S]{0,600}?(?:SaveChanges|UpdateAsync|Update)\w*\(",
        r"RowVersion|ConcurrencyCheck|IsConcurrencyToken|\block\s*\(|FOR UPDATE|Serializable",
        "`{}` is read, changed and written back, so a parallel change is lost",
    ),
    Sign {
        elsewhere: DEAD_LETTER,
        ..review(
            Practice::DroppedMessage,
            &[".cs"],
            r"(?P<what>\bQueueDeclare(?:Async)?)\(",
            "",
            "the queue of `{}` has no dead-letter exchange",
        )
    },
    review(
        Practice::DroppedMessage,
        &[
            "handler.cs",
            "consumer.cs",
            "processor.cs",
            "listener.cs",
            "worker.cs",
            "processingservice.cs",
            "consumerservice.cs",
        ],
        r"(?P<what>\bcatch)\s*(?:\(Exception\s*\w*\))?\s*\{\s*(?:this\.)?_?\w*[lL]og\w*\.Log(?:Error|Warning|Critical)\([^;]*\);\s*\}",
        r"(?i)nack|reject|dead_?letter",
        "the handler logs the failure and reports the message as processed",
    ),
    review(
        Practice::SecretLogged,
        &[".cs"],
        r"(?s)\.Headers\b[^}]*?\bLog(?:Trace|Debug|Information|Warning|Error)\([^;]*?(?P<what>\b[rR]equestHeaders)\b",
        r"(?i)redact|\bexcept\(|sanitiz",
        "`{}` are logged with the bearer token",
    ),
    Sign {
        elsewhere: r"\b(?:Add|Map|Use)HealthChecks?\b",
        ..review(
            Practice::WorkerCheck,
            &["program.cs"],
            r"(?P<what>\bHost\.Create(?:Default|Application)Builder)\(",
            r"HealthCheck|MapHealth|ConfigureWebHostDefaults|UseStartup",
            "the worker of `{}` has no health check",
        )
    },
    review(
        Practice::DroppedMessage,
        PYTHON,
        r"\.(?:basic_publish|publish|send|send_and_wait|produce)\((?:[^()]|\([^()]*\))*\)\s*\n\s*(?P<what>except)\b[^\n]*:\s*\n(?:\s*#[^\n]*\n)*\s*pass\b",
        "",
        "the message is lost, and the caller gets success",
    ),
    review(
        Practice::Idempotency,
        PYTHON,
        r"def \w+\(\s*(?:self,\s*)?\w*ch\w*,\s*\w*method\w*,\s*\w*prop\w*,\s*body[^)]*\)[^\n]*:(?:\n[^\n]*){1,25}?(?P<what>\b(?:\w+\.)*(?:create|insert|update|add)_\w+)\(",
        r"(?i)idempot|processed|dedup|inbox|message_?id|on_conflict|already_",
        "a message that the broker delivers twice runs `{}` twice",
    ),
    review(
        Practice::InternalError,
        PYTHON,
        r"\braise \w+(?:Error|Exception)\((?:[^()]|\([^()]*\))*?(?P<what>\bstr\((?:e|ex|err|exc|error|sqlae|ite|sql_?err\w*)\))",
        "",
        "the raised error contains the text of the inner error (`{}`)",
    ),
    review(
        Practice::SharedState,
        PYTHON,
        r"async def __aenter__\(self\)[^\n]*:\s*\n\s+(?P<what>self\.\w*session)\s*=\s*self\.\w+\(\)",
        r"ContextVar|contextvars|async_scoped_session",
        "requests that share the object replace each other's session (`{}`)",
    ),
    review(
        Practice::SharedState,
        PYTHON,
        r"(?P<what>\b\w+\.(?:balance|stock|quantity|inventory|points|credits)\s*[-+]=)[\s\S]{0,200}?\.commit\(",
        r"with_for_update|select_for_update|version_id_col|\bF\(|where\([^)]*version",
        "`{}` is read, changed and written back, so a parallel change is lost",
    ),
    review(
        Practice::UncheckedLookup,
        PYTHON,
        r"\n[ \t]+(?P<what>\w+) = await \w+(?:\.\w+)*\.get_by_\w+\([^\n]*\)\s*\n[ \t]+\w+(?:\.\w+)*\((?:user|account|record|item|order|entity|obj|row|result)\)",
        r"is None|if not ",
        "`{}` may be missing, and no code checks it",
    ),
    review(
        Practice::PoolBounds,
        PYTHON,
        r"(?P<what>\bcreate_async_engine)\(",
        r"pool_size|poolclass|pool_timeout|connect_args",
        "`{}` sets neither the size of the pool nor a timeout",
    ),
];
